/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a migration stands, in words that a reason begins with. */
#include <inttypes.h>

#include "caps/units.h"
#include "orchestrator/policies.h"

static void add_estimate(GString *text, const PolicyInputs *now)
{
    g_autofree char *bandwidth =
        unit_format(now->bandwidth_bytes_per_s, UNIT_BYTES_PER_SECOND);
    g_autofree char *estimate =
        unit_format(now->estimate_us / 1000, UNIT_MILLISECONDS);
    g_autofree char *limit =
        unit_format(now->downtime_limit_us / 1000, UNIT_MILLISECONDS);
    g_string_append_printf(
        text, "; at %s that is %s, %s the %s allowed", bandwidth, estimate,
        now->estimate_us > now->downtime_limit_us ? "over" : "within", limit);
}

char *policy_plight(const Policy *policy)
{
    const PolicyInputs *now = &policy->now;
    GString *text = g_string_new(NULL);
    g_string_printf(text, "pass %" PRId64, policy_passes(policy) + 1);
    if (now->remaining_bytes >= 0) {
        g_autofree char *remaining =
            unit_format(now->remaining_bytes, UNIT_BYTES);
        g_string_append_printf(text, " has %s to go", remaining);
    }
    if (now->bandwidth_bytes_per_s == 0) {
        g_string_append(text, ", and nothing moves");
    } else if (now->estimate_us >= 0 && now->bandwidth_bytes_per_s > 0) {
        add_estimate(text, now);
    }
    return g_string_free(text, FALSE);
}
