/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ganeti's: a low limit that never grows, and post-copy as soon as the second
 * pass has begun, if it is armed.  If it is not there is no end to it.
 */
#include <inttypes.h>

#include "orchestrator/policies.h"

#define POLL_MS     1000u
#define DOWNTIME_MS 30u

static const char *const features[] = { "postcopy", NULL };

static uint64_t start_ms(const PolicySpec *spec, const PolicyTerms *terms)
{
    return DOWNTIME_MS;
}

static Verdict judge(Policy *policy, const Sample *sample)
{
    if (!policy->terms.has_postcopy || policy_passes(policy) < 1) {
        return policy_wait();
    }
    g_autofree char *plight = policy_plight(policy);
    return policy_act(policy, POLICY_POSTCOPY, "second-pass",
                      "%s; the first pass is done: post-copy", plight);
}

const PolicySpec policy_ganeti = {
    .name = "ganeti",
    .help = "30 ms, and post-copy after the first pass, if it is armed; never "
            "gives up",
    .features = features,
    .poll_ms = POLL_MS,
    .start_ms = start_ms,
    .judge = judge,
};
