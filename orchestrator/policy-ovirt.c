/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oVirt's schedules.  VDSM looks every 10 s and, if passes have ended since,
 * does the next thing whose limit is below their number.  It counts passes since
 * it first looked and not stalled ones, so it gives up on a guest that gets on
 * well but slowly.  With no pass ending, as on a dead link, it never acts.
 */
#include <math.h>

#include "orchestrator/policy-schedule.h"
#include "orchestrator/saturate.h"

#define POLL_MS      10000u
#define LEGACY_MS    500u
#define LEGACY_STEPS 5u
#define LEGACY_LIMIT 42u /* of the last step, which is a wait */
#define DOWNTIME(ms)                                                           \
    {                                                                          \
        POLICY_SET, ms                                                         \
    }
#define ROUNDING 1e-6 /* of pow(), before its result is cut */

static const char *const no_features[] = { NULL };
static const char *const throttled[] = { "auto-converge", NULL };
static const char *const compressed[] = { "auto-converge", "xbzrle", NULL };
static const char *const postcopied[] = { "auto-converge", "postcopy", NULL };

static const ScheduleAction abort_at_last[] = { { POLICY_ABORT, 0 } };
static const ScheduleAction suspend_at_last[] = {
    DOWNTIME(5000),
    { POLICY_ABORT, 0 },
};
static const ScheduleAction postcopy_at_last[] = {
    { POLICY_POSTCOPY, 0 },
    { POLICY_ABORT, 0 },
};

/* clang-format off */
static const ScheduleStep minimal_steps[] = {
    { 1, DOWNTIME(150) }, { 2, DOWNTIME(200) }, { 3, DOWNTIME(300) },
    { 4, DOWNTIME(400) }, { 6, DOWNTIME(500) },
};
static const ScheduleStep postcopy_steps[] = {
    { 1, DOWNTIME(150) }, { 2, DOWNTIME(200) },
};
static const ScheduleStep very_large_steps[] = {
    { 1, DOWNTIME(400) }, { 2, DOWNTIME(500) }, { 3, DOWNTIME(700) },
    { 4, DOWNTIME(1000) }, { 6, DOWNTIME(1500) },
};
/* The downtimes are by the formula. */
static const ScheduleStep legacy_steps[] = {
    { 1, DOWNTIME(0) }, { 2, DOWNTIME(0) }, { 3, DOWNTIME(0) },
    { 4, DOWNTIME(0) }, { LEGACY_LIMIT, DOWNTIME(0) },
};
/* clang-format on */

/* From a fifth of the greatest upwards, each step a greater one. */
static uint64_t exponential_ms(const PolicyTerms *terms, unsigned index)
{
    double most = policy_most_ms(terms, LEGACY_MS);
    double offset = most / LEGACY_STEPS;
    double base = pow(most - offset, 1.0 / (LEGACY_STEPS - 1));
    return saturate_unsigned_from_double(offset + pow(base, index) + ROUNDING);
}

static uint64_t legacy_step_ms(const PolicyTerms *terms, size_t index)
{
    return exponential_ms(terms, MIN(index + 1, LEGACY_STEPS - 1));
}

static uint64_t legacy_start_ms(const PolicySpec *spec,
                                const PolicyTerms *terms)
{
    return exponential_ms(terms, 0);
}

static const Schedule legacy = {
    .steps = legacy_steps,
    .n_steps = G_N_ELEMENTS(legacy_steps),
    .formula = legacy_step_ms,
    .last = abort_at_last,
    .n_last = G_N_ELEMENTS(abort_at_last),
};

static const Schedule minimal = {
    .start_ms = 100,
    .steps = minimal_steps,
    .n_steps = G_N_ELEMENTS(minimal_steps),
    .last = abort_at_last,
    .n_last = G_N_ELEMENTS(abort_at_last),
};

static const Schedule suspend = {
    .start_ms = 100,
    .steps = minimal_steps,
    .n_steps = G_N_ELEMENTS(minimal_steps),
    .last = suspend_at_last,
    .n_last = G_N_ELEMENTS(suspend_at_last),
};

static const Schedule postcopy = {
    .start_ms = 100,
    .steps = postcopy_steps,
    .n_steps = G_N_ELEMENTS(postcopy_steps),
    .last = postcopy_at_last,
    .n_last = G_N_ELEMENTS(postcopy_at_last),
};

static const Schedule very_large = {
    .start_ms = 300,
    .steps = very_large_steps,
    .n_steps = G_N_ELEMENTS(very_large_steps),
    .last = suspend_at_last,
    .n_last = G_N_ELEMENTS(suspend_at_last),
};

#define OVIRT(features_, start, schedule)                                      \
    .features = (features_), .poll_ms = POLL_MS, .start_ms = (start),          \
    .judge = schedule_judge, .own_bytes = sizeof(ScheduleState),               \
    .data = &(schedule)

const PolicySpec policy_ovirt_legacy = {
    .name = "ovirt-legacy",
    .help = "more downtime for each pass, in steps that grow, up to 500 ms; "
            "then abort",
    OVIRT(no_features, legacy_start_ms, legacy),
};

const PolicySpec policy_ovirt_minimal_downtime = {
    .name = "ovirt-minimal-downtime",
    .help = "100 ms, with the passes up to 500 ms; then abort",
    OVIRT(throttled, schedule_start_ms, minimal),
};

const PolicySpec policy_ovirt_suspend = {
    .name = "ovirt-suspend",
    .help = "100 ms, with the passes up to 500 ms, then 5 s; then abort",
    OVIRT(compressed, schedule_start_ms, suspend),
};

const PolicySpec policy_ovirt_postcopy = {
    .name = "ovirt-postcopy",
    .help = "100 ms, with the passes up to 200 ms; then post-copy, or abort",
    OVIRT(postcopied, schedule_start_ms, postcopy),
};

const PolicySpec policy_ovirt_very_large = {
    .name = "ovirt-very-large",
    .help = "300 ms, with the passes up to 1.5 s, then 5 s; then abort",
    OVIRT(throttled, schedule_start_ms, very_large),
};
