/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KubeVirt's loop without its stall detector.  It never touches the
 * downtime-limit.  What it calls progress is less left than at the look before,
 * and not less than ever: a guest that goes up and down with its passes always
 * gets on, so only a link on which nothing moves is given up early.
 */
#include "orchestrator/policy-kubevirt.h"

#include <inttypes.h>

#define ACCEPTABLE_S_PER_GB 150
#define PROGRESS_S          150
#define GB                  INT64_C(1000000000) /* rounded up: as it reckons */

typedef struct {
    int64_t remaining_bytes; /* at the look before; 0: none */
    int64_t progress_us;     /* when it was last less */
    int64_t times; /* what is acceptable; twice as much when stopped */
    bool is_in_postcopy;
} Own;

static const char *const no_features[] = { NULL };

bool kubevirt_allows_postcopy(const PolicyTerms *terms)
{
    return terms->has_postcopy && (terms->on_stall == ON_STALL_UNSAID ||
                                   terms->on_stall == ON_STALL_POSTCOPY);
}

bool kubevirt_allows_disruption(const PolicyTerms *terms)
{
    return terms->on_stall == ON_STALL_STOP || kubevirt_allows_postcopy(terms);
}

int64_t kubevirt_acceptable_s(const Sample *sample)
{
    return sample->total_bytes > 0
               ? (sample->total_bytes + GB - 1) / GB * ACCEPTABLE_S_PER_GB
               : 0;
}

static void look_for_progress(Own *own, const Sample *sample)
{
    if (sample->remaining_bytes < 0) {
        return;
    }
    if (own->remaining_bytes == 0 ||
        sample->remaining_bytes < own->remaining_bytes) {
        own->progress_us = sample->time_us;
    }
    own->remaining_bytes = sample->remaining_bytes;
}

static Verdict force(Policy *policy, Own *own, int64_t acceptable_s)
{
    g_autofree char *plight = policy_plight(policy);
    if (kubevirt_allows_postcopy(&policy->terms)) {
        own->is_in_postcopy = true;
        return policy_act(policy, POLICY_POSTCOPY, "completion-timeout",
                          "%s; the %" PRId64
                          " s acceptable are over: post-copy",
                          plight, acceptable_s);
    }
    own->times = 2;
    return policy_stop(policy, POLICY_STOP_MS, "completion-timeout",
                       "%s; the %" PRId64 " s acceptable are over: stop and "
                       "copy, for as long again",
                       plight, acceptable_s);
}

static Verdict judge(Policy *policy, const Sample *sample)
{
    Own *own = policy->own;
    own->times = MAX(own->times, 1);
    look_for_progress(own, sample);

    int64_t acceptable_s = kubevirt_acceptable_s(sample) * own->times;
    bool is_over =
        acceptable_s > 0 && sample->time_us / G_USEC_PER_SEC > acceptable_s;
    int64_t stuck_s = (sample->time_us - own->progress_us) / G_USEC_PER_SEC;
    g_autofree char *plight = policy_plight(policy);

    if (own->is_in_postcopy) {
        return policy_wait();
    }
    if (is_over && own->times == 1 &&
        kubevirt_allows_disruption(&policy->terms)) {
        return force(policy, own, acceptable_s);
    }
    if (stuck_s > PROGRESS_S) {
        return policy_act(policy, POLICY_ABORT, "progress-timeout",
                          "%s; it is no less than at the look before for "
                          "%" PRId64 " s, over %d s: abort",
                          plight, stuck_s, PROGRESS_S);
    }
    if (is_over) {
        return policy_act(policy, POLICY_ABORT, "completion-timeout",
                          "%s; the %" PRId64 " s acceptable are over: abort",
                          plight, acceptable_s);
    }
    return policy_wait();
}

const PolicySpec policy_kubevirt = {
    .name = "kubevirt",
    .help = "waits 150 s for each GB, then post-copy, stop (--on-stall) or "
            "abort; abort if nothing moves for 150 s",
    .features = no_features,
    .heeds_on_stall = true,
    .poll_ms = KUBEVIRT_POLL_MS,
    .judge = judge,
    .own_bytes = sizeof(Own),
};
