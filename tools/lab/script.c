/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a scenario's steps want of the lab. */
#include "tools/lab/stages.h"

static void on_watched(gpointer user_data)
{
    Lab *lab = user_data;
    lab->is_watched = TRUE;
    boot_check_ready(lab);
}

static void on_unreachable(const char *what, gpointer user_data)
{
    lab_fail(user_data, FAILURE_MONITOR_UNREACHABLE, OUTCOME_ERROR,
             g_strdup(what));
}

static void on_unmet(const char *what, gpointer user_data)
{
    lab_fail(user_data, FAILURE_NEED_UNMET, OUTCOME_SKIP, g_strdup(what));
}

static void on_script_cancel(gpointer user_data)
{
    Lab *lab = user_data;
    if (lab->run) {
        run_cancel(lab->run);
    }
}

static void on_script_kill(gpointer user_data)
{
    orphan_make(user_data);
}

static void on_script_recover(gpointer user_data)
{
    orphan_recover(user_data);
}

static void on_abandoned(gpointer user_data)
{
    lab_give_up_soon(user_data);
}

static void on_script_finished(gpointer user_data)
{
    hop_close(user_data);
}

gboolean lab_make_script(Lab *lab)
{
    static const StepsHandlers handlers = { .ready = on_watched,
                                            .unreachable = on_unreachable,
                                            .unmet = on_unmet,
                                            .cancel = on_script_cancel,
                                            .kill = on_script_kill,
                                            .recover = on_script_recover,
                                            .abandoned = on_abandoned,
                                            .finished = on_script_finished };
    const Scenario *scenario = lab->options->scenario;
    if (!scenario) {
        return TRUE;
    }
    const char *lacks = steps_host_lacks(scenario);
    if (lacks) {
        on_unmet(lacks, lab);
        return FALSE;
    }
    lab->script = steps_new(scenario, &handlers, lab);
    lab->guest_log = g_string_new(NULL);
    return TRUE;
}
