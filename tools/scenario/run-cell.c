/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/run-cell.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "qmp/json.h"
#include "tools/scenario/cell-argv.h"
#include "tools/scenario/leftover.h"

typedef struct {
    CellRun run;
    CellRunDone *done;
    gpointer user_data;
    GSubprocess *process;
    guint deadline_source;
    int64_t start_us;
    guint n_late; /* how often it was told since its deadline */
    bool is_late, is_interrupted, is_killed;
} Private;

CellRun *cell_run_new(const Cell *cell, guint number, const char *folder,
                      char **files, char **options, char **more)
{
    Private *private = g_new0(Private, 1);
    CellRun *run = &private->run;

    run->cell = cell;
    run->folder = g_strdup_printf("%s/%u", folder, number);
    run->own_folder = g_build_filename(run->folder, "own", NULL);
    run->before = cell_fill_in(run, cell->scenario->before->str);
    run->after = cell_fill_in(run, cell->scenario->after->str);
    run->argv = cell_make_argv(run, files, options, more);
    run->again = cell_make_again(run, files, options, more);
    return run;
}

void cell_run_free(CellRun *run)
{
    Private *private = (Private *)run;
    g_clear_handle_id(&private->deadline_source, g_source_remove);
    g_clear_object(&private->process);
    g_ptr_array_unref(run->argv);
    g_strfreev(run->again);
    g_clear_pointer(&run->document, json_node_unref);
    verdict_free(run->verdict);
    g_free(run->folder);
    g_free(run->own_folder);
    g_free(run->before);
    g_free(run->after);
    g_free(run->kept);
    g_free(private);
}

/* ---- its end ---- */

static char *read_in(const CellRun *run, const char *name)
{
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text)
                                                        : g_strdup("");
}

static ScenarioVerdict *judge(Private *private)
{
    CellRun *run = &private->run;
    g_autofree char *text = read_in(run, "result.json");
    g_autofree char *said = read_in(run, "stderr");

    run->document = *text ? json_from_string(text, NULL) : NULL;
    if (private->is_interrupted) {
        return verdict_without_result("interrupted");
    }
    if (!run->document || !JSON_NODE_HOLDS_OBJECT(run->document)) {
        g_autofree char *why = g_strdup_printf(
            "%s%s%s",
            private->is_late ? "not over at its deadline" : "it left no result",
            *said ? ": " : "", said);
        return verdict_without_result(why);
    }
    ScenarioVerdict *verdict =
        verdict_of(run->cell->scenario, json_node_get_object(run->document));
    if (private->is_late) {
        verdict_add(verdict, "%s:%u: not over at its deadline, after %.0f s",
                    run->cell->scenario->spot.file,
                    run->cell->scenario->spot.line,
                    run->cell->scenario->deadline_us / 1e6);
    }
    return verdict;
}

static void end(Private *private)
{
    g_clear_handle_id(&private->deadline_source, g_source_remove);
    private->run.us = g_get_monotonic_time() - private->start_us;
    private->done(&private->run, private->user_data);
}

static void end_without_result(Private *private, const char *why)
{
    private->run.verdict = verdict_without_result(why);
    end(private);
}

/* It is asked to cancel, then to leave, which needs no QEMU that answers, and at
 * last it is killed: its guard cleans up. */
static gboolean on_deadline(gpointer user_data)
{
    static const struct {
        int signal;
        guint wait_s; /* for what comes of it */
    } ways[] = { { SIGTERM, 3 }, { SIGTERM, 10 }, { SIGKILL, 10 } };
    Private *private = user_data;
    guint way = MIN(private->n_late, G_N_ELEMENTS(ways) - 1);

    private->n_late++;
    private->is_late = true;
    private->is_killed = ways[way].signal == SIGKILL;
    g_subprocess_send_signal(private->process, ways[way].signal);
    private->deadline_source =
        g_timeout_add_seconds(ways[way].wait_s, on_deadline, private);
    return G_SOURCE_REMOVE;
}

void cell_run_interrupt(CellRun *run)
{
    Private *private = (Private *)run;
    if (private->process && !run->verdict) {
        private->is_interrupted = true;
        g_subprocess_send_signal(private->process, SIGTERM);
    }
}

/* ---- its start ---- */

/* Between fork() and exec(): a cell ends with who started it, however that ends. */
static void set_up_child(gpointer user_data)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static gboolean make_folder(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s",
                    path, g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

static GSubprocess *spawn(CellRun *run, const char *const *argv,
                          const char *working_folder, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autofree char *tmp = g_build_filename(run->folder, "tmp", NULL);
    g_autofree char *out = g_build_filename(run->folder, "stdout", NULL);
    g_autofree char *err = g_build_filename(run->folder, "stderr", NULL);
    g_autofree char *result =
        g_build_filename(run->folder, "result.json", NULL);

    if (!make_folder(tmp, error) || !make_folder(run->own_folder, error)) {
        return NULL;
    }
    if (working_folder) {
        g_subprocess_launcher_set_cwd(launcher, working_folder);
    }
    g_subprocess_launcher_setenv(launcher, "QMIGRATE", run->argv->pdata[0],
                                 TRUE);
    g_subprocess_launcher_setenv(launcher, "RESULT", result, TRUE);
    g_subprocess_launcher_setenv(launcher, "TMPDIR", tmp, TRUE);
    g_subprocess_launcher_set_child_setup(launcher, set_up_child, NULL, NULL);
    g_subprocess_launcher_set_stdout_file_path(launcher, out);
    g_subprocess_launcher_set_stderr_file_path(launcher, err);
    return g_subprocess_launcher_spawnv(launcher, argv, error);
}

/* Ends in @callback, or at once where it cannot even be started. */
static void start(Private *private, const char *const *argv,
                  const char *working_folder, GAsyncReadyCallback callback)
{
    CellRun *run = &private->run;
    g_autoptr(GError) error = NULL;

    g_clear_object(&private->process);
    private->process = spawn(run, argv, working_folder, &error);
    if (private->process) {
        g_subprocess_wait_async(private->process, NULL, callback, private);
    } else if (run->verdict) {
        verdict_add(run->verdict, "%s", error->message);
        end(private);
    } else {
        end_without_result(private, error->message);
    }
}

/* What the shell said when it failed, or that it took too long. */
static char *shell_failure(const Private *private, const char *key)
{
    g_autofree char *said = read_in(&private->run, "stderr");
    g_autofree char *how =
        private->is_late ? g_strdup("was not over at the deadline")
        : g_subprocess_get_if_signaled(private->process)
            ? g_strdup_printf("was killed by signal %d",
                              g_subprocess_get_term_sig(private->process))
            : g_strdup_printf("ended with code %d",
                              g_subprocess_get_exit_status(private->process));
    return g_strdup_printf("'%s' %s%s%s", key, how, *said ? ": " : "", said);
}

static void on_after_end(GObject *object, GAsyncResult *result,
                         gpointer user_data)
{
    Private *private = user_data;
    CellRun *run = &private->run;

    g_subprocess_wait_finish(private->process, result, NULL);
    if (!g_subprocess_get_successful(private->process)) {
        g_autofree char *why = shell_failure(private, "after");
        verdict_add(run->verdict, "%s:%u: %s", run->cell->scenario->spot.file,
                    run->cell->scenario->spot.line, why);
    }
    end(private);
}

static void start_shell(Private *private, const char *text,
                        GAsyncReadyCallback callback)
{
    const char *const argv[] = { "/bin/sh", "-e", "-c", text, NULL };
    start(private, argv, private->run.own_folder, callback);
}

static void on_lab_end(GObject *object, GAsyncResult *result,
                       gpointer user_data)
{
    Private *private = user_data;
    CellRun *run = &private->run;

    g_subprocess_wait_finish(private->process, result, NULL);
    run->verdict = judge(private);
    if (!private->is_killed) {
        g_autofree char *tmp = g_build_filename(run->folder, "tmp", NULL);
        leftover_check(tmp, run->verdict);
    }
    if (*run->after && run->verdict->kind == VERDICT_HELD) {
        start_shell(private, run->after, on_after_end);
    } else {
        end(private);
    }
}

static void start_lab(Private *private)
{
    start(private, (const char *const *)private->run.argv->pdata, NULL,
          on_lab_end);
}

static void on_before_end(GObject *object, GAsyncResult *result,
                          gpointer user_data)
{
    Private *private = user_data;

    g_subprocess_wait_finish(private->process, result, NULL);
    if (private->is_interrupted) {
        end_without_result(private, "interrupted");
    } else if (g_subprocess_get_successful(private->process)) {
        start_lab(private);
    } else {
        g_autofree char *what = shell_failure(private, "before");
        const Spot *spot = &private->run.cell->scenario->spot;
        g_autofree char *why =
            g_strdup_printf("%s:%u: %s", spot->file, spot->line, what);
        end_without_result(private, why);
    }
}

void cell_run_start(CellRun *run, CellRunDone *done, gpointer user_data)
{
    Private *private = (Private *)run;
    private->done = done;
    private->user_data = user_data;
    private->start_us = g_get_monotonic_time();
    private->deadline_source = g_timeout_add(
        (guint)(run->cell->scenario->deadline_us / 1000), on_deadline, private);
    if (*run->before) {
        start_shell(private, run->before, on_before_end);
    } else {
        start_lab(private);
    }
}
