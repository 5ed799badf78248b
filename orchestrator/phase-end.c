/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * roll-back and done: put back what we set, on the QEMU that keeps the guest, and
 * say why it came so.
 */
#include <string.h>

#include "caps/restore.h"
#include "orchestrator/guest-state.h"
#include "orchestrator/phases.h"
#include "orchestrator/remains.h"
#include "orchestrator/secure.h"

#define ENDING_MAX_US (3 * G_USEC_PER_SEC)

/* Where a setting of ours would be in somebody's way. */
static bool keeps_guest(const Migration *m, Side side)
{
    switch (outcome_row(m->outcome)->guest[0]) {
    case 's': /* source, or split: nothing may change there (I5) */
        return side == SIDE_SOURCE && m->outcome != OUTCOME_POSTCOPY_PAUSED;
    case 'd':
        return side == SIDE_DESTINATION;
    default:
        return false;
    }
}

/* It waits as before, and can be used again. */
static bool was_never_told(const Migration *m, Side side)
{
    return side == SIDE_DESTINATION && m->context.through_file &&
           !m->context.handed_over;
}

static bool has_objects(const Migration *m)
{
    for (guint i = 0; i < m->steps->len; i++) {
        const CapsStep *step = m->steps->pdata[i];
        if (strcmp(step->command->name, "object-add") == 0) {
            return true;
        }
    }
    return false;
}

/* Nobody else's credentials stay behind, nor the name of an object that is gone:
 * the source could not migrate again.  In two halves both are needed still. */
static bool leaves_nothing(const Migration *m)
{
    return has_objects(m) &&
           (m->outcome == OUTCOME_MIGRATED || m->outcome == OUTCOME_FAILED ||
            m->outcome == OUTCOME_CANCELLED);
}

/* I5, I12: nothing is changed while a side migrates, whoever started that.  A
 * destination in setup only listens: before migrate even one that could not, and
 * later one that nobody will come to, as 10.0 when it refused a source at the
 * TLS handshake. */
static bool is_migrating(const Migration *m, Side side)
{
    Status status = m->facts[side].status;
    bool listens = side == SIDE_DESTINATION && status == STATUS_SETUP &&
                   (m->migrate_us == 0 || leaves_nothing(m));
    return status_is_in_progress(status) && !listens;
}

static void say_left(Migration *m, Side side, const char *names)
{
    const Facts *facts = &m->facts[side];
    if (is_migrating(m, side) || facts->status == STATUS_UNKNOWN) {
        phase_note(m,
                   "settings are left on the %s, whose migration is %s; when "
                   "it has ended (qmigrate status), set them back: %s",
                   side_name(side),
                   *facts->status_word ? facts->status_word : "unknown", names);
    } else {
        phase_note(m, "settings are left on the %s; set them back: %s",
                   side_name(side), names);
    }
}

/* A person has to know what is not put back, and to what. */
static void note_left(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint i = 0; i < m->steps->len; i++) {
            const CapsStep *step = m->steps->pdata[i];
            if (step->side == side && step->is_left) {
                g_autofree char *text = caps_step_undo_text(step);
                g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                                       text);
            }
        }
        if (names->len > 0) {
            /* A destination that was used up is of no use with any settings. */
            m->is_undo_late |=
                keeps_guest(m, side) || m->outcome == OUTCOME_UNRESOLVED;
            say_left(m, side, names->str);
        }
    }
}

/* Would a setting of ours be in somebody's way there? */
static bool has_to_restore(const Migration *m, const CapsStep *step)
{
    return step->undo->arguments && !m->facts[step->side].dead &&
           (m->migrate_us == 0 || keeps_guest(m, step->side) ||
            was_never_told(m, step->side) || leaves_nothing(m));
}

static bool can_restore(const Migration *m, const CapsStep *step)
{
    return has_to_restore(m, step) && m->facts[step->side].connected &&
           !is_migrating(m, step->side);
}

/* It has not noticed yet that its source is gone; then it lets go of what is
 * ours. */
static bool is_ending(const Migration *m, Side side)
{
    return side == SIDE_DESTINATION && leaves_nothing(m) &&
           m->facts[side].connected && is_migrating(m, side) &&
           m->now_us - m->roll_back_us < ENDING_MAX_US;
}

/* Who does not answer must not take all the time that the phase has: the other
 * side is restored all the same. */
static void ask_briefly(Migration *m, Side side, Ask ask)
{
    if (!phase_is_waiting_for(m, side, ask)) {
        phase_ask(m, side, ask, NULL);
        Action *action = m->actions->pdata[m->actions->len - 1];
        action->deadline_ms =
            ask_row(TELL_UNDO)->deadline_ms + phase_file_ms(m);
    }
}

/* Another client may have changed what we set: ask what is set now. */
static void ask_settings(Migration *m)
{
    if (m->n_undo > 0) {
        return; /* it was asked */
    }
    m->n_undo = m->n_sent;
    for (guint i = 0; i < m->n_undo; i++) {
        const CapsStep *step = m->steps->pdata[i];
        if (can_restore(m, step)) {
            ask_briefly(m, step->side, ASK_CAPABILITIES);
            ask_briefly(m, step->side, ASK_PARAMETERS);
        }
    }
}

#define ALL_SETTINGS (ASK_BIT(ASK_CAPABILITIES) | ASK_BIT(ASK_PARAMETERS))

/* What someone else set after us is theirs. */
static void note_foreign(Migration *m, Side side)
{
    g_autofree char *foreign =
        caps_restore_foreign(m->steps, m->n_undo, side, &m->inventories[side]);
    if (foreign) {
        m->has_foreign_settings = true;
        phase_note(
            m,
            "another client changed settings of the %s that qmigrate had "
            "changed before; they stay as they are: %s",
            side_name(side), foreign);
    }
}

static void take_settings(Migration *m, const Event *event)
{
    uint64_t *told = &m->told_settings[event->side];
    bool was_known = *told == ALL_SETTINGS;
    if (event->kind == EVENT_REPLY) {
        *told |= ASK_BIT(event->ask) & ALL_SETTINGS;
    }
    if (!was_known && *told == ALL_SETTINGS) {
        note_foreign(m, event->side);
    }
}

/* Backwards, one at a time; false: nothing is left to be put back. */
static bool undo_next(Migration *m)
{
    while (m->n_sent > 0) {
        guint i = --m->n_sent;
        CapsStep *step = m->steps->pdata[i];
        bool may_be_needed =
            m->outcome == OUTCOME_UNRESOLVED && step->side == SIDE_SOURCE &&
            step->undo->arguments && !m->facts[step->side].dead;
        if (can_restore(m, step) &&
            m->told_settings[step->side] == ALL_SETTINGS) {
            QmpCommand *undo = caps_restore(m->steps, m->n_undo, i,
                                            &m->inventories[step->side]);
            if (undo) {
                phase_ask(m, step->side, TELL_UNDO, undo);
                step->is_undoing = true;
                return true;
            }
            step->is_restored = true; /* or changed by someone else */
            continue;
        }
        step->is_left = has_to_restore(m, step) || may_be_needed;
    }
    return false;
}

/* I3: the source only when the destination has the guest, running or as it was;
 * a destination that was used up only when it never had it. */
static bool is_stale(const Migration *m, Side side)
{
    const Facts *facts = &m->facts[side];
    if (!facts->connected || facts->dead || !m->context.started) {
        return false;
    }
    if (side == SIDE_SOURCE) {
        const Facts *destination = &m->facts[SIDE_DESTINATION];
        return m->outcome == OUTCOME_MIGRATED && facts_has_left(facts) &&
               (facts_is_running(destination) || !m->context.guest_ran);
    }
    return (m->outcome == OUTCOME_FAILED || m->outcome == OUTCOME_CANCELLED) &&
           facts_is_running(&m->facts[SIDE_SOURCE]) && !facts_has_run(facts) &&
           facts->never_ran && !was_never_told(m, side);
}

/* Returns whether there is one. */
static bool quit_stale(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (m->settings->quit_stale && !m->quit_sent && is_stale(m, side)) {
            phase_note(m, "quit the %s, which does not have the guest",
                       side_name(side));
            phase_ask(m, side, TELL_QUIT, NULL);
            m->quit_sent = true;
            return true;
        }
    }
    return false;
}

/* It was stopped after it last told its run state: what became of it? */
static bool ask_guest(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const Facts *facts = &m->facts[side];
        if (keeps_guest(m, side) && facts->connected && facts->stopped &&
            guest_state_is_live(facts->run_state) && !m->has_asked_guest) {
            m->has_asked_guest = true;
            ask_briefly(m, side, ASK_RUN_STATE);
            return true;
        }
    }
    return false;
}

/*
 * A destination that has not answered migrate-incoming yet makes its socket
 * later, when nobody removes it any more.  It answers in order, so the answer to
 * a question comes after that.
 */
static void await_listening(Migration *m)
{
    if (m->may_listen_later && m->migrate_us == 0 &&
        m->facts[SIDE_DESTINATION].connected) {
        ask_briefly(m, SIDE_DESTINATION, ASK_MIGRATION);
        m->has_asked_incoming = true;
    }
}

/* Is the destination of a run that ended early used up? */
static bool ask_incoming(Migration *m)
{
    if (!remains_must_ask(m) || m->has_asked_incoming) {
        return false;
    }
    m->has_asked_incoming = true;
    ask_briefly(m, SIDE_DESTINATION, ASK_MIGRATION);
    return true;
}

/* Whether there is something to wait for. */
static bool do_next(Migration *m)
{
    return undo_next(m) || ask_guest(m) || ask_incoming(m) || quit_stale(m);
}

static PhaseId roll_back_next(Migration *m)
{
    if (is_ending(m, SIDE_DESTINATION)) {
        return m->phase;
    }
    ask_settings(m);
    return phase_is_waiting(m) || do_next(m) ? m->phase : PHASE_DONE;
}

PhaseId roll_back_enter(Migration *m)
{
    m->roll_back_us = m->now_us;
    await_listening(m);
    return roll_back_next(m);
}

/* It took the guest along, after all was well. */
static PhaseId lose_keeper(Migration *m, Side side)
{
    if (m->failure.code != FAILURE_NONE) {
        phase_note(m, "then the %s was lost: %s", side_name(side),
                   phase_death_text(m, side));
    }
    phase_fail(m, phase_death_code(m, side), side, "%s",
               phase_death_text(m, side));
    m->outcome = phase_outcome_of_death(m);
    return PHASE_DONE;
}

/* Then there is nothing to be undone, and QEMU refuses to. */
static bool may_be_absent(const Migration *m, const CapsStep *step)
{
    bool is_setting = g_str_has_prefix(step->undo->name, "migrate-set-");
    /* An interrupted qmigrate may not have come to this step. */
    return step->may_be_used_up || (m->settings->recover_only && !is_setting);
}

/* The step that was undone last is the one that the answer is about. */
static void take_undo(Migration *m, const Event *event)
{
    bool is_answer = event->kind == EVENT_REPLY ||
                     event->kind == EVENT_REFUSED ||
                     event->kind == EVENT_SILENT || event->kind == EVENT_LOST;
    if (!is_answer || m->n_sent >= m->steps->len) {
        return;
    }
    CapsStep *step = m->steps->pdata[m->n_sent];
    if (event->kind == EVENT_LOST) {
        step->is_left |= step->is_undoing && event->side == step->side;
        return;
    }
    if (event->ask != TELL_UNDO || event->side != step->side) {
        return;
    }
    step->is_undoing = false;
    step->is_restored = event->kind != EVENT_SILENT;
    step->is_left = event->kind == EVENT_SILENT;
    if (event->kind == EVENT_REFUSED && !may_be_absent(m, step)) {
        g_autofree char *names = caps_step_undo_text(step);
        step->is_restored = false;
        step->is_undo_refused = true;
        phase_note(m, "%s: %s could not be put back: %s",
                   side_name(event->side), names, event->text);
    }
}

PhaseId roll_back_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_DIED && keeps_guest(m, event->side)) {
        return lose_keeper(m, event->side);
    }
    take_settings(m, event);
    take_undo(m, event);
    if (event->kind == EVENT_DEADLINE) {
        m->is_undo_late = true;
        phase_note(m, "not all settings were put back in time");
        for (guint i = 0; i < m->n_undo; i++) {
            CapsStep *step = m->steps->pdata[i];
            bool is_undone = i > m->n_sent ||
                             (i == m->n_sent &&
                              !phase_is_waiting_for(m, step->side, TELL_UNDO));
            if (is_undone) {
                break;
            }
            step->is_left = has_to_restore(m, step);
        }
        return PHASE_DONE;
    }
    if (event->kind == EVENT_TICK && is_ending(m, SIDE_DESTINATION)) {
        ask_briefly(m, SIDE_DESTINATION, ASK_MIGRATION);
    }
    return phase_is_waiting(m) ? m->phase : roll_back_next(m);
}

/* A QEMU that refuses credentials says little, and the other side's words may be
 * on its standard error alone: what can be seen of them here says more. */
static void name_credentials(Migration *m)
{
    Failure *failure = &m->failure;
    Side side = N_SIDES;
    if (failure->code == FAILURE_NONE || failure->hint ||
        failure_row(failure->code)->is_ours || !m->settings->secure) {
        return;
    }
    g_autofree char *cause = secure_cause(m, &side);
    if (cause) {
        failure->hint = g_strdup_printf(
            "the credentials%s%s: %s", side < N_SIDES ? " of the " : "",
            side < N_SIDES ? side_name(side) : "", cause);
    } else if (failure->code == FAILURE_MIGRATION_FAILED) {
        failure->hint =
            g_strdup("QEMU's own words are above; if it is the "
                     "credentials, the destination's standard error "
                     "says more");
    }
}

/* It is told, as nobody else will: QEMU has no way to begin anew, and one that
 * refused a source at the handshake waits on for ever. */
static void report_waiting(Migration *m)
{
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    bool is_useless =
        m->migrate_us > 0 &&
        (m->outcome == OUTCOME_FAILED || m->outcome == OUTCOME_CANCELLED) &&
        !was_never_told(m, SIDE_DESTINATION);

    if (is_useless && destination->connected && !destination->dead &&
        facts_run_state_is(destination, "inmigrate")) {
        phase_note(m, "the destination's QEMU still waits, and takes no other "
                      "migration: it has to be started anew for the next one");
    }
}

PhaseId done_enter(Migration *m)
{
    m->end_us = m->now_us;
    note_left(m);
    report_waiting(m);
    if (m->context.started && !m->context.postcopy &&
        caps_inventory_is_on(&m->wanted[SIDE_SOURCE], "postcopy-ram")) {
        phase_note(m, "post-copy was armed on both sides and not begun: a "
                      "policy does it, or migrate-start-postcopy on the "
                      "source");
    }
    /* What QEMU said of the failure, from both sides. */
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (m->failure.code != FAILURE_NONE && !m->failure.qemu_text[side] &&
            !failure_row(m->failure.code)->is_ours) {
            m->failure.qemu_text[side] = g_strdup(m->facts[side].error_desc);
        }
    }
    phase_name_cause(m);
    name_credentials(m);
    phase_judge_guest(m);
    return m->phase;
}

PhaseId done_handle(Migration *m, const Event *event)
{
    return m->phase;
}
