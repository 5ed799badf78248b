/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate run: the guest of one QEMU goes to another. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "orchestrator/run.h"
#include "tools/conclude.h"
#include "tools/host.h"
#include "tools/interrupt.h"
#include "tools/migrate.h"
#include "tools/progress.h"
#include "tools/verb.h"

typedef struct {
    GMainLoop *loop;
    Run *run;
    Progress progress;
} Session;

static void on_progress(const Migration *m, gboolean phase_changed,
                        gpointer user_data)
{
    Session *session = user_data;
    progress_show(&session->progress, m, phase_changed);
}

static void on_done(Run *run, gpointer user_data)
{
    Session *session = user_data;
    g_main_loop_quit(session->loop);
}

static void on_interrupt(gpointer user_data)
{
    Session *session = user_data;
    run_cancel(session->run);
}

static int finish(const Settings *settings, Session *session)
{
    const Migration *m = run_migration(session->run);
    g_autoptr(JsonObject) host = host_describe();
    const ReportExtras extras = {
        .version = { run_version(session->run, SIDE_SOURCE),
                     run_version(session->run, SIDE_DESTINATION) },
        .host = host,
        .guest_downtime_us = -1,
    };
    g_autoptr(JsonNode) result =
        report_result(m->outcome, &m->failure, m, &extras);
    return conclude(settings, m->outcome, &m->failure, result, NULL);
}

/* Between everything checked and everything over. */
static int migrate(const Settings *settings, QmpAddress *const address[],
                   Trace *trace)
{
    const RunConfig config = {
        .address = { address[SIDE_SOURCE], address[SIDE_DESTINATION] },
        .settings = &settings->migration,
        .trace = trace,
    };
    const RunHandlers handlers = { .progress = on_progress, .done = on_done };
    Session session = { .progress = progress_start(settings) };

    session.loop = g_main_loop_new(NULL, FALSE);
    session.run = run_new(&config, &handlers, &session);
    interrupt_watch(on_interrupt, &session);
    run_start(session.run);
    g_main_loop_run(session.loop);

    progress_end(&session.progress);
    int exit_code = finish(settings, &session);
    run_free(session.run);
    g_main_loop_unref(session.loop);
    return exit_code;
}

static int run_checked(Settings *settings, QmpAddress *const address[])
{
    g_autoptr(GError) error = NULL;
    gboolean is_our_socket = settings->migration.uri == NULL;

    if (migrate_is_same_place(address[SIDE_SOURCE],
                              address[SIDE_DESTINATION])) {
        return conclude_early(settings, FAILURE_SAME_QEMU,
                              g_strdup_printf("both addresses are %s",
                                              address[SIDE_SOURCE]->text),
                              /* no_guest= */ FALSE);
    }
    if (!migrate_choose_uri(&settings->migration, address[SIDE_SOURCE],
                            address[SIDE_DESTINATION], &error)) {
        return conclude_usage("run", error);
    }
    if (!conclude_can_write(settings)) {
        return outcome_row(OUTCOME_ERROR)->exit_code;
    }
    char *in_the_way = migrate_what_is_in_the_way(settings->migration.uri);
    if (in_the_way) {
        return conclude_early(settings, FAILURE_INCOMING_REFUSED, in_the_way,
                              /* no_guest= */ FALSE);
    }
    Trace *trace = NULL;
    if (settings->trace && !(trace = trace_open(settings->trace, &error))) {
        return conclude_early(settings, FAILURE_ENVIRONMENT,
                              g_strdup(error->message), /* no_guest= */ FALSE);
    }
    int exit_code = migrate(settings, address, trace);
    if (trace && !trace_close(trace, &error)) {
        fprintf(stderr, "warning: %s\n", error->message);
    }
    const char *uri = settings->migration.uri;
    if (is_our_socket && g_str_has_prefix(uri, "unix:")) {
        g_unlink(uri + strlen("unix:")); /* QEMU leaves it behind */
    }
    return exit_code;
}

int verb_run(int argc, char **argv)
{
    static char *words[N_SIDES];
    static const GOptionEntry entries[] = {
        { "source", 0, 0, G_OPTION_ARG_STRING, &words[SIDE_SOURCE],
          "Monitor of the QEMU that runs the guest", "QMP" },
        { "destination", 0, 0, G_OPTION_ARG_STRING, &words[SIDE_DESTINATION],
          "Monitor of the QEMU that waits for it (-S -incoming defer)", "QMP" },
        { NULL }
    };
    g_auto(Settings) settings = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpAddress) source = NULL;
    g_autoptr(QmpAddress) destination = NULL;

    if (!settings_parse(&settings, entries, NULL,
                        "Migrates the guest of the source to the destination.\n"
                        "QMP is unix:PATH (or a path), tcp:HOST:PORT, fd:N or "
                        "exec:COMMAND.",
                        &argc, &argv, &error)) {
        return conclude_usage("run", error);
    }
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (!words[side]) {
            g_set_error(&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--%s QMP is missing", side_name(side));
            return conclude_usage("run", error);
        }
    }
    if (argc > 1) {
        g_set_error(&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' is one word too many", argv[1]);
        return conclude_usage("run", error);
    }
    if (!(source = qmp_address_parse(words[SIDE_SOURCE], &error)) ||
        !(destination = qmp_address_parse(words[SIDE_DESTINATION], &error))) {
        return conclude_usage("run", error);
    }
    return run_checked(&settings, (QmpAddress *[]){ source, destination });
}
