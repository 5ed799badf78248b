/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resolve.  Something went wrong after migrate was sent: ask both QEMUs who has
 * the guest, see to it that exactly one does (owner.c), and say so, or say that
 * it cannot be established.
 */
#include "orchestrator/phases.h"

#define ENDING_MAX_US     (G_USEC_PER_SEC / 2)
#define CANCELLING_MAX_US (45 * G_USEC_PER_SEC)
#define YANK_AFTER_US     (3 * G_USEC_PER_SEC)

/* A destination that nothing was sent to has no part of the guest. */
static bool has_part(const Migration *m, Side side)
{
    return side == SIDE_SOURCE || m->context.started;
}

static void ask_round(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (m->facts[side].dead || !has_part(m, side)) {
            continue;
        }
        if (m->facts[side].connected) {
            phase_ask(m, side, ASK_RUN_STATE, NULL);
            phase_ask(m, side, ASK_MIGRATION, NULL);
        } else {
            phase_connect(m, side);
        }
    }
}

/* 7.2, when its channel breaks in the handshake, or hangs. */
static bool is_stuck(const Migration *m)
{
    return m->recovery.is_unpausable &&
           m->facts[SIDE_SOURCE].status == STATUS_POSTCOPY_RECOVER;
}

/* Nobody sends it anything, and QEMU goes on by itself when the network does. */
static const char *postcopy_hint(const Migration *m)
{
    bool is_broken =
        m->facts[SIDE_SOURCE].status == STATUS_POSTCOPY_DEVICE &&
        m->facts[SIDE_DESTINATION].status == STATUS_POSTCOPY_PAUSED;
    return is_broken
               ? "the source waits for an answer that the broken connection "
                 "cannot bring, and refuses migrate-pause and cancel; if the "
                 "guest never ran on the destination, yank on the source "
                 "(qmigrate qmp, instances: type migration) lets it run there "
                 "again"
               : "wait, quit neither QEMU and cont none: the guest goes on "
                 "when the network does; qmigrate status with both sides shows "
                 "whether it moves, and qmigrate recover brings it to its end";
}

/* The guest may be stopped on the source, where only a cancel frees it. */
static const char *precopy_hint(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    if (m->context.postcopy || m->context.postcopy_sent || source->dead) {
        return NULL;
    }
    if (source->status == STATUS_CANCELLING) {
        return "the source still cancels, and runs the guest again when its "
               "connection ends; a command of exec: must be ended on its host; "
               "then: qmigrate cancel --source QMP, qmigrate status";
    }
    if (source->status == STATUS_UNKNOWN) {
        return "ask both when the source answers again (qmigrate status); if "
               "its guest stands still in pre-switchover, this frees it: "
               "qmigrate cancel --source QMP";
    }
    return NULL;
}

static void say_unresolved(Migration *m)
{
    Status source = m->facts[SIDE_SOURCE].status;
    m->outcome = OUTCOME_UNRESOLVED;
    phase_say_unresolved(m);
    if (precopy_hint(m)) {
        g_free(m->failure.hint);
        m->failure.hint = g_strdup(precopy_hint(m));
    }
    if ((source == STATUS_POSTCOPY && m->sample.remaining_bytes != 0) ||
        source == STATUS_POSTCOPY_DEVICE) {
        g_free(m->failure.hint);
        m->failure.hint = g_strdup(postcopy_hint(m));
    }
    if (is_stuck(m)) {
        g_free(m->failure.hint);
        m->failure.hint = g_strdup(
            "the source refuses migrate-pause in postcopy-recover, as QEMU 7.2 "
            "does, and nothing else brings it out of it: if it stays so this "
            "post-copy cannot be mended, and what the source has not sent is "
            "lost with it");
    }
}

/* The source reports a migration that is not ours; while migrate is not answered
 * nobody can tell. */
static bool is_of_others(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    return source->connected && status_is_in_progress(source->status) &&
           m->context.ours.proof != OURS_ASKED &&
           !ours_is_current(&m->context.ours, source->status);
}

static void conclude_on_source(Migration *m)
{
    bool is_recovery = m->failure.code == FAILURE_INTERRUPTED;
    if (m->failure.code == FAILURE_CANCELLED ||
        m->failure.code == FAILURE_CANCELLED_ELSEWHERE ||
        (is_recovery && m->cancel_sent)) {
        m->outcome = OUTCOME_CANCELLED;
    } else if (m->context.started || m->context.ours.is_refused ||
               is_recovery) {
        m->outcome = OUTCOME_FAILED;
    } /* else it is what phase_fail() made of it */
}

static PhaseId conclude(Migration *m, Owner owner)
{
    switch (owner) {
    case OWNER_SOURCE:
        if (is_of_others(m)) {
            phase_say_taken(m);
        }
        if (facts_run_state_is(&m->facts[SIDE_SOURCE], "postmigrate")) {
            phase_note(m, "the guest was paused, and stays so on the source: "
                          "qmigrate qmp SOURCE cont runs it");
        }
        conclude_on_source(m);
        break;
    case OWNER_DESTINATION:
        if (m->failure.code != FAILURE_INTERRUPTED) {
            phase_note(m, "it migrated all the same, after: %s%s%s",
                       m->failure.has_side ? side_name(m->failure.side) : "",
                       m->failure.has_side ? ": " : "", m->failure.message);
        }
        failure_clear(&m->failure);
        phase_has_migrated(m);
        break;
    case OWNER_SPLIT:
        m->outcome = OUTCOME_POSTCOPY_PAUSED;
        if (m->facts[SIDE_SOURCE].status == STATUS_POSTCOPY ||
            m->facts[SIDE_SOURCE].status == STATUS_POSTCOPY_DEVICE ||
            !status_is_postcopy(m->facts[SIDE_SOURCE].status) || is_stuck(m)) {
            say_unresolved(m); /* it cannot be paused any more */
        }
        break;
    case OWNER_NOBODY:
        m->outcome = phase_outcome_of_death(m);
        if (m->context.postcopy) {
            g_free(m->failure.hint);
            m->failure.hint =
                g_strdup("in post-copy each side had a part of the guest: it "
                         "is gone; never cont what is left of it");
        }
        break;
    case OWNER_TAKEN:
        m->outcome = OUTCOME_UNRESOLVED;
        phase_say_taken(m);
        break;
    case OWNER_DOOMED:
        m->outcome = OUTCOME_UNRESOLVED;
        phase_say_doomed(m);
        break;
    default:
        if (!m->context.started && phase_is_guests_end(m, SIDE_SOURCE)) {
            m->outcome = OUTCOME_ERROR; /* nothing of it is elsewhere */
            break;
        }
        say_unresolved(m);
        if (is_of_others(m)) {
            phase_say_taken(m);
        }
        break;
    }
    return PHASE_ROLL_BACK;
}

/* There it is at home.  What broke may be whole again, and a wish to cancel is
 * none that could still be fulfilled. */
static PhaseId go_on(Migration *m, PhaseId phase)
{
    phase_note(m, "went on in post-copy after: %s%s%s",
               m->failure.has_side ? side_name(m->failure.side) : "",
               m->failure.has_side ? ": " : "", m->failure.message);
    failure_clear(&m->failure);
    return phase;
}

/*
 * Once told to, the source can be in post-copy before anything reaches it, where
 * a cancel destroys the guest (7.2) and a broken connection too, until the
 * destination has read the state of the devices.  So it is waited for; only what
 * hangs in pre-copy, with the guest not stopped for the switch, is freed.
 */
static bool may_yank(const Migration *m, int64_t since_us)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    bool has_postcopy =
        m->context.postcopy_sent ||
        caps_inventory_is_on(&m->inventories[SIDE_SOURCE], "postcopy-ram");
    bool is_precopy =
        m->context.ours.proof == OURS_PROVED && /* I12 */
        !m->context.ours.is_external && status_is_precopy(source->status) &&
        !m->context.postcopy && !status_is_postcopy(destination->status) &&
        (!has_postcopy || !facts_run_state_is(source, "finish-migrate"));
    since_us = MAX(since_us, m->asked_us[SIDE_SOURCE][TELL_YANK]);
    return is_precopy && m->now_us - since_us > YANK_AFTER_US;
}

/* migrate_cancel again if the last one was lost on the way; what still hangs
 * after it, in a connection or a channel that is silent, is freed by yank. */
static void end_precopy(Migration *m)
{
    bool is_cancelling = m->facts[SIDE_SOURCE].status == STATUS_CANCELLING;
    int64_t told_us = m->asked_us[SIDE_SOURCE][TELL_CANCEL];

    if (!m->facts[SIDE_SOURCE].connected) {
        return; /* it may have died since it said so */
    }
    /* Somebody else's cancel is as good as ours, and is the cause then. */
    if (!is_cancelling && !m->context.postcopy_sent &&
        (!m->cancel_sent || m->now_us - told_us > YANK_AFTER_US)) {
        phase_ask(m, SIDE_SOURCE, TELL_CANCEL, NULL);
        m->cancel_sent = true;
    } else if (may_yank(m, MAX(told_us, m->resolve_us))) {
        phase_note(m,
                   "the source did not end the migration by itself (%s): "
                   "sent yank to break its connection",
                   m->facts[SIDE_SOURCE].status_word);
        phase_yank(m);
        m->cancel_sent |= !is_cancelling;
    }
}

static void act_on(Migration *m, Owner owner)
{
    if (m->has_acted) {
        return;
    }
    switch (owner) {
    case OWNER_CANCEL:
        end_precopy(m);
        break;
    case OWNER_CONT_SOURCE:
        if (!m->rescue_sent) {
            phase_note(m, m->context.handed_over
                              ? "the source had handed the guest over to a "
                                "destination that never ran it: continued it "
                                "there"
                              : "the guest was stopped to be saved: continued "
                                "it on the source");
            phase_ask(m, SIDE_SOURCE, TELL_CONT, NULL);
            m->rescue_sent = true;
        }
        break;
    case OWNER_STOP_SOURCE:
        phase_stop_old_guest(m);
        break;
    case OWNER_CONT_DESTINATION:
        /* Again, if the first one got lost: it says itself that it waits. */
        phase_ask(m, SIDE_DESTINATION, TELL_CONT, NULL);
        m->context.cont_sent = true;
        break;
    default:
        return;
    }
    m->has_acted = true;
}

/*
 * Its monitor has closed and its process is watched: most likely it is ending,
 * and then its end is the cause of all this, which is worth a moment.
 */
bool phase_is_ending(const Migration *m, Side side)
{
    const Facts *facts = &m->facts[side];
    return m->phase == PHASE_RESOLVE && !facts->connected && !facts->dead &&
           m->pid[side] > 0 && m->now_us - m->resolve_us < ENDING_MAX_US;
}

/* More time makes no difference. */
static bool is_conclusive(Owner owner)
{
    return owner == OWNER_SOURCE || owner == OWNER_DESTINATION ||
           owner == OWNER_NOBODY || owner == OWNER_DOOMED ||
           owner == OWNER_SPLIT || owner == OWNER_TAKEN;
}

/* It may have run while nobody looked: its accelerator can tell. */
static bool asks_for_proof(Migration *m)
{
    Facts *destination = &m->facts[SIDE_DESTINATION];
    if (!destination->blind || destination->is_proof_asked ||
        !destination->connected || facts_has_run(destination)) {
        return false;
    }
    phase_ask_whether_it_ran(m, SIDE_DESTINATION);
    return true;
}

static PhaseId judge(Migration *m, bool final)
{
    if (phase_is_ending(m, SIDE_DESTINATION) && !final) {
        return m->phase;
    }
    if (!final && asks_for_proof(m)) {
        return m->phase;
    }
    Owner owner = owner_judge(m->facts, &m->context, final);
    /* It was given up as nothing moved, and moves again. */
    bool moves = m->moved_us > m->resolve_us;
    bool is_reached =
        m->facts[SIDE_SOURCE].connected && m->facts[SIDE_DESTINATION].connected;
    if (owner == OWNER_POSTCOPY && is_reached &&
        (!m->recovery.is_over || moves)) {
        m->recovery.is_over = false;
        return go_on(m, PHASE_POSTCOPY);
    }
    /* A source that has ended cannot send the rest. */
    bool can_resume = status_is_postcopy(m->facts[SIDE_SOURCE].status);
    if (owner == OWNER_SPLIT && is_reached && can_resume &&
        !m->recovery.is_over) {
        return go_on(m, PHASE_RECOVER);
    }
    if (final || is_conclusive(owner)) {
        phase_name_cause(m);
        return conclude(m, owner);
    }
    act_on(m, owner);
    return m->phase;
}

PhaseId resolve_enter(Migration *m)
{
    /* Who owns the guest is asked, never remembered. */
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (has_part(m, side)) {
            m->facts[side].run_state[0] = '\0';
            m->facts[side].status = STATUS_UNKNOWN;
        }
    }
    m->resolve_us = m->now_us;
    ask_round(m);
    return phase_is_waiting(m) ? m->phase : judge(m, /* final= */ false);
}

/*
 * A source that cancels can take longer than the phase: up to 30 s for a device
 * that the guest does not give up, or as long as its connect does.
 */
static bool is_final(Migration *m, const Event *event)
{
    bool is_cancelling = m->facts[SIDE_SOURCE].status == STATUS_CANCELLING;
    if (event->kind == EVENT_DEADLINE && is_cancelling &&
        !m->is_resolve_extended) {
        m->is_resolve_extended = true;
        return false;
    }
    return event->kind == EVENT_DEADLINE ||
           (m->is_resolve_extended &&
            m->now_us - m->resolve_us > CANCELLING_MAX_US);
}

PhaseId resolve_handle(Migration *m, const Event *event)
{
    bool final = is_final(m, event);

    if (event->kind == EVENT_LOST && event->side == SIDE_DESTINATION &&
        m->settings->destination_is_dead) {
        phase_note(m, "the destination counts as dead, as the user said");
        m->facts[SIDE_DESTINATION].dead = true;
    }
    phase_check_old_guest(m, event);
    /* What a QEMU said before it fell silent proves nothing: it can hang with
     * the guest, as one that waits for a command of exec: to end. */
    if (event->kind == EVENT_SILENT && event->ask == ASK_RUN_STATE) {
        m->facts[event->side].run_state[0] = '\0';
    }
    bool was_told = event->kind == EVENT_REPLY &&
                    (event->ask == TELL_CONT || event->ask == TELL_STOP);
    if (event->kind == EVENT_TICK) {
        m->has_acted = false;
    }
    if (event->kind == EVENT_CONNECTED || was_told) {
        ask_round(m); /* what was known is not so any more */
    }
    if (phase_is_waiting(m) && !final) {
        /* What hangs can be what the destination's main loop waits for. */
        if (event->kind == EVENT_TICK &&
            m->facts[SIDE_SOURCE].status == STATUS_CANCELLING) {
            end_precopy(m);
        }
        return m->phase;
    }
    PhaseId next = judge(m, final);
    if (next == m->phase && event->kind == EVENT_TICK) {
        ask_round(m);
    }
    return next;
}
