/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proxmox VE's: looks every second, and ten times a second once less is left
 * than a look brought on average.  When it has seen more left than at the look
 * before, or nothing, six times, the downtime-limit doubles; without end, and
 * without a time after which it gives up.  Where nothing was sent since the look
 * before nothing is counted, so a dead link is waited for.
 */
#include <inttypes.h>

#include "orchestrator/policies.h"

#define POLL_MS      1000u
#define POLL_FAST_MS 100u
#define DOWNTIME_MS  100u
#define RISES_MAX    5u

typedef struct {
    unsigned poll_ms; /* never slow again */
    int64_t n_looks;
    int64_t sent_bytes;      /* at the look before */
    int64_t remaining_bytes; /* at the last look that saw bytes move; 0: none */
    unsigned n_rises;
    uint64_t limit_ms; /* what it believes to be set; --max-downtime holds it
                        * back without its knowing */
} Own;

static const char *const features[] = { "auto-converge", "xbzrle", NULL };

static uint64_t start_ms(const PolicySpec *spec, const PolicyTerms *terms)
{
    return DOWNTIME_MS;
}

static void count_rise(Own *own, int64_t remaining_bytes)
{
    if (remaining_bytes == 0 ||
        (own->remaining_bytes > 0 && remaining_bytes > own->remaining_bytes)) {
        own->n_rises++;
    }
    own->remaining_bytes = remaining_bytes;
}

static Verdict double_downtime(Policy *policy, Own *own)
{
    g_autofree char *plight = policy_plight(policy);
    unsigned n_rises = own->n_rises;
    own->n_rises = 0;
    own->limit_ms = MIN(own->limit_ms * 2, POLICY_STOP_MS);
    return policy_set_downtime(policy, own->limit_ms, "rises",
                               "%s; it rose, or was nothing, %u times: "
                               "downtime-limit %" PRIu64 " ms",
                               plight, n_rises,
                               policy_cap_ms(&policy->terms, own->limit_ms));
}

static Verdict judge(Policy *policy, const Sample *sample)
{
    Own *own = policy->own;
    if (own->n_looks++ == 0) {
        own->poll_ms = POLL_MS;
        own->limit_ms = policy->now.downtime_limit_us / 1000;
    }
    int64_t sent_bytes = own->sent_bytes;
    own->sent_bytes = MAX(sample->transferred_bytes, 0);
    if (own->sent_bytes != sent_bytes && sample->remaining_bytes >= 0) {
        if (sample->remaining_bytes < sent_bytes / own->n_looks) {
            own->poll_ms = POLL_FAST_MS;
        }
        count_rise(own, sample->remaining_bytes);
    }
    policy->next_us = sample->time_us + (int64_t)own->poll_ms * 1000;
    return own->n_rises > RISES_MAX ? double_downtime(policy, own)
                                    : policy_wait();
}

const PolicySpec policy_proxmox = {
    .name = "proxmox",
    .help = "100 ms, doubled each time that more is left than before six "
            "times; never gives up",
    .features = features,
    .poll_ms = POLL_MS,
    .start_ms = start_ms,
    .judge = judge,
    .own_bytes = sizeof(Own),
};
