/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From two QEMUs that are started to a guest whose work is measured, and what comes
 * from them at any time. */
#include <string.h>

#include "tools/lab/stages.h"

#define TRY_MS    3000u  /* for the guest's first word, if there is a choice */
#define KVM_MS    15000u /* ... and if there is none: KVM is quick, or broken */
#define BOOT_MS   60000u
#define ANSWER_MS 30000u

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

void boot_check_ready(Lab *lab)
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
    boot_check_ready(lab);
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
    boot_check_ready(lab);
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
        lab_give_up_soon(lab);
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
    gboolean is_none =
        g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT) ||
        g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_ACCES) ||
        g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOEXEC);
    lab_fail(lab, is_none ? FAILURE_NO_QEMU : FAILURE_ENVIRONMENT,
             is_none ? OUTCOME_SKIP : OUTCOME_ERROR,
             g_strdup_printf("%s cannot be started: %s", lab->pair.binary[side],
                             error->message));
    return FALSE;
}

void boot_start(Lab *lab)
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
                            .is_asleep = lab->verify.is_asleep,
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
