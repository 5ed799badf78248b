/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/policy-schedule.h"

#include <inttypes.h>

#include "caps/units.h"

uint64_t schedule_start_ms(const PolicySpec *spec, const PolicyTerms *terms)
{
    const Schedule *schedule = spec->data;
    return schedule->start_ms;
}

/* Passes are counted when they have ended, also those between two looks. */
static void count_stalled(ScheduleState *state, const Policy *policy)
{
    for (; state->n_boundaries < policy->boundaries->len;
         state->n_boundaries++) {
        const Boundary *boundary =
            &g_array_index(policy->boundaries, Boundary, state->n_boundaries);
        bool is_first = state->n_boundaries == 0;
        if (is_first || boundary->remaining_bytes < state->least_bytes) {
            state->least_bytes = boundary->remaining_bytes;
            state->n_stalled = 0;
        } else {
            state->n_stalled++;
        }
    }
}

/* 0: QEMU has not said how much memory there is. */
static double gib(const Schedule *schedule, const Sample *sample)
{
    return sample->total_bytes > 0
               ? MAX(sample->total_bytes / (double)POLICY_GIB,
                     (double)schedule->gib_min)
               : 0;
}

static uint64_t count(const Schedule *schedule, ScheduleState *state,
                      const Policy *policy, const Sample *sample)
{
    double size = gib(schedule, sample);
    switch (schedule->count) {
    case COUNT_PASSES:
        return MAX(policy_passes(policy) - state->first_passes, 0);
    case COUNT_STALLED:
        count_stalled(state, policy);
        return state->n_stalled;
    case COUNT_MS:
        return sample->time_us / 1000;
    case COUNT_MS_PER_GIB:
        return size > 0 ? (uint64_t)(sample->time_us / 1000 / size) : 0;
    case N_COUNTS:
        break;
    }
    return 0;
}

static char *count_text(const Schedule *schedule, uint64_t n)
{
    g_autofree char *time = unit_format(n, UNIT_MILLISECONDS);
    const char *passes = n == 1 ? "pass" : "passes";
    switch (schedule->count) {
    case COUNT_PASSES:
        return g_strdup_printf("%" PRIu64 " %s since the first look", n,
                               passes);
    case COUNT_STALLED:
        return g_strdup_printf("it has not shrunk for %" PRIu64 " %s", n,
                               passes);
    case COUNT_MS:
        return g_strdup_printf("%s are over", time);
    case COUNT_MS_PER_GIB:
        return g_strdup_printf("%s for each GiB are over", time);
    case N_COUNTS:
        break;
    }
    return NULL;
}

/* One without a time stops whatever is left; one with a time may not. */
static Verdict stop(Policy *policy, ScheduleAction act, const char *rule,
                    const char *why)
{
    if (act.ms == 0) {
        return policy_stop(policy, POLICY_STOP_MS, rule, "%s: stop and copy",
                           why);
    }
    return policy_stop(policy, act.ms, rule,
                       "%s: stop if the rest takes no more than %" PRIu64 " ms",
                       why, act.ms);
}

/* What is due is @act, for the reason @why, which begins with the plight. */
static Verdict carry_out(Policy *policy, ScheduleAction act, const char *rule,
                         const char *why)
{
    switch (act.action) {
    case POLICY_SET:
        return policy_set_downtime(policy, act.ms, rule,
                                   "%s: downtime-limit %" PRIu64 " ms", why,
                                   policy_cap_ms(&policy->terms, act.ms));
    case POLICY_POSTCOPY:
        return policy_act(policy, POLICY_POSTCOPY, rule, "%s: post-copy", why);
    case POLICY_STOP:
        return stop(policy, act, rule, why);
    case POLICY_ABORT:
        return policy_act(policy, POLICY_ABORT, rule, "%s: abort", why);
    case POLICY_WAIT:
    case N_POLICY_ACTIONS:
        break;
    }
    return policy_wait();
}

/* The step or last action at @index; false: there is none.  The count may fall
 * again when passes that stall are counted, so last actions need it to be over
 * the last limit, too. */
static bool find(const Schedule *schedule, const PolicyTerms *terms,
                 size_t index, ScheduleStep *ret)
{
    if (index < schedule->n_steps) {
        *ret = schedule->steps[index];
        if (schedule->formula && ret->act.action == POLICY_SET) {
            ret->act.ms = schedule->formula(terms, index);
        }
        return true;
    }
    if (index < schedule->n_steps + schedule->n_last) {
        *ret = (ScheduleStep){
            schedule->n_steps > 0 ? schedule->steps[schedule->n_steps - 1].limit
                                  : 0,
            schedule->last[index - schedule->n_steps],
        };
        return true;
    }
    return false;
}

static bool is_impossible(const Policy *policy, ScheduleAction act)
{
    return act.action == POLICY_POSTCOPY && !policy->terms.has_postcopy;
}

/* One action each time that the count grew, as oVirt does: a look that comes
 * late skips nothing. */
static Verdict step(Policy *policy, const Schedule *schedule,
                    ScheduleState *state)
{
    const char *refused = "";
    ScheduleStep next;
    if (!find(schedule, &policy->terms, state->next, &next) ||
        state->count <= next.limit) {
        return policy_wait();
    }
    state->next++;
    while (is_impossible(policy, next.act)) {
        refused = ", and post-copy is not armed";
        if (!find(schedule, &policy->terms, state->next++, &next)) {
            return policy_wait();
        }
    }
    g_autofree char *plight = policy_plight(policy);
    g_autofree char *counted = count_text(schedule, state->count);
    g_autofree char *why =
        g_strdup_printf("%s; %s%s", plight, counted, refused);
    return carry_out(policy, next.act,
                     state->next > schedule->n_steps ? "last" : "step", why);
}

/* In ms; 0: none. */
static uint64_t allowed_ms(const Schedule *schedule, const Sample *sample)
{
    uint64_t by_size = gib(schedule, sample) * schedule->timeout_ms_per_gib;
    if (schedule->timeout_ms == 0 || by_size == 0) {
        return MAX(schedule->timeout_ms, by_size);
    }
    return MIN(schedule->timeout_ms, by_size);
}

static Verdict time_out(Policy *policy, const Schedule *schedule,
                        ScheduleState *state, uint64_t most_ms)
{
    ScheduleAction act = schedule->choice ? schedule->choice(&policy->terms)
                                          : schedule->at_timeout;
    const char *refused = "";
    if (is_impossible(policy, act)) {
        act = (ScheduleAction){ POLICY_ABORT, 0 };
        refused = ", and post-copy is not armed";
    }
    g_autofree char *plight = policy_plight(policy);
    g_autofree char *most = unit_format(most_ms, UNIT_MILLISECONDS);
    g_autofree char *why =
        g_strdup_printf("%s; the %s allowed are over%s", plight, most, refused);
    state->is_timed_out = true;
    return carry_out(policy, act, "timeout", why);
}

Verdict schedule_judge(Policy *policy, const Sample *sample)
{
    const Schedule *schedule = policy->spec->data;
    ScheduleState *state = policy->own;
    uint64_t most_ms = allowed_ms(schedule, sample);

    if (most_ms > 0 && !state->is_timed_out &&
        sample->time_us / 1000 > (int64_t)most_ms) {
        return time_out(policy, schedule, state, most_ms);
    }
    if (!state->has_looked) {
        state->has_looked = true;
        state->first_passes = policy_passes(policy);
    }
    uint64_t now = count(schedule, state, policy, sample);
    bool grew = now > state->count;
    state->count = now;
    return grew ? step(policy, schedule, state) : policy_wait();
}
