/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples to what the guest dirtied in each pass.  A pass is measured in the
 * guest's own time: under a throttle it dirties less because it runs less, not
 * because it has become calm.
 */
#include "orchestrator/policy-adaptive.h"

#include <math.h>
#include <string.h>

/* So long without a byte, the link is taken for dead; when it moves again for
 * as long, its bandwidth is believed. */
#define DEAD_US G_USEC_PER_SEC
/* Passes that leave pending where one before them left it prove a floor, if they
 * are so many and have taken so long.  A sample that is 100 ms late is off by a
 * few percent. */
#define PROOF_PASSES 3u
#define PROOF_SHRINK 0.95
/* At least so much of what is dirtied is seen: the rest was left over. */
#define SEEN_LEAST       0.2
#define LOW_PASSES       4u
#define JUMP_MOST        1.25 /* more is rare */
#define JUMP_FORGOTTEN_S 30.0

/* Bytes that do not move tell nothing of what the link carries, and zero pages
 * cost it nothing: then what was known before is put back. */
static void keep_bandwidth(Policy *policy, const Sample *sample)
{
    Adaptive *own = policy->own;
    const Sample *last = &policy->last;
    bool tells = sample->transferred_bytes > last->transferred_bytes &&
                 sample->zero_pages - last->zero_pages <=
                     sample->normal_pages - last->normal_pages;
    if (tells || own->bandwidth <= 0) {
        own->bandwidth = policy->now.bandwidth_bytes_per_s;
    } else {
        policy->now.bandwidth_bytes_per_s = own->bandwidth;
        policy->now.estimate_us = policy_estimate_us(policy);
    }
}

/* QEMU goes by what it sent in the last 100 ms: if that jumps, so does what it
 * takes for little enough. */
static void watch_jumps(Policy *policy, const Sample *sample, double past_s)
{
    Adaptive *own = policy->own;
    double jump = sample->sent_bytes_per_s > 0 && own->bandwidth > 0
                      ? (double)sample->sent_bytes_per_s / own->bandwidth
                      : 1;
    double forgotten = own->jump - own->jump * past_s / JUMP_FORGOTTEN_S;
    own->jump = CLAMP(jump, MAX(forgotten, 1), JUMP_MOST);
}

static void watch_link(Policy *policy, const Sample *sample)
{
    Adaptive *own = policy->own;
    if (sample->time_us - policy->moved_us > DEAD_US) {
        own->dead = true;
    } else if (own->dead && policy->moved_us == sample->time_us) {
        own->dead = false;
        own->believed_us = sample->time_us + DEAD_US;
    }
}

/* What was left over of the pass before is in pending still; of what the guest
 * dirtied some was among it. */
static double dirtied(const Policy *policy, double past_s)
{
    const Adaptive *own = policy->own;
    double left = policy->last.remaining_bytes - past_s * own->bandwidth;
    if (left <= 0 || own->highest <= 0) {
        return policy->now.remaining_bytes;
    }
    double seen = MAX(1 - left / own->highest, SEEN_LEAST);
    return MAX(policy->now.remaining_bytes - left, 0) / seen;
}

static void add_pass(Policy *policy, double past_s)
{
    Adaptive *own = policy->own;
    if (own->n_points == ADAPTIVE_POINTS) {
        own->n_points--;
        memmove(own->points, own->points + 1,
                own->n_points * sizeof(own->points[0]));
    }
    own->points[own->n_points] =
        (DirtyPoint){ MAX(own->guest_s, 1e-6), dirtied(policy, past_s) };
    own->n_points++;
    own->highest = MAX(own->highest, policy->now.remaining_bytes);
    own->guest_s = 0;
}

void adaptive_see(Policy *policy, const Sample *sample)
{
    Adaptive *own = policy->own;
    double past_s = (sample->time_us - policy->last.time_us) / 1e6;
    watch_link(policy, sample);
    if (policy->last.transferred_bytes < 0 || past_s <= 0) {
        return;
    }
    keep_bandwidth(policy, sample);
    watch_jumps(policy, sample, past_s);
    double throttled = MAX(policy->last.throttle_percent, 0) / 100.0;
    if (sample->throttle_percent > policy->last.throttle_percent) {
        own->throttled_us = sample->time_us;
    }
    own->guest_s += past_s * (1 - MIN(throttled, THROTTLE_MOST / 100.0));
    if (policy->is_boundary && sample->remaining_bytes >= 0) {
        add_pass(policy, past_s);
    }
}

bool adaptive_can_judge(const Policy *policy)
{
    const Adaptive *own = policy->own;
    return !own->dead && policy->now.time_us >= own->believed_us &&
           policy->now.bandwidth_bytes_per_s > 0 &&
           policy->now.remaining_bytes >= 0;
}

static const Boundary *boundary(const Policy *policy, guint back)
{
    return &g_array_index(policy->boundaries, Boundary,
                          policy->boundaries->len - 1 - back);
}

/* The least that passes left, from @from to before @to, counted back. */
static double lowest(const Policy *policy, guint from, guint to)
{
    double low = HUGE_VAL;
    for (guint i = from; i < to; i++) {
        low = MIN(low, boundary(policy, i)->remaining_bytes);
    }
    return low;
}

double adaptive_lowest(const Policy *policy)
{
    return lowest(policy, 1, MIN(policy->boundaries->len, 1 + LOW_PASSES));
}

bool adaptive_is_floor(const Policy *policy, int64_t for_us)
{
    const Adaptive *own = policy->own;
    guint n = policy->boundaries->len, recent = 0;
    while (recent < n &&
           (recent < PROOF_PASSES ||
            policy->now.time_us - boundary(policy, recent)->time_us < for_us)) {
        recent++;
    }
    return recent < n &&
           boundary(policy, recent)->time_us >= own->throttled_us &&
           lowest(policy, 0, recent) > lowest(policy, recent, n) * PROOF_SHRINK;
}

guint adaptive_throttled_passes(const Policy *policy)
{
    const Adaptive *own = policy->own;
    guint n = 0;
    while (n < policy->boundaries->len &&
           boundary(policy, n)->time_us >= own->throttled_us) {
        n++;
    }
    return n > 0 ? n - 1 : 0;
}

bool adaptive_may_slow_down(const Policy *policy)
{
    const PolicyTerms *terms = &policy->terms;
    int64_t most = terms->max_throttle_percent > 0
                       ? (int64_t)terms->max_throttle_percent
                       : (int64_t)THROTTLE_MOST;
    return terms->throttle_is_users && terms->has_auto_converge &&
           (policy->now.throttle_percent < most ||
            adaptive_throttled_passes(policy) < THROTTLE_TOLD);
}
