/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/lab.h"

#include <string.h>

#include "tools/lab/credentials.h"
#include "tools/lab/machine.h"
#include "tools/lab/stages.h"
#include "tools/secure.h"

#define TRY_MS    3000u  /* for the guest's first word, if there is a choice */
#define KVM_MS    15000u /* ... and if there is none: KVM is quick, or broken */
#define BOOT_MS   60000u
#define ANSWER_MS 30000u

static void start_pair(Lab *lab);

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
        start_pair(lab);
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

static gboolean on_warm(gpointer user_data)
{
    Lab *lab = user_data;
    lab->deadline_source = 0;
    hop_measure(lab);
    return G_SOURCE_REMOVE;
}

void lab_ask_rate(Lab *lab)
{
    lab_enter(lab, STAGE_RATE, ANSWER_MS);
    qemu_tell_guest(lab->pair.qemu[SIDE_SOURCE], 'r');
}

/* The guest works and both QEMUs are up. */
static void start_warm_up(Lab *lab)
{
    lab_enter(lab, STAGE_WARM_UP, 0);
    progress_say(&lab->progress, "the guest works; measuring its heartbeat");
    lab->deadline_source =
        g_timeout_add(lab->options->warm_up_us / 1000, on_warm, lab);
}

/* ---- what comes from QEMU ---- */

static void check_ready(Lab *lab)
{
    if (lab->stage == STAGE_BOOT && lab->verify.is_ready &&
        lab->verify.n_connected == N_SIDES &&
        (!lab->script || lab->is_watched)) {
        start_warm_up(lab);
    }
}

static gboolean on_hop_idle(gpointer user_data)
{
    Lab *lab = user_data;
    lab->idle_source = 0;
    hop_end(lab);
    return G_SOURCE_REMOVE;
}

static void on_line(Qemu *qemu, const Line *line, int64_t time_us,
                    gpointer user_data)
{
    Lab *lab = user_data;
    if (line->kind == LINE_BEAT) {
        beats_take(&lab->beats, pair_side_of(&lab->pair, qemu), line->beat,
                   time_us);
        if (lab->script) {
            steps_see_beats(lab->script, line->beat);
        }
        return;
    }
    if (lab->guest_log) {
        g_string_append_printf(lab->guest_log, "%s: %s\n",
                               side_name(pair_side_of(&lab->pair, qemu)),
                               line->text);
    }
    if (lab->script) {
        steps_see_line(lab->script, line->text);
    }
    if (line->kind == LINE_PANIC) {
        lab_fail(lab, FAILURE_GUEST_NOT_READY, OUTCOME_ERROR,
                 g_strdup_printf("the guest gave up: %s", line->text));
        return;
    }
    if (line->kind == LINE_HELLO && strcmp(lab->pair.accel, "kvm") == 0) {
        lab_enter(lab, lab->stage, BOOT_MS); /* KVM works */
    }
    /* What a scenario asks for meanwhile is its own. */
    if (lab->stage != STAGE_MIGRATE || line->kind >= LINE_OFF) {
        verify_take(&lab->verify, line, lab->stage == STAGE_VERIFY);
    }
    if (lab->stage == STAGE_VERIFY) {
        hop_ask_guest(lab);
    }
    check_ready(lab);
    if (lab->stage == STAGE_RATE && verify_has_rate_before(&lab->verify)) {
        hop_start(lab);
    }
    /* Not from inside the reader of a QEMU that may be ended by it. */
    if (lab->stage == STAGE_VERIFY && lab->verify.is_verified &&
        !lab->idle_source) {
        g_clear_handle_id(&lab->deadline_source, g_source_remove);
        lab->idle_source = g_idle_add(on_hop_idle, lab);
    }
}

static void on_connected(Qemu *qemu, gpointer user_data)
{
    Lab *lab = user_data;
    lab->verify.n_connected++;
    if (lab->script) {
        steps_watch(lab->script, pair_side_of(&lab->pair, qemu), qemu);
    }
    check_ready(lab);
}

static void on_exited(Qemu *qemu, const char *how, gpointer user_data)
{
    Lab *lab = user_data;
    Side side = pair_side_of(&lab->pair, qemu);

    if (lab->script) {
        steps_forget(lab->script, side);
    }
    if (lab->stage == STAGE_BOOT && pair_can_fall_back(&lab->pair)) {
        /* not from inside what tells of the process that is ended now */
        g_clear_handle_id(&lab->deadline_source, g_source_remove);
        lab->deadline_source = g_idle_add(on_deadline, lab);
    } else if (lab->stage <= STAGE_RATE) {
        lab->result->failure.hint =
            g_strdup("see what QEMU says, if it says something; check --qemu, "
                     "--machine, --memory and what stands behind --");
        lab_fail(lab, FAILURE_GUEST_NOT_READY, OUTCOME_ERROR,
                 g_strdup_printf("the %s's QEMU %s", side_name(side), how));
    } else if (lab->stage == STAGE_VERIFY && side == hop_guest_side(lab)) {
        lab_fail(lab, FAILURE_MEMORY_NOT_INTACT, OUTCOME_LOST,
                 g_strdup_printf("the %s's QEMU %s while the guest checked its "
                                 "memory",
                                 side_name(side), how));
    } /* in a migration the machine notices by itself */
}

/* ---- the start ---- */

static gboolean start_qemu(Lab *lab, Side side)
{
    const QemuHandlers handlers = { .line = on_line,
                                    .connected = on_connected,
                                    .exited = on_exited };
    g_autoptr(GError) error = NULL;

    if (pair_start(&lab->pair, side, lab->guard, &handlers, lab, &error)) {
        return TRUE;
    }
    gboolean is_absent =
        g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
    lab_fail(lab, is_absent ? FAILURE_NO_QEMU : FAILURE_ENVIRONMENT,
             is_absent ? OUTCOME_SKIP : OUTCOME_ERROR,
             g_strdup_printf("%s cannot be started: %s", lab->pair.binary[side],
                             error->message));
    return FALSE;
}

static void start_pair(Lab *lab)
{
    unsigned deadline_ms = pair_can_fall_back(&lab->pair)        ? TRY_MS
                           : strcmp(lab->pair.accel, "kvm") == 0 ? KVM_MS
                                                                 : BOOT_MS;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (lab->script) {
            steps_forget(lab->script, side);
        }
        pair_stop(&lab->pair, side);
    }
    lab->is_watched = FALSE;
    beats_clear(&lab->beats);
    beats_init(&lab->beats);
    lab->verify = (Verify){ 0 };
    progress_say(&lab->progress, "starting two QEMUs");
    memset(lab->stage_us, 0, sizeof(lab->stage_us));
    lab_enter(lab, STAGE_BOOT, deadline_ms);
    if (start_qemu(lab, SIDE_SOURCE)) {
        start_qemu(lab, SIDE_DESTINATION);
    }
}

void lab_start_hop(Lab *lab)
{
    Beats last = lab->beats;
    beats_init(&lab->beats);
    lab->beats.n_beats = last.n_beats > 0;
    lab->beats.next = last.next;
    lab->beats.last_us = last.last_us;
    beats_clear(&last);
    lab->verify = (Verify){ .is_ready = TRUE,
                            .n_connected = 1,
                            .n_cpus = lab->verify.n_cpus };
    memset(lab->stage_us, 0, sizeof(lab->stage_us));
    lab->is_watched = FALSE;
    lab_enter(lab, STAGE_BOOT, BOOT_MS);
    start_qemu(lab, SIDE_DESTINATION);
}

void lab_again(Lab *lab)
{
    g_clear_pointer(&lab->run, run_free);
    lab->is_orphan = FALSE;
    hop_forget_prediction(lab);
    if (lab->result->outcome == OUTCOME_MIGRATED) {
        steps_turn(lab->script);
        pair_turn(&lab->pair);
    } else {
        steps_forget(lab->script, SIDE_DESTINATION);
        pair_stop(&lab->pair, SIDE_DESTINATION);
    }
    failure_clear(&lab->result->failure);
    lab_start_hop(lab);
}

/* ---- a scenario ---- */

static void on_watched(gpointer user_data)
{
    Lab *lab = user_data;
    lab->is_watched = TRUE;
    check_ready(lab);
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
    start_pair(lab);
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
    } else if (!lab_make_script(lab)) {
        return; /* it ended */
    } else if (lab->pair.machine) {
        start_pair(lab);
    } else if (strcmp(lab->pair.binary[SIDE_SOURCE],
                      lab->pair.binary[SIDE_DESTINATION]) == 0) {
        lab->pair.machine = g_strdup("q35");
        start_pair(lab);
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
                          : "cancelled as asked"));
}
