/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * settle: both sides have said "completed".  Only now the destination is told to
 * run: before, a broken return path could still make the source resume.  Then
 * both are asked until every word of I9 is true.
 */
#include "orchestrator/phases.h"

static void ask_both(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        phase_ask(m, side, ASK_RUN_STATE, NULL);
        phase_ask(m, side, ASK_MIGRATION, NULL);
    }
}

PhaseId settle_enter(Migration *m)
{
    /* A destination that was started without -S runs by itself; one that ran and
     * is paused was paused by someone (I7). */
    if (m->context.guest_ran && !facts_has_run(&m->facts[SIDE_DESTINATION])) {
        phase_ask(m, SIDE_DESTINATION, TELL_CONT, NULL);
        m->context.cont_sent = true;
    }
    ask_both(m);
    return m->phase;
}

PhaseId phase_has_migrated(Migration *m)
{
    const Facts *destination = &m->facts[SIDE_DESTINATION];

    if (m->context.guest_ran && facts_run_state_is(destination, "paused")) {
        phase_note(m, "someone paused the guest on the destination after it "
                      "had run there: it stays paused");
        m->context.guest_ran = false;
    }
    if (facts_is_reset(&m->facts[SIDE_SOURCE])) {
        phase_note(m, "someone reset the source after the guest had left it: "
                      "never cont the source, that boots the guest a second "
                      "time");
    }
    m->outcome = OUTCOME_MIGRATED;
    m->settled_us = m->now_us;
    return PHASE_ROLL_BACK;
}

static bool is_settled(const Migration *m)
{
    return owner_judge(m->facts, &m->context, /* final= */ false) ==
           OWNER_DESTINATION;
}

PhaseId settle_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_CANCEL) {
        phase_note(m, "too late to cancel: the destination gets the guest");
    }
    if (phase_is_waiting(m)) {
        return m->phase;
    }
    if (is_settled(m)) {
        return phase_has_migrated(m);
    }
    /* 7.2 says "completed" a moment before it is "postmigrate". */
    if (event->kind == EVENT_TICK) {
        ask_both(m);
    }
    return m->phase;
}
