/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KubeVirt's stall detector.  A pass that leaves hardly less than the least left
 * 40 s ago and before is a stall; from then on it waits for a pass that leaves
 * about as little as the best one did, is content with less good ones the longer
 * it waits, and acts there.
 *
 * Its bandwidth is QEMU's own of the last 100 ms, smoothed, and only from looks
 * between passes, which come when no pass has ended for 400 ms: a guest whose
 * passes are shorter has no bandwidth, is never found stalled, and is given up
 * when the time is over.
 */
#include <inttypes.h>

#include "caps/units.h"
#include "orchestrator/policy-kubevirt.h"

#define DOWNTIME_MS  900u
#define START_MS_MAX 300u /* QEMU's own */
#define WINDOW_US    (40 * G_USEC_PER_SEC)
#define MARGIN       0.04
#define WEIGHT       0.4 /* of a new bandwidth */
#define DECAY        0.5 /* of its patience */
#define TIME_FACTOR  2   /* times what is acceptable, for a switchover to end */
#define SOFT_FACTOR  1.5 /* times the greatest downtime is still tried */
#define SWITCHOVER_S 60

typedef struct {
    int64_t poll_us;              /* when it looks, if no pass ends before */
    double bandwidth_bytes_per_s; /* 0: not known yet */
    guint n_ignored;              /* boundaries before that */
    int64_t remaining_bytes;      /* that the last pass left */
    bool is_stalled;
    int64_t best_bytes;
    int64_t patience_us, relax_us;
    GArray *left; /* int64_t: what passes left since it stalled */
    bool has_switched;
    bool is_in_postcopy;
    int64_t times; /* what is acceptable */
    int64_t
        switchover_s; /* by then it has switched over; 0: it has not begun */
} Own;

static const char *const no_features[] = { NULL };

static uint64_t start_ms(const PolicySpec *spec, const PolicyTerms *terms)
{
    return MIN(policy_most_ms(terms, DOWNTIME_MS), START_MS_MAX);
}

static void clear(gpointer data)
{
    Own *own = data;
    g_clear_pointer(&own->left, g_array_unref);
}

/* That a pass left until @time_us; -1: none had ended. */
static int64_t least_until(const Policy *policy, const Own *own,
                           int64_t time_us)
{
    int64_t least = -1;
    for (guint i = own->n_ignored; i < policy->boundaries->len; i++) {
        const Boundary *boundary =
            &g_array_index(policy->boundaries, Boundary, i);
        if (boundary->time_us <= time_us &&
            (least < 0 || boundary->remaining_bytes < least)) {
            least = boundary->remaining_bytes;
        }
    }
    return least;
}

static int64_t take_least(GArray *left)
{
    guint at = 0;
    for (guint i = 1; i < left->len; i++) {
        if (g_array_index(left, int64_t, i) <
            g_array_index(left, int64_t, at)) {
            at = i;
        }
    }
    int64_t least = g_array_index(left, int64_t, at);
    g_array_remove_index_fast(left, at);
    return least;
}

static void relax(Own *own, const Sample *sample)
{
    g_array_append_val(own->left, sample->remaining_bytes);
    if (sample->time_us >= own->relax_us) {
        own->best_bytes = take_least(own->left);
        own->patience_us *= DECAY;
        own->relax_us = sample->time_us + own->patience_us;
    }
}

/* Whether it is stalled, after this pass. */
static bool detect(Policy *policy, Own *own, const Sample *sample)
{
    if (own->is_stalled) {
        relax(own, sample);
        return true;
    }
    int64_t before = least_until(policy, own, sample->time_us - WINDOW_US);
    if (before < 0 ||
        sample->remaining_bytes < (int64_t)(before * (1 - MARGIN))) {
        return false;
    }
    own->is_stalled = true;
    own->best_bytes = least_until(policy, own, sample->time_us);
    own->patience_us = WINDOW_US;
    own->relax_us = sample->time_us + own->patience_us;
    own->left = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return true;
}

/* On a dead link the bandwidth goes against nothing, and this against any
 * number. */
static double estimate_ms(const Own *own)
{
    return own->remaining_bytes * 1000.0 / own->bandwidth_bytes_per_s;
}

/* What is left would take so long only if the link were down: then it must not
 * switch over. */
static bool can_end_in_time(const Own *own, const Sample *sample)
{
    int64_t left_s = kubevirt_acceptable_s(sample) * own->times * TIME_FACTOR -
                     sample->time_us / G_USEC_PER_SEC;
    return own->bandwidth_bytes_per_s > 0 &&
           estimate_ms(own) <= left_s * 1000.0;
}

static void begin_switchover(Own *own, const Sample *sample)
{
    own->has_switched = true;
    own->switchover_s = sample->time_us / G_USEC_PER_SEC + SWITCHOVER_S;
}

static Verdict disrupt(Policy *policy, Own *own, const Sample *sample,
                       const char *rule, const char *why)
{
    begin_switchover(own, sample);
    if (kubevirt_allows_postcopy(&policy->terms)) {
        own->is_in_postcopy = true;
        return policy_act(policy, POLICY_POSTCOPY, rule, "%s: post-copy", why);
    }
    return policy_stop(policy, POLICY_STOP_MS, rule, "%s: stop and copy", why);
}

static Verdict act_at_minimum(Policy *policy, Own *own, const Sample *sample)
{
    if (sample->remaining_bytes > (int64_t)(own->best_bytes * (1 + MARGIN)) ||
        !can_end_in_time(own, sample)) {
        return policy_wait();
    }
    uint64_t most_ms = policy_most_ms(&policy->terms, DOWNTIME_MS);
    g_autofree char *plight = policy_plight(policy);
    g_autofree char *best = unit_format(own->best_bytes, UNIT_BYTES);
    g_autofree char *why = g_strdup_printf(
        "%s; stalled, and about as little as the best, %s", plight, best);
    if (kubevirt_allows_disruption(&policy->terms)) {
        return disrupt(policy, own, sample, "stall", why);
    }
    if (estimate_ms(own) <= most_ms * SOFT_FACTOR) {
        begin_switchover(own, sample);
        return policy_set_downtime(policy, most_ms, "stall",
                                   "%s: downtime-limit %" PRIu64 " ms", why,
                                   most_ms);
    }
    return policy_act(policy, POLICY_ABORT, "stall",
                      "%s; over 1.5 times the %" PRIu64 " ms: abort", why,
                      most_ms);
}

static Verdict judge_time(Policy *policy, Own *own, const Sample *sample)
{
    int64_t now_s = sample->time_us / G_USEC_PER_SEC;
    int64_t acceptable_s = kubevirt_acceptable_s(sample) * own->times;
    bool is_late = own->switchover_s > 0 && now_s > own->switchover_s;
    if (!is_late && (acceptable_s == 0 || now_s <= acceptable_s)) {
        return policy_wait();
    }
    g_autofree char *plight = policy_plight(policy);
    g_autofree char *why =
        is_late ? g_strdup_printf("%s; it has not switched over in %d s",
                                  plight, SWITCHOVER_S)
                : g_strdup_printf("%s; the %" PRId64 " s acceptable are over",
                                  plight, acceptable_s);
    if (!own->has_switched && can_end_in_time(own, sample) &&
        kubevirt_allows_disruption(&policy->terms)) {
        own->times *= TIME_FACTOR;
        return disrupt(policy, own, sample, "completion-timeout", why);
    }
    return policy_act(policy, POLICY_ABORT,
                      is_late ? "switchover-timeout" : "completion-timeout",
                      "%s: abort", why);
}

static void smooth(Own *own, const Sample *sample)
{
    if (sample->sent_bytes_per_s >= 0) {
        double weight = own->bandwidth_bytes_per_s > 0 ? WEIGHT : 1;
        own->bandwidth_bytes_per_s +=
            weight * (sample->sent_bytes_per_s - own->bandwidth_bytes_per_s);
    }
}

static Verdict judge(Policy *policy, const Sample *sample)
{
    Own *own = policy->own;
    Verdict made = policy_wait();
    if (own->times == 0) {
        own->times = 1;
        own->poll_us = (int64_t)KUBEVIRT_POLL_MS * 1000;
    }
    if (own->is_in_postcopy ||
        (!policy->is_boundary && sample->time_us < own->poll_us)) {
        return made;
    }
    own->poll_us = sample->time_us + (int64_t)KUBEVIRT_POLL_MS * 1000;
    if (!policy->is_boundary) {
        smooth(own, sample);
    } else if (sample->remaining_bytes >= 0) {
        own->remaining_bytes = sample->remaining_bytes;
        if (own->bandwidth_bytes_per_s <= 0) {
            own->n_ignored = policy->boundaries->len;
        } else if (!own->has_switched && detect(policy, own, sample)) {
            made = act_at_minimum(policy, own, sample);
        }
    }
    return made.action == POLICY_WAIT ? judge_time(policy, own, sample) : made;
}

const PolicySpec policy_kubevirt_stall = {
    .name = "kubevirt-stall",
    .help = "waits for a pass that leaves little once they stall; then "
            "post-copy, stop (--on-stall), 900 ms or abort",
    .features = no_features,
    .heeds_on_stall = true,
    .start_ms = start_ms,
    .judge = judge,
    .own_bytes = sizeof(Own),
    .own_clear = clear,
};
