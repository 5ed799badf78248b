/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Slows the guest down by what QEMU has for that: its throttle, or its limit of
 * how much a vCPU may dirty.  Both begin by themselves when a guest dirties much,
 * so they are kept harmless until they are needed.
 */
#include "orchestrator/policy-adaptive.h"

#include <math.h>
#include <stdio.h>

#define MIB 1048576.0

/* Another throttle is set if it is so many percent off. */
#define THROTTLE_NEAR 3u
/* A limit that no vCPU reaches, in MiB/s. */
#define DIRTY_LIMIT_NONE 100000u

/* One step towards the throttle that is wanted; wait: it is there. */
static Verdict steer_throttle(Policy *policy)
{
    static const char *const names[N_STEERS] = {
        [STEER_MOST] = "max-cpu-throttle",
        [STEER_FIRST] = "cpu-throttle-initial",
        [STEER_STEP] = "cpu-throttle-increment",
    };
    Adaptive *own = policy->own;
    /* QEMU takes no maximum under the first step: so that goes down before it,
     * and up after it. */
    bool falls = own->steered[STEER_MOST] == 0 ||
                 own->throttle < own->steered[STEER_MOST];
    Steer step = policy->now.throttle_percent > 0 ? STEER_STEP : STEER_FIRST;
    const Steer order[] = { falls ? step : STEER_MOST,
                            falls ? STEER_MOST : step };
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        if (own->steered[order[i]] != own->throttle) {
            own->steered[order[i]] = own->throttle;
            return policy_set(policy, names[order[i]], own->throttle,
                              own->throttle == THROTTLE_LEAST ? "no-throttle"
                                                              : "throttle",
                              "%s", own->why);
        }
    }
    return policy_wait();
}

/* One step towards the dirty limit that is wanted. */
static Verdict steer_dirty_limit(Policy *policy)
{
    Adaptive *own = policy->own;
    if (own->told_mib == own->limited_mib) {
        return policy_wait();
    }
    own->told_mib = own->limited_mib;
    own->throttled_us = policy->now.time_us;
    return policy_set(policy, "vcpu-dirty-limit", own->limited_mib,
                      own->limited_mib == DIRTY_LIMIT_NONE ? "no-throttle"
                                                           : "throttle",
                      "%s", own->why);
}

static void keep_harmless(Policy *policy)
{
    Adaptive *own = policy->own;
    own->throttle = THROTTLE_LEAST;
    own->limited_mib = DIRTY_LIMIT_NONE;
    if (policy->terms.has_auto_converge) {
        snprintf(own->why, sizeof(own->why),
                 "until it is needed QEMU shall slow the guest down by %u %% "
                 "at most",
                 own->throttle);
    } else {
        snprintf(own->why, sizeof(own->why),
                 "until it is needed QEMU shall let each vCPU dirty up to %u "
                 "MiB/s",
                 own->limited_mib);
    }
}

Verdict adaptive_steer(Policy *policy)
{
    Adaptive *own = policy->own;
    if (policy->terms.throttle_is_users) {
        return policy_wait();
    }
    if (own->why[0] == '\0') {
        keep_harmless(policy);
    }
    if (policy->terms.has_auto_converge) {
        return steer_throttle(policy);
    }
    return policy->terms.has_dirty_limit ? steer_dirty_limit(policy)
                                         : policy_wait();
}

static void throttle(Adaptive *own, unsigned percent, const char *now)
{
    if (ABS((int)percent - (int)own->throttle) >= (int)THROTTLE_NEAR) {
        own->throttle = percent;
        snprintf(
            own->why, sizeof(own->why),
            "%s; with the guest slowed down by %u %% each pass leaves half",
            now, percent);
    }
}

static void limit(Adaptive *own, unsigned mib, const char *now)
{
    if (mib < own->limited_mib) {
        own->limited_mib = mib;
        snprintf(
            own->why, sizeof(own->why),
            "%s; with no vCPU dirtying over %u MiB/s each pass leaves half",
            now, mib);
    }
}

Verdict adaptive_slow_down(Policy *policy, const Reckoning *r, const char *now)
{
    if (policy->terms.has_auto_converge) {
        throttle(policy->own, r->throttle, now);
    } else {
        limit(policy->own, r->limit_mib, now);
    }
    return adaptive_steer(policy);
}
