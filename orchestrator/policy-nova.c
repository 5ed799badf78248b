/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nova's: the downtime-limit grows in equal steps of time, whatever the passes
 * show.  QEMU's own limit stands until the first look, so a small guest may be
 * gone before.  When the time is over it gives up, or forces the end if it is
 * configured so, which is --on-stall here.
 */
#include "orchestrator/policy-schedule.h"
#include "orchestrator/saturate.h"

#define POLL_MS            500u
#define DOWNTIME_MS        500u
#define STEPS              10u
#define STEP_MS_PER_GIB    75000u
#define TIMEOUT_MS_PER_GIB 800000u
#define GIB_MIN            2u

#define STEP(i)                                                                \
    {                                                                          \
        (uint64_t)(i) * STEP_MS_PER_GIB,                                       \
        {                                                                      \
            POLICY_SET, 0                                                      \
        }                                                                      \
    }

static const char *const throttled[] = { "auto-converge", NULL };

static const ScheduleStep steps[STEPS + 1] = {
    STEP(0), STEP(1), STEP(2), STEP(3), STEP(4),  STEP(5),
    STEP(6), STEP(7), STEP(8), STEP(9), STEP(10),
};

static uint64_t linear_ms(const PolicyTerms *terms, size_t index)
{
    double most = policy_most_ms(terms, DOWNTIME_MS);
    double base = most / STEPS;
    return saturate_unsigned_from_double(base + index * (most - base) / STEPS);
}

/* Forced is post-copy where it is armed, else a stop. */
static ScheduleAction at_timeout(const PolicyTerms *terms)
{
    switch (terms->on_stall) {
    case ON_STALL_POSTCOPY:
        return (ScheduleAction){ terms->has_postcopy ? POLICY_POSTCOPY
                                                     : POLICY_STOP,
                                 0 };
    case ON_STALL_STOP:
        return (ScheduleAction){ POLICY_STOP, 0 };
    case ON_STALL_UNSAID:
    case ON_STALL_ABORT:
    case N_ON_STALLS:
        break;
    }
    return (ScheduleAction){ POLICY_ABORT, 0 };
}

static const Schedule schedule = {
    .count = COUNT_MS_PER_GIB,
    .steps = steps,
    .n_steps = G_N_ELEMENTS(steps),
    .formula = linear_ms,
    .timeout_ms_per_gib = TIMEOUT_MS_PER_GIB,
    .gib_min = GIB_MIN,
    .choice = at_timeout,
};

const PolicySpec policy_nova = {
    .name = "nova",
    .help = "more downtime as time goes by, up to 500 ms; abort, or as "
            "--on-stall says, after 800 s for each GiB",
    .features = throttled,
    .heeds_on_stall = true,
    .poll_ms = POLL_MS,
    .start_ms = schedule_start_ms,
    .judge = schedule_judge,
    .own_bytes = sizeof(ScheduleState),
    .data = &schedule,
};
