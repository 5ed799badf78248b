/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include "tests/lib/walk-rules.h"

#include "orchestrator/phases.h"
#include "tests/lib/recorded.h"

static guint stalls_paused; /* migrate-pause sent because of a stall */

static bool is_postcopy(const Facts *facts)
{
    return status_is_postcopy(facts->status);
}

/* @before: its plain members alone. */
static void check_cont(const Migration *before, const Migration *m, Side side)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];

    assert_true(m->context.guest_ran); /* I7 */
    bool is_half = (is_postcopy(source) && !source->dead) ||
                   (is_postcopy(destination) && m->context.started);
    if (is_half) {
        assert_int_equal(side, SIDE_DESTINATION); /* I4: the first one alone */
        assert_false(before->context.cont_sent);
        assert_int_equal(source->status, STATUS_POSTCOPY);
        assert_int_equal(destination->status, STATUS_POSTCOPY);
    } else if (side == SIDE_SOURCE) {
        assert_false(m->context.postcopy); /* I4 */
        bool was_never_told =
            m->context.through_file && !m->context.handed_over;
        assert_true(was_never_told || destination->dead ||
                    destination->status == STATUS_FAILED); /* I2 */
        /* If nothing was sent to it, it runs another guest. */
        assert_false(m->context.started && facts_has_run(destination));
        assert_false(m->context.cont_sent);
        assert_string_not_equal(source->run_state, "finish-migrate"); /* I5 */
        assert_true(source->status == STATUS_COMPLETED || m->context.held);
        assert_true(status_is_terminal(source->status));
    } else {
        /* the source cannot resume any more */
        assert_true(source->status == STATUS_COMPLETED || source->dead ||
                    strcmp(source->run_state, "postmigrate") == 0);
        assert_int_equal(destination->status, STATUS_COMPLETED);       /* I1 */
        assert_false(facts_has_run(&before->facts[SIDE_DESTINATION])); /* I7 */
        assert_false(m->rescue_sent);
    }
}

static bool is_told(Ask ask)
{
    return ask >= TELL_SETTING;
}

static bool is_paused(const Migration *m, Side side)
{
    Status status = m->facts[side].status;
    return status == STATUS_POSTCOPY_PAUSED ||
           (side == SIDE_DESTINATION && status == STATUS_SETUP);
}

/* I13: the connection is proved broken, or both are active and prove a stall. */
static void check_pause(const Migration *m, Side side)
{
    const Stall *stall = &m->stall;
    Side other = side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;

    if (is_paused(m, other) ||
        m->facts[side].status == STATUS_POSTCOPY_RECOVER) {
        return;
    }
    assert_int_equal(m->facts[side].status, STATUS_POSTCOPY);
    assert_int_equal(m->facts[other].status, STATUS_POSTCOPY);
    assert_true(stall->still_us > (int64_t)m->settings->postcopy_stall_us);
    assert_true(stall->moved_us < stall->due_us);
    assert_true(stall->asked_us[side] >= stall->due_us);
    assert_true(stall->asked_us[other] >= stall->due_us);
    assert_true(m->sample.remaining_bytes > 0);
    stalls_paused++;
}

guint walk_n_stalls_paused(void)
{
    return stalls_paused;
}

static void check_mending(const Migration *m, const Action *action)
{
    const Facts *facts = &m->facts[action->side];

    switch ((int)action->ask) {
    case TELL_YANK:
        assert_int_equal(action->side, SIDE_SOURCE);
        if (facts->status == STATUS_POSTCOPY_DEVICE) { /* I13 */
            assert_false(m->context.cont_sent);
            assert_true(m->facts[SIDE_DESTINATION].resume_us == 0);
            assert_true(owner_never_ran_there(&m->facts[SIDE_DESTINATION],
                                              &m->context));
            break;
        }
        assert_false(is_postcopy(facts) || m->context.postcopy); /* I4 */
        break;
    case TELL_PAUSE:
        assert_true(m->context.postcopy && action->command->oob);
        assert_true(is_postcopy(facts));
        check_pause(m, action->side);
        break;
    case TELL_RECOVER:
        assert_true(action->side == SIDE_DESTINATION && action->command->oob);
        assert_int_equal(m->facts[SIDE_SOURCE].status, STATUS_POSTCOPY_PAUSED);
        break;
    case TELL_RESUME:
        assert_int_equal(action->side, SIDE_SOURCE);
        assert_true(m->context.postcopy);
        /* 7.2 has no second try where nobody listens yet */
        assert_false(phase_is_waiting_for(m, SIDE_DESTINATION, TELL_RECOVER));
        break;
    }
}

/* For a source that is not to come any more. */
static bool only_listens(const Migration *m, Side side)
{
    return side == SIDE_DESTINATION && m->settings->secure &&
           m->facts[side].status == STATUS_SETUP && m->phase == PHASE_ROLL_BACK;
}

/* Would the guest leave behind a job that must end? */
static bool jobs_allow(const Migration *m)
{
    g_autoptr(GPtrArray) findings = findings_new();
    caps_jobs_judge(m->jobs[SIDE_SOURCE], SIDE_SOURCE, true, findings);
    return m->settings->no_preflight ||
           !findings_first(findings, FINDING_ERROR);
}

/* What is told at most once; @before: what had been told before. */
static void check_once(const Migration *before, const Action *action)
{
    if (action->kind != ACTION_SEND) {
        return;
    }
    if (action->ask == TELL_MIGRATE) {
        assert_false(before->context.started);
    } else if (action->ask == TELL_CONT && action->side == SIDE_SOURCE) {
        assert_false(before->rescue_sent);
    }
}

/* Who is silent in roll-back does not keep the other side from being restored. */
static void check_brief(const Migration *m, const Action *action)
{
    assert_true(m->phase != PHASE_ROLL_BACK ||
                action->deadline_ms - phase_file_ms(m) <
                    phase_row(PHASE_ROLL_BACK)->deadline_ms);
}

void walk_check_action(const Migration *before, const Migration *m,
                       const Action *action)
{
    const Facts *facts = &m->facts[action->side];

    check_once(before, action);
    assert_false(facts->dead);
    if (action->kind == ACTION_CONNECT) {
        return;
    }
    recorded_check_command(NULL, action->command);
    assert_true(!m->settings->check_only || !is_told(action->ask));
    assert_true(facts->connected);
    check_mending(m, action);
    assert_true(action->deadline_ms > 0); /* I6 */
    check_brief(m, action);
    assert_string_not_equal(action->command->name, "quit"); /* I3 */
    switch ((int)action->ask) {
    case TELL_CONT:
        check_cont(before, m, action->side);
        break;
    case TELL_CANCEL:
        assert_false(is_postcopy(facts)); /* I10 */
        assert_false(m->context.postcopy || m->context.postcopy_sent);
        assert_int_not_equal(facts->status, STATUS_IN_PROGRESS);
        assert_int_equal(action->side, SIDE_SOURCE);
        break;
    case TELL_SETTING:
        assert_false(m->context.started); /* I5 */
        break;
    case TELL_UNDO:
        assert_false(m->context.started &&
                     status_is_in_progress(facts->status) &&
                     !only_listens(m, action->side)); /* I5 */
        break;
    case TELL_MIGRATE:
        assert_int_equal(action->side, SIDE_SOURCE);
        break;
    case TELL_STOP:
        assert_int_equal(action->side, SIDE_SOURCE);
        if (m->context.arrived) {
            break; /* an old guest, wherever it came from */
        }
        assert_true(m->context.through_file && m->context.guest_ran);
        break;
    case TELL_INCOMING: /* a file that is not complete loads half a guest */
        assert_true(
            !m->context.through_file ||
            (m->facts[SIDE_SOURCE].status == STATUS_COMPLETED &&
             facts_run_state_is(&m->facts[SIDE_SOURCE], "postmigrate")));
        assert_true(!m->context.through_file || m->context.handed_over);
        break;
    case TELL_CONTINUE: /* from here on the destination may have the guest */
        assert_true(m->context.through_file || m->context.handed_over);
        assert_true(m->context.through_file || jobs_allow(m));
        break;
    }
}

void walk_check_outcome(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];

    if (m->settings->check_only && m->failure.code == FAILURE_NONE) {
        assert_false(m->context.started);        /* it could, and was not to */
    } else if (m->outcome == OUTCOME_MIGRATED) { /* I9 */
        assert_int_equal(m->failure.code, FAILURE_NONE);
        assert_true(m->context.started);
        assert_int_equal(destination->status, STATUS_COMPLETED);
        assert_true(source->dead || source->status == STATUS_COMPLETED ||
                    source->status == STATUS_POSTCOPY_PAUSED ||
                    (m->context.arrived && status_is_terminal(source->status) &&
                     !facts_run_state_is(source, "running")));
    } else {
        assert_int_not_equal(m->failure.code, FAILURE_NONE);
        assert_non_null(m->failure.message);
        assert_non_null(m->failure.phase);
    }
    if (m->outcome == OUTCOME_LOST) { /* no vCPU of it runs anywhere */
        assert_true(source->dead || !facts_is_running(source));
        assert_true(destination->dead || !facts_is_running(destination) ||
                    !m->context.started);
    }
    if (m->outcome == OUTCOME_REFUSED || m->outcome == OUTCOME_ERROR) {
        assert_false(m->context.started);
    }
    if (strcmp(outcome_row(m->outcome)->guest, "source") == 0 &&
        m->context.guest_ran && m->context.held &&
        !source->dead) { /* what we stopped runs again */
        assert_string_not_equal(source->run_state, "paused");
    }
}
