/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long each lever would still take, and which one is worth it. */
#include "orchestrator/policy-adaptive.h"
#include "orchestrator/saturate.h"

#include <math.h>

#define MIB              1048576.0
#define QEMU_DOWNTIME_US 300000u
#define START_MS         100u /* what nobody minds */

/* A way that is gentler to the guest may take so much more of all the time that
 * the migration takes. */
#define WORTH 0.02
/* Instead of post-copy, so much of the time in which the guest would wait for
 * pages. */
#define WORTH_OF_POSTCOPY 0.35
/* Passes that leave the same for so long will leave it again. */
#define STALL_US G_USEC_PER_SEC
/* It takes QEMU so long to go by another limit: it measures each 100 ms. */
#define LIMIT_DELAY_S 0.1
/* Limits to choose from. */
#define LIMITS 9
/* QEMU goes by the bandwidth of its last 100 ms, which jumps. */
#define LIMIT_MARGIN 1.2
/* Of a pass to the next, under a throttle that is enough. */
#define SHRINK_THROTTLED 0.5
/* 1 - exp(-3) of a working set is 95 %. */
#define NEARLY_ALL       3.0
#define THROTTLE_DELAY_S 1.0
/* A pass that ends so long after QEMU last slowed the guest down is long. */
#define TRIAL_US (3 * G_USEC_PER_SEC / 2)
/* What is foreseen may be off by that: before it is said that all is in vain. */
#define DOUBT 1.25

double adaptive_most_s(const PolicyTerms *terms)
{
    uint64_t most_us = terms->max_downtime_us     ? terms->max_downtime_us
                       : terms->start_downtime_us ? terms->start_downtime_us
                       : terms->qemu_downtime_us  ? terms->qemu_downtime_us
                                                  : QEMU_DOWNTIME_US;
    return most_us / 1e6;
}

uint64_t adaptive_most_ms(const PolicySpec *spec, const PolicyTerms *terms)
{
    return saturate_unsigned_from_double(adaptive_most_s(terms) * 1e3 + 0.5);
}

uint64_t adaptive_start_ms(const PolicySpec *spec, const PolicyTerms *terms)
{
    return MIN(START_MS, adaptive_most_ms(spec, terms));
}

double adaptive_left_s(const Policy *policy)
{
    return policy->terms.timeout_us > 0
               ? ((int64_t)policy->terms.timeout_us - policy->now.time_us) / 1e6
               : HUGE_VAL;
}

/* Percent, so that the next pass leaves half of what the last one did. */
static unsigned throttle_enough(const Reckoning *r, const DirtyFit *dirty)
{
    double share = SHRINK_THROTTLED * r->outlook.bandwidth_bytes_per_s /
                   MAX(dirty->rate_bytes_per_s, 1);
    return share >= 1 ? 0
                      : (unsigned)MIN(ceil((1 - share) * 100), THROTTLE_MOST);
}

/* What may be pending when the limit is raised, so that it still fits when QEMU
 * goes by it: meanwhile it sends, and the guest dirties, some of it what is left
 * anyway. */
static double enough_to_raise(const Reckoning *r, const Outlook *outlook)
{
    double most = r->most_s * r->switch_bytes_per_s;
    double sent = outlook->bandwidth_bytes_per_s * LIMIT_DELAY_S;
    double dirty =
        dirty_fit_bytes(&outlook->dirty, outlook->share * LIMIT_DELAY_S);
    double fresh = 1 - dirty / outlook->dirty.most_bytes;
    double enough = most;
    if (outlook->dirty.most_bytes > most) {
        enough = sent + (most - dirty) / MAX(fresh, 0.01);
    }
    return CLAMP(enough, most / 2, most);
}

/* QEMU has to see twice, a second apart, that it is needed. */
static double slowed_seconds(const Reckoning *r, const Outlook *slowed)
{
    double enough = enough_to_raise(r, slowed);
    double pending = r->pending, seconds = 0;
    do {
        seconds += outlook_pass_seconds(&r->outlook, pending);
        pending = outlook_next(&r->outlook, pending);
    } while (seconds < THROTTLE_DELAY_S && pending > enough);
    return seconds + outlook_seconds(slowed, pending, enough);
}

/* QEMU takes its time to begin, and what a throttle does, two passes tell that
 * lie wholly under it, or one that is long. */
static bool is_throttle_on_trial(const Policy *policy)
{
    const Adaptive *own = policy->own;
    guint passes = adaptive_throttled_passes(policy);
    int64_t past_us = policy->now.time_us - own->throttled_us;
    if (own->throttle <= THROTTLE_LEAST) {
        return false;
    }
    return policy->now.throttle_percent < (int)own->throttle || passes == 0 ||
           (passes < THROTTLE_TOLD && past_us < TRIAL_US);
}

/* The guest is taken for one that writes no page twice: a throttle that is too
 * weak can be made stronger, and what it costs cannot be given back. */
static double throttle_seconds(const Policy *policy, Reckoning *r)
{
    const Adaptive *own = policy->own;
    Outlook slowed = r->outlook;
    slowed.dirty = dirty_fit_straight(own->points, own->n_points);
    r->throttle = throttle_enough(r, &slowed.dirty);
    bool on_trial = is_throttle_on_trial(policy);
    if (on_trial) {
        r->throttle = own->throttle;
    } else if (r->is_floor &&
               policy->now.throttle_percent > (int)THROTTLE_LEAST) {
        /* what was reckoned to be enough was not: half of the rest */
        unsigned more = (policy->now.throttle_percent + THROTTLE_MOST + 1) / 2;
        r->throttle = MAX(r->throttle, more);
    }
    slowed.share = 1 - r->throttle / 100.0;
    return slowed.share < r->outlook.share || on_trial
               ? slowed_seconds(r, &slowed)
               : HUGE_VAL;
}

/* It holds for each vCPU, and how many there are is not known: from what all of
 * them together may dirty it goes down until it is enough. */
static double dirty_limit_seconds(const Policy *policy, Reckoning *r)
{
    const Adaptive *own = policy->own;
    Outlook slowed = r->outlook;
    slowed.dirty =
        (DirtyFit){ SHRINK_THROTTLED * r->outlook.bandwidth_bytes_per_s,
                    HUGE_VAL };
    double mib = slowed.dirty.rate_bytes_per_s / MIB;
    if (own->limited_mib <= mib) {
        mib = r->is_floor ? own->limited_mib / 2.0 : own->limited_mib;
    }
    r->limit_mib = (unsigned)MAX(mib, 1);
    return r->limit_mib < own->limited_mib ? slowed_seconds(r, &slowed)
                                           : HUGE_VAL;
}

bool adaptive_may_postcopy(const PolicyTerms *terms)
{
    return terms->has_postcopy && (terms->on_stall == ON_STALL_UNSAID ||
                                   terms->on_stall == ON_STALL_POSTCOPY);
}

/* Whoever waits for better again and again has waited too long in the end: what
 * it may cost is measured against what could have been done first. */
static void note_sure(Policy *policy, Reckoning *r)
{
    Adaptive *own = policy->own;
    double done_s = r->past_s + r->pending / r->outlook.bandwidth_bytes_per_s;
    if ((r->pending <= enough_to_raise(r, &r->outlook) ||
         adaptive_may_postcopy(&policy->terms)) &&
        (own->sure_s == 0 || done_s < own->sure_s)) {
        own->sure_s = done_s;
    }
    r->sure_s = own->sure_s > 0 ? own->sure_s : HUGE_VAL;
}

/* How long it takes if QEMU is told such a limit now; it ends passes as soon as
 * no more is left than that. */
static double limit_seconds(const Reckoning *r, double limit_s)
{
    Outlook outlook = r->outlook;
    outlook.left_bytes = limit_s * r->switch_bytes_per_s;
    return outlook_seconds(&outlook, r->pending, outlook.left_bytes);
}

/* Another pass at least, with a low limit until one has left little enough. */
static double pass_seconds(const Reckoning *r, double enough)
{
    Outlook outlook = r->outlook;
    outlook.left_bytes = r->start_s * r->switch_bytes_per_s;
    return outlook_pass_seconds(&outlook, r->pending) +
           outlook_seconds(&outlook, outlook_next(&outlook, r->pending),
                           enough);
}

/*
 * The gentlest limit that hardly takes longer than the best one: a low one, as
 * passes then leave less; or a higher one, with which they are shorter; or, if
 * it may be, what is pending now.
 */
static void plan_limit(Reckoning *r)
{
    double enough = enough_to_raise(r, &r->outlook);
    double now_s = r->pending / r->switch_bytes_per_s;
    double limits[LIMITS] = { r->start_s }, seconds[LIMITS];
    double range = r->most_limit_s / r->start_s;
    int best = 0, chosen = 0;
    seconds[0] = pass_seconds(r, enough);
    for (int i = 1; i < LIMITS - 1; i++) {
        limits[i] = r->start_s * pow(range, (i - 1) / (LIMITS - 3.0));
        seconds[i] = limit_seconds(r, limits[i]);
    }
    seconds[LIMITS - 1] = HUGE_VAL;
    if (r->pending <= enough) {
        limits[LIMITS - 1] = MIN(now_s * LIMIT_MARGIN, r->most_limit_s);
        seconds[LIMITS - 1] = r->pending / r->outlook.bandwidth_bytes_per_s;
    }
    for (int i = 1; i < LIMITS; i++) {
        best = seconds[i] < seconds[best] ? i : best;
    }
    double end_s =
        (1 + WORTH_LESS_DOWNTIME) * MIN(r->past_s + seconds[best], r->sure_s);
    while (chosen < best && r->past_s + seconds[chosen] > end_s) {
        chosen++;
    }
    r->limit_s = limits[chosen];
    r->seconds[LEVER_WAIT] = seconds[chosen];
}

Reckoning adaptive_look(const Policy *policy)
{
    const Adaptive *own = policy->own;
    const PolicyTerms *terms = &policy->terms;
    double bandwidth = policy->now.bandwidth_bytes_per_s;
    double throttled = MAX(policy->now.throttle_percent, 0) / 100.0;
    Reckoning r = {
        .outlook = { dirty_fit(own->points, own->n_points), bandwidth,
                     1 - MIN(throttled, THROTTLE_MOST / 100.0) },
        .pending = policy->now.remaining_bytes,
        .switch_bytes_per_s = terms->switchover_bandwidth_bytes_per_s > 0
                                  ? terms->switchover_bandwidth_bytes_per_s
                                  : bandwidth,
        .most_s = adaptive_most_s(terms),
        .past_s = policy->now.time_us / 1e6,
        .left_s = adaptive_left_s(policy),
        .sure_s = HUGE_VAL,
        .is_floor = adaptive_is_floor(policy, STALL_US),
    };
    r.most_limit_s = r.most_s / MAX(own->jump, 1);
    r.start_s =
        MIN(adaptive_start_ms(policy->spec, terms) / 1e3, r.most_limit_s);
    r.outlook.left_bytes =
        policy->now.downtime_limit_us / 1e6 * r.switch_bytes_per_s;
    return r;
}

Reckoning adaptive_reckon(Policy *policy)
{
    const PolicyTerms *terms = &policy->terms;
    Reckoning r = adaptive_look(policy);
    note_sure(policy, &r);
    plan_limit(&r);
    if (r.is_floor && r.pending > enough_to_raise(&r, &r.outlook)) {
        r.seconds[LEVER_WAIT] = HUGE_VAL;
    }
    r.seconds[LEVER_THROTTLE] =
        terms->throttle_is_users   ? HUGE_VAL
        : terms->has_auto_converge ? throttle_seconds(policy, &r)
        : terms->has_dirty_limit   ? dirty_limit_seconds(policy, &r)
                                   : HUGE_VAL;
    r.seconds[LEVER_POSTCOPY] =
        adaptive_may_postcopy(terms)
            ? r.pending / r.outlook.bandwidth_bytes_per_s
            : HUGE_VAL;
    for (Lever i = LEVER_WAIT; i < LEVER_POSTCOPY; i++) {
        if (r.seconds[i] > r.left_s) {
            r.seconds[i] = HUGE_VAL;
        }
    }
    return r;
}

Lever adaptive_choose(const Reckoning *r)
{
    Lever fastest = LEVER_WAIT;
    for (Lever i = LEVER_WAIT; i < N_LEVERS; i++) {
        if (r->seconds[i] < r->seconds[fastest]) {
            fastest = i;
        }
    }
    if (isinf(r->seconds[fastest])) {
        return N_LEVERS;
    }
    double end_s = MIN(r->past_s + r->seconds[fastest], r->sure_s);
    double worth_s = WORTH * end_s;
    if (fastest == LEVER_POSTCOPY) {
        worth_s = MAX(WORTH_OF_POSTCOPY * r->seconds[fastest],
                      WORTH_LESS_DOWNTIME * end_s);
    }
    for (Lever i = LEVER_WAIT; i < fastest; i++) {
        if (r->past_s + r->seconds[i] <= end_s + worth_s) {
            return i;
        }
    }
    return fastest;
}

/* From which bandwidth on the passes would come down to the downtime allowed,
 * and in time. */
static double bandwidth_needed(const Reckoning *r)
{
    DirtyFit dirty = r->outlook.dirty;
    double pass_s = r->pending / r->outlook.bandwidth_bytes_per_s;
    if (isinf(dirty.most_bytes) && r->is_floor) {
        /* all passes were alike, and each wrote about all there is */
        dirty = (DirtyFit){ NEARLY_ALL * r->pending / pass_s, r->pending };
    }
    double floor_bytes = dirty_fit_bytes(&dirty, r->outlook.share * r->most_s);
    double converges = DOUBT * floor_bytes / r->most_s;
    double in_time =
        isinf(r->left_s) || r->left_s <= 0 ? 0 : DOUBT * r->pending / r->left_s;
    return MAX(converges, in_time);
}

char *adaptive_needs(const Policy *policy, const Reckoning *r)
{
    const PolicyTerms *terms = &policy->terms;
    double floor_bytes = outlook_floor(&r->outlook, r->pending);
    double downtime_s =
        MAX(floor_bytes, MIN(r->pending, adaptive_lowest(policy))) /
        r->switch_bytes_per_s;
    return g_strdup_printf("%.0f MiB/s, or %.1f s of downtime%s%s",
                           bandwidth_needed(r) / MIB, downtime_s * 1.1 + 0.05,
                           terms->has_auto_converge || terms->has_dirty_limit
                               ? ""
                               : ", or auto-converge",
                           terms->has_postcopy ? "" : ", or post-copy");
}
