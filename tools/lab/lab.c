/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/lab.h"

#include <string.h>

#include "tools/lab/credentials.h"
#include "tools/lab/machine.h"
#include "tools/lab/stages.h"
#include "tools/secure.h"

void lab_result_clear(LabResult *result)
{
    failure_clear(&result->failure);
    g_clear_pointer(&result->results, g_ptr_array_unref);
    g_clear_pointer(&result->plan, json_node_unref);
    g_clear_pointer(&result->kept, g_free);
}

/* ---- the end ---- */

static gboolean on_over(gpointer user_data)
{
    Lab *lab = user_data;
    lab->idle_source = 0;
    lab->done(lab->user_data);
    return G_SOURCE_REMOVE;
}

void lab_end(Lab *lab)
{
    if (lab->stage == STAGE_OVER) {
        return;
    }
    lab->stage = STAGE_OVER;
    g_clear_handle_id(&lab->deadline_source, g_source_remove);
    g_clear_pointer(&lab->surveyor, surveyor_free);
    progress_end(&lab->progress);
    if (lab->options->keep && lab->guard) {
        const char *guest = lab->result->plan
                                ? side_name(SIDE_SOURCE) /* it did not move */
                                : outcome_row(lab->result->outcome)->guest;
        lab->result->kept =
            pair_describe(&lab->pair, guest, guard_folder(lab->guard));
    }
    lab->idle_source = g_idle_add_full(G_PRIORITY_DEFAULT, on_over, lab, NULL);
}

void lab_fail(Lab *lab, FailureCode code, Outcome outcome, char *message)
{
    static const char *const phases[] = { "choose", "boot",  "boot",
                                          "boot",   "boot",  "migrate",
                                          "verify", "verify" };
    Failure *failure = &lab->result->failure;
    if (lab->stage == STAGE_OVER) {
        g_free(message);
        return;
    }
    if (failure->code == FAILURE_NONE) {
        failure->code = code;
        failure->phase = phases[lab->stage];
        failure->message = message;
        lab->result->outcome = outcome;
        pair_add_stderr(&lab->pair, failure);
    } else {
        g_free(message);
    }
    hop_add_result(lab);
    lab_end(lab);
}

static gboolean on_deadline(gpointer user_data)
{
    Lab *lab = user_data;
    lab->deadline_source = 0;
    if (lab->stage == STAGE_BOOT && pair_can_fall_back(&lab->pair)) {
        lab->pair.accel = "tcg"; /* KVM opens here, but runs no guest */
        boot_start(lab);
        return G_SOURCE_REMOVE;
    }
    if (lab->stage == STAGE_MIGRATE) {
        lab_fail(lab, FAILURE_DEADLINE, OUTCOME_UNRESOLVED,
                 g_strdup("qmigrate was killed, and nobody brought the "
                          "migration to its end"));
    } else if (lab->stage == STAGE_VERIFY) {
        lab_fail(
            lab, FAILURE_MEMORY_NOT_INTACT, OUTCOME_VERDICT,
            g_strdup("the guest did not answer when asked for its memory"));
    } else {
        lab_fail(lab, FAILURE_GUEST_NOT_READY, OUTCOME_ERROR,
                 g_strdup("the guest did not start its work in time"));
    }
    return G_SOURCE_REMOVE;
}

void lab_give_up_soon(Lab *lab)
{
    g_clear_handle_id(&lab->deadline_source, g_source_remove);
    lab->deadline_source = g_idle_add(on_deadline, lab);
}

void lab_enter(Lab *lab, Stage stage, unsigned deadline_ms)
{
    if (stage != lab->stage) {
        lab->stage_us[stage] = g_get_monotonic_time();
    }
    lab->stage = stage;
    g_clear_handle_id(&lab->deadline_source, g_source_remove);
    if (deadline_ms) {
        lab->deadline_source = g_timeout_add_full(
            G_PRIORITY_DEFAULT, deadline_ms, on_deadline, lab, NULL);
    }
}

static void on_machine(GObject *object, GAsyncResult *result,
                       gpointer user_data)
{
    Lab *lab = user_data;
    g_autoptr(GError) error = NULL;
    char *machine = machine_find_common_finish(result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        return;
    }
    if (!machine) {
        lab_fail(lab, FAILURE_ENVIRONMENT, OUTCOME_ERROR,
                 g_strdup(error->message));
        return;
    }
    lab->pair.machine = machine;
    boot_start(lab);
}

Lab *lab_new(const LabOptions *options, const Settings *settings,
             const char *kernel, Trace *trace, LabResult *result)
{
    Lab *lab = g_new0(Lab, 1);
    lab->options = options;
    lab->settings = settings;
    lab->trace = trace;
    lab->result = result;
    lab->cancellable = g_cancellable_new();
    migration_settings_copy(&settings->migration, &lab->migration);
    lab->migration.check_only = settings->dry_run;
    g_free(lab->migration.destination_host);
    lab->migration.destination_host = g_strdup("127.0.0.1");
    pair_init(&lab->pair, options, kernel);
    lab->result->results =
        g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    beats_init(&lab->beats);
    return lab;
}

/* Those of this lab alone: they go with its folder. */
static gboolean make_credentials(Lab *lab, GError **error)
{
    const char *kind = lab->settings->tls_made;
    const char *folder = guard_folder(lab->guard);
    Secure *secure = lab->migration.secure;

    if (!kind) {
        return TRUE;
    }
    if (!credentials_make(folder, kind, secure->identity, error)) {
        return FALSE;
    }
    secure_load(secure, folder);
    return TRUE;
}

/* Before the two are asked for anything. */
static gboolean has_qemus(Lab *lab)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_autofree char *path = g_find_program_in_path(lab->pair.binary[side]);
        if (!path) {
            lab_fail(lab, FAILURE_NO_QEMU, OUTCOME_SKIP,
                     g_strdup_printf("%s cannot be started: there is no such "
                                     "program",
                                     lab->pair.binary[side]));
            return FALSE;
        }
    }
    return TRUE;
}

void lab_start(Lab *lab, LabDone *done, gpointer user_data)
{
    g_autoptr(GError) error = NULL;

    lab->done = done;
    lab->user_data = user_data;
    lab->guard = guard_start(&error);
    lab->progress = progress_start(lab->settings);
    if (!lab->guard) {
        lab_fail(lab, FAILURE_ENVIRONMENT, OUTCOME_ERROR,
                 g_strdup(error->message));
    } else if (!make_credentials(lab, &error)) {
        lab_fail(lab, FAILURE_ENVIRONMENT, OUTCOME_ERROR,
                 g_strdup(error->message));
    } else if (!has_qemus(lab) || !lab_make_script(lab)) {
        return; /* it ended */
    } else if (lab->pair.machine) {
        boot_start(lab);
    } else if (strcmp(lab->pair.binary[SIDE_SOURCE],
                      lab->pair.binary[SIDE_DESTINATION]) == 0) {
        lab->pair.machine = g_strdup("q35");
        boot_start(lab);
    } else {
        machine_find_common_async(lab->pair.binary[SIDE_SOURCE],
                                  lab->pair.binary[SIDE_DESTINATION],
                                  lab->cancellable, on_machine, lab);
    }
}

void lab_free(Lab *lab)
{
    g_cancellable_cancel(lab->cancellable);
    g_clear_handle_id(&lab->deadline_source, g_source_remove);
    g_clear_handle_id(&lab->idle_source, g_source_remove);
    g_clear_pointer(&lab->run, run_free);
    g_clear_pointer(&lab->script, steps_free);
    if (lab->guest_log) {
        g_string_free(lab->guest_log, TRUE);
    }
    hop_forget_prediction(lab);
    if (lab->guard && lab->result->kept) {
        guard_keep(lab->guard);
        pair_let_go(&lab->pair);
    }
    pair_clear(&lab->pair);
    g_clear_pointer(&lab->guard, guard_end);
    migration_settings_clear(&lab->migration);
    beats_clear(&lab->beats);
    g_object_unref(lab->cancellable);
    g_free(lab);
}

void lab_cancel(Lab *lab)
{
    /* Where the guest is does not change by our not asking it. */
    Outcome outcome =
        lab->is_orphan && lab->stage == STAGE_MIGRATE ? OUTCOME_UNRESOLVED
        : lab->stage != STAGE_VERIFY                  ? OUTCOME_CANCELLED
        : lab->result->outcome == OUTCOME_MIGRATED    ? OUTCOME_VERDICT
                                                      : lab->result->outcome;
    if (lab->stage == STAGE_MIGRATE && lab->run) {
        run_cancel(lab->run);
        return;
    }
    lab_fail(lab, FAILURE_CANCELLED, outcome,
             g_strdup(lab->stage == STAGE_VERIFY
                          ? "the check of the guest's memory was cancelled"
                      : lab->is_orphan ? "cancelled as asked; qmigrate was "
                                         "killed before, and nobody has seen "
                                         "to the migration since"
                                       : "cancelled as asked"));
}
