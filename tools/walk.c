/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/walk.h"

#include "tools/interrupt.h"
#include "tools/plain.h"
#include "tools/progress.h"

typedef struct {
    GMainLoop *loop;
    Run *run;
    Progress progress;
} Walk;

static void on_progress(const Migration *m, gboolean phase_changed,
                        gpointer user_data)
{
    Walk *walk = user_data;
    progress_show(&walk->progress, m, phase_changed);
}

static void on_warning(const char *text, gpointer user_data)
{
    plain_print(stderr, "warning: %s\n", text);
    plain_flush(stderr);
}

static void on_done(Run *run, gpointer user_data)
{
    Walk *walk = user_data;
    g_main_loop_quit(walk->loop);
}

static void on_interrupt(gpointer user_data)
{
    Walk *walk = user_data;
    if (walk->run) {
        run_cancel(walk->run);
    }
}

/* A relative path is invalid, and ignored, by the XDG specification. */
static char *state_folder(void)
{
    const char *set = g_getenv("XDG_STATE_HOME");
    if (set && *set && !g_path_is_absolute(set)) {
        plain_print(stderr,
                    "warning: XDG_STATE_HOME is ignored: %s is not an absolute "
                    "path; using ~/.local/state\n",
                    set);
        return g_build_filename(g_get_home_dir(), ".local", "state", "qmigrate",
                                NULL);
    }
    return g_build_filename(g_get_user_state_dir(), "qmigrate", NULL);
}

Run *walk_run(const Settings *settings, QmpAddress *const address[N_SIDES],
              Trace *trace, const Forecast *forecast)
{
    g_autofree char *journal_folder = state_folder();
    static Walk walk; /* signals may come until the program ends */
    const RunConfig config = {
        .address = { address[SIDE_SOURCE], address[SIDE_DESTINATION] },
        .settings = &settings->migration,
        .trace = trace,
        .journal_folder = journal_folder,
    };
    const RunHandlers handlers = { .progress = on_progress,
                                   .warning = on_warning,
                                   .done = on_done };

    walk.progress = progress_start(settings);
    walk.progress.forecast = forecast;
    walk.loop = g_main_loop_new(NULL, FALSE);
    walk.run = run_new(&config, &handlers, &walk);
    interrupt_watch(on_interrupt, &walk);
    run_start(walk.run);
    g_main_loop_run(walk.loop);

    progress_end(&walk.progress);
    g_main_loop_unref(walk.loop);
    return g_steal_pointer(&walk.run);
}
