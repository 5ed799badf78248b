/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's run state: which one it had on the source, and whether it has the
 * same one where it is in the end.  A guest that was paused stays paused (I7); one
 * that stopped by itself meanwhile is not as it should be.
 */
#include "orchestrator/phases.h"

#include <string.h>

#include "orchestrator/guest-state.h"

static void intend(Migration *m, const char *run_state)
{
    g_strlcpy(m->intended, run_state, sizeof(m->intended));
    m->context.guest_ran = guest_state_is_live(run_state);
}

void phase_find_guest(Migration *m)
{
    const char *run_state = m->facts[SIDE_SOURCE].run_state;
    g_strlcpy(m->found, run_state, sizeof(m->found));
    g_strlcpy(m->seen, run_state, sizeof(m->seen));
    intend(m, run_state);
}

static bool is_under_way(const Migration *m)
{
    return m->phase == PHASE_TRANSFER || m->phase == PHASE_SWITCHOVER ||
           (m->phase == PHASE_POSTCOPY && !m->context.cont_sent);
}

/*
 * A STOP can be the switchover's, which shows as "finish-migrate", or a person's,
 * or the guest has stopped by itself: then it stays stopped on the destination
 * (I7), where QEMU would refuse to let some of these run.
 */
void phase_follow_guest(Migration *m)
{
    Facts *source = &m->facts[SIDE_SOURCE];
    if (!is_under_way(m) || m->context.held) {
        return;
    }
    if (facts_run_state_is(source, "shutdown")) {
        source->shutdown_us = 0; /* QEMU stays: -no-shutdown */
        source->shutdown_reason[0] = '\0';
    }
    if (guest_state_is_fault(source->run_state)) {
        m->context.guest_ran = false;
    } else if (guest_state_is_live(source->run_state) ||
               facts_run_state_is(source, "paused")) {
        intend(m, source->run_state);
    } else {
        return;
    }
    g_strlcpy(m->seen, source->run_state, sizeof(m->seen));
}

/* Somebody who paused it there meant it: phase_has_migrated() notes that. */
static bool is_intended(const Migration *m, const char *run_state)
{
    if (strcmp(run_state, "paused") == 0) {
        return true;
    }
    if (m->intended[0] == '\0') { /* only whether it ran is known */
        return !m->context.guest_ran || guest_state_is_live(run_state);
    }
    return strcmp(run_state, m->intended) == 0;
}

void phase_judge_guest(Migration *m)
{
    const char *run_state = m->facts[SIDE_DESTINATION].run_state;
    const char *phrase = guest_state_phrase(run_state);

    bool has_migrated = m->outcome == OUTCOME_MIGRATED && m->settled_us > 0;
    if (!has_migrated || is_intended(m, run_state)) {
        return;
    }
    if (facts_run_state_is(&m->facts[SIDE_DESTINATION], "postmigrate")) {
        phase_fail(m, FAILURE_GUEST_STATE, SIDE_DESTINATION,
                   "the guest was migrated on from there (run state "
                   "postmigrate)");
        m->failure.hint =
            g_strdup("find the QEMU or file that has the guest now; cont "
                     "neither the source nor the destination");
        m->outcome = OUTCOME_VERDICT;
        return;
    }
    phase_fail(m, FAILURE_GUEST_STATE, SIDE_DESTINATION,
               "the guest %s (run state %s, expected %s)",
               phrase ? phrase : "is in another run state", run_state,
               m->intended[0] ? m->intended : "running");
    m->failure.hint =
        guest_state_advice(run_state, migration_monitor(m, SIDE_DESTINATION));
    m->outcome = OUTCOME_VERDICT;
}
