/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names what ended the migration.  Which side is heard first depends on its
 * monitor; what counts is which ended first, and of what (cause.c).
 */
#include "orchestrator/phases.h"

#include <string.h>

#include "orchestrator/cause.h"

#define CLOCK_MAX_US 100000 /* two clocks that differ less are one */

/* clang-format off */
static const struct {
    const char *reason; /* of SHUTDOWN */
    bool by_guest;
    const char *text;
} shutdowns[] = {
    { "guest-shutdown", true,  "the guest powered itself off" },
    { "guest-reset",    true,  "the guest reset itself, and its QEMU ended (-no-reboot)" },
    { "guest-panic",    true,  "the guest panicked, and its QEMU ended" },
    { "host-qmp-quit",  false, "a QMP client told QEMU to quit" },
    { "host-signal",    false, "a signal ended QEMU" },
    { "host-qmp-system-reset", false,
      "a QMP client reset the guest, and its QEMU ended (-no-reboot)" },
    { "host-ui",        false, "QEMU was closed by its user interface" },
};
/* clang-format on */

static int find_shutdown(const Facts *facts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shutdowns); i++) {
        if (strcmp(shutdowns[i].reason, facts->shutdown_reason) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool phase_is_guests_end(const Migration *m, Side side)
{
    int i = find_shutdown(&m->facts[side]);
    return i >= 0 && shutdowns[i].by_guest;
}

FailureCode phase_death_code(const Migration *m, Side side)
{
    return phase_is_guests_end(m, side) ? FAILURE_GUEST_OFF
           : side == SIDE_SOURCE        ? FAILURE_SOURCE_LOST
                                        : FAILURE_DESTINATION_LOST;
}

const char *phase_death_text(const Migration *m, Side side)
{
    int i = find_shutdown(&m->facts[side]);
    return i < 0 ? "the QEMU process ended" : shutdowns[i].text;
}

Outcome phase_outcome_of_death(const Migration *m)
{
    bool is_there = m->facts[SIDE_DESTINATION].ran || m->context.cont_sent;
    if (!m->context.started) {
        return OUTCOME_ERROR;
    }
    return is_there && phase_is_guests_end(m, SIDE_DESTINATION)
               ? OUTCOME_VERDICT
               : OUTCOME_LOST;
}

/* Its QEMU is gone, or so far with it that it answers no more. */
static bool is_ending(const Facts *facts)
{
    return facts->dead || !facts->connected ||
           facts->status == STATUS_CANCELLING ||
           facts->status == STATUS_CANCELLED;
}

static bool is_stream_failure(FailureCode code)
{
    return code == FAILURE_MIGRATION_FAILED ||
           code == FAILURE_DESTINATION_FAILED ||
           code == FAILURE_CANCELLED_ELSEWHERE;
}

static bool may_be_renamed(FailureCode code)
{
    return is_stream_failure(code) || code == FAILURE_MONITOR_LOST ||
           code == FAILURE_SOURCE_LOST || code == FAILURE_DESTINATION_LOST ||
           code == FAILURE_GUEST_OFF;
}

/*
 * What follows from a cancel of ours, or from a monitor that broke, is no cause:
 * then only the end of that monitor's QEMU is.  SHUTDOWN never follows from them.
 */
static bool stream_counts(const Migration *m)
{
    const Failure *failure = &m->failure;
    return is_stream_failure(failure->code) ||
           (failure->has_side && m->facts[failure->side].has_died &&
            !m->cancel_sent);
}

static bool death_counts(const Migration *m, Side side)
{
    return stream_counts(m) || (m->failure.has_side && m->failure.side == side);
}

static CauseEnd end_of(const Migration *m, Side side)
{
    const Facts *facts = &m->facts[side];
    bool is_cancelled =
        facts->status == STATUS_CANCELLED || facts->status == STATUS_CANCELLING;

    if (facts->shutdown_us && is_ending(facts)) {
        bool is_guests = phase_is_guests_end(m, side);
        return (CauseEnd){ is_guests ? CAUSE_GUEST : CAUSE_TOLD,
                           facts->shutdown_us };
    }
    if (side == SIDE_SOURCE && is_cancelled && stream_counts(m) &&
        !m->cancel_sent) {
        return (CauseEnd){ CAUSE_CANCELLED, 0 };
    }
    if ((facts->failed_us || facts->status == STATUS_FAILED) &&
        stream_counts(m)) {
        return (CauseEnd){ CAUSE_FAILED, facts->failed_us };
    }
    return facts->has_died && death_counts(m, side)
               ? (CauseEnd){ CAUSE_DIED, facts->died_us }
               : (CauseEnd){ CAUSE_FINE, 0 };
}

/* The wall clocks of two hosts may differ by any amount; then order by them means
 * nothing, and the side that was heard first stays named. */
static bool is_one_clock(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    bool is_one_host = m->pid[SIDE_SOURCE] > 0 && m->pid[SIDE_DESTINATION] > 0;
    return is_one_host ||
           (source->has_lag && destination->has_lag &&
            ABS(source->lag_us - destination->lag_us) < CLOCK_MAX_US);
}

static void rename_failure(Migration *m, Side side, Cause cause)
{
    Failure *failure = &m->failure;
    const char *text = phase_death_text(m, side);
    FailureCode code = phase_death_code(m, side);

    if (cause == CAUSE_CANCELLED) {
        code = FAILURE_CANCELLED_ELSEWHERE;
        text = "cancelled by another QMP client";
    } else if (cause == CAUSE_FAILED) {
        bool is_source = side == SIDE_SOURCE;
        code =
            is_source ? FAILURE_MIGRATION_FAILED : FAILURE_DESTINATION_FAILED;
        text = is_source ? "the migration failed" : "could not load the guest";
    }
    if (code == failure->code && failure->has_side && failure->side == side) {
        return;
    }
    failure->code = code;
    failure->has_side = true;
    failure->side = side;
    g_free(failure->message);
    failure->message = g_strdup(text);
}

void phase_name_cause(Migration *m)
{
    if (!may_be_renamed(m->failure.code)) {
        return;
    }
    CauseEnd ends[N_SIDES] = { end_of(m, SIDE_SOURCE),
                               end_of(m, SIDE_DESTINATION) };
    if (!is_one_clock(m)) {
        ends[SIDE_SOURCE].us = ends[SIDE_DESTINATION].us = 0;
    }
    CauseVerdict verdict = cause_judge(ends);
    if (verdict.side < N_SIDES) {
        rename_failure(m, verdict.side, ends[verdict.side].cause);
    }
    m->failure.has_first = verdict.first < N_SIDES;
    m->failure.first = verdict.first;
    m->failure.lead_us = verdict.lead_us;
}
