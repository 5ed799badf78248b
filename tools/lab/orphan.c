/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A scenario kills qmigrate: the run is gone without a word, as QEMU sees it, and
 * the migration goes on or stands still without anybody.  A fresh process mends it,
 * by qmigrate recover, and its exit code is what came of it.
 */
#include <gio/gio.h>

#include "tools/lab/stages.h"

static gboolean on_kill(gpointer user_data)
{
    Lab *lab = user_data;
    lab->idle_source = 0;
    if (lab->stage != STAGE_MIGRATE) {
        return G_SOURCE_REMOVE; /* it was over before */
    }
    g_clear_pointer(&lab->run, run_free);
    lab->is_orphan = TRUE;
    lab_enter(lab, STAGE_MIGRATE,
              (unsigned)(lab->options->scenario->deadline_us / 1000));
    steps_see_orphan(lab->script);
    return G_SOURCE_REMOVE;
}

void orphan_make(Lab *lab)
{
    /* Not from inside the run that is ended by it. */
    if (lab->run && !lab->idle_source) {
        lab->idle_source = g_idle_add_full(G_PRIORITY_HIGH, on_kill, lab, NULL);
    }
}

static Outcome outcome_of(int exit_code)
{
    for (Outcome outcome = 0; outcome < N_OUTCOMES; outcome++) {
        if (outcome_row(outcome)->exit_code == exit_code) {
            return outcome;
        }
    }
    return OUTCOME_UNRESOLVED;
}

static void on_recovered(GObject *object, GAsyncResult *result,
                         gpointer user_data)
{
    GSubprocess *process = G_SUBPROCESS(object);
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;

    if (!g_subprocess_communicate_utf8_finish(process, result, NULL, &said,
                                              &error) &&
        g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        return;
    }
    Lab *lab = user_data;
    if (lab->stage != STAGE_MIGRATE) {
        return; /* given up before */
    }
    Outcome outcome = g_subprocess_get_if_exited(process)
                          ? outcome_of(g_subprocess_get_exit_status(process))
                          : OUTCOME_UNRESOLVED;
    if (outcome != OUTCOME_MIGRATED) {
        lab->result->failure.code = FAILURE_POSTCOPY_BROKEN;
        lab->result->failure.phase = "recover";
        lab->result->failure.message = g_strdup_printf(
            "qmigrate recover did not mend it: %s", said ? said : "");
    }
    hop_over(lab, outcome);
}

void orphan_recover(Lab *lab)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    const char *source = qemu_monitor(lab->pair.qemu[SIDE_SOURCE])->text;
    const char *destination =
        qemu_monitor(lab->pair.qemu[SIDE_DESTINATION])->text;
    g_autoptr(GError) error = NULL;

    if (!lab->is_orphan) {
        return; /* somebody sees to it */
    }
    g_autoptr(GSubprocess) process = g_subprocess_new(
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
        &error, self ? self : "qmigrate", "recover", "--source", source,
        "--destination", destination, "--progress=never", NULL);
    if (!process) {
        lab_fail(lab, FAILURE_ENVIRONMENT, OUTCOME_ERROR,
                 g_strdup(error->message));
        return;
    }
    g_subprocess_communicate_utf8_async(process, NULL, lab->cancellable,
                                        on_recovered, lab);
}
