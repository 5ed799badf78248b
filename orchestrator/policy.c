/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of policies, and what holds for each of them. */
#include "orchestrator/policy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "orchestrator/policies.h"
#include "orchestrator/saturate.h"

#define SMOOTH_US ((double)G_USEC_PER_SEC)

static const char *const no_features[] = { NULL };

static const PolicySpec policy_qemu = {
    .name = "qemu",
    .help = "hands off: QEMU's own rule, and the downtime-limit as it stands",
    .features = no_features,
};

static const PolicySpec *const specs[] = {
    &policy_qemu,
    &policy_adaptive,
    &policy_ovirt_legacy,
    &policy_ovirt_minimal_downtime,
    &policy_ovirt_suspend,
    &policy_ovirt_postcopy,
    &policy_ovirt_very_large,
    &policy_kubevirt,
    &policy_kubevirt_stall,
    &policy_nova,
    &policy_proxmox,
    &policy_ganeti,
};

const PolicySpec *policy_spec_at(guint index)
{
    return index < G_N_ELEMENTS(specs) ? specs[index] : NULL;
}

const PolicySpec *policy_spec_find(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(specs); i++) {
        if (strcmp(specs[i]->name, name) == 0) {
            return specs[i];
        }
    }
    return NULL;
}

const char *policy_spec_name(const PolicySpec *spec)
{
    return spec->name;
}

const char *policy_spec_help(const PolicySpec *spec)
{
    return spec->help;
}

const char *const *policy_spec_features(const PolicySpec *spec)
{
    return spec->features;
}

bool policy_spec_heeds_on_stall(const PolicySpec *spec)
{
    return spec->heeds_on_stall;
}

bool policy_spec_needs_postcopy(const PolicySpec *spec)
{
    return spec->needs_postcopy;
}

uint64_t policy_most_ms(const PolicyTerms *terms, uint64_t own_ms)
{
    return terms->max_downtime_us > 0 ? terms->max_downtime_us / 1000 : own_ms;
}

uint64_t policy_cap_ms(const PolicyTerms *terms, uint64_t limit_ms)
{
    return MIN(limit_ms, policy_most_ms(terms, limit_ms));
}

uint64_t policy_spec_start_ms(const PolicySpec *spec, const PolicyTerms *terms)
{
    uint64_t start_ms = terms->start_downtime_us / 1000;
    if (start_ms == 0 && spec->start_ms) {
        start_ms = spec->start_ms(spec, terms);
    }
    if (start_ms == 0 && terms->max_downtime_us > 0 &&
        terms->qemu_downtime_us > terms->max_downtime_us) {
        start_ms = terms->qemu_downtime_us / 1000;
    }
    return policy_cap_ms(terms, start_ms);
}

uint64_t policy_spec_most_ms(const PolicySpec *spec, const PolicyTerms *terms)
{
    return spec->most_ms ? spec->most_ms(spec, terms)
                         : policy_most_ms(terms, 0);
}

Policy *policy_new(const PolicySpec *spec, const PolicyTerms *terms)
{
    Policy *policy = g_new0(Policy, 1);
    uint64_t start_ms = policy_spec_start_ms(spec, terms);
    policy->spec = spec;
    policy->terms = *terms;
    policy->now.downtime_limit_us =
        start_ms > 0 ? saturate_us_from_ms(start_ms)
                     : (int64_t)MIN(terms->qemu_downtime_us, INT64_MAX);
    policy->now.bandwidth_bytes_per_s = -1;
    policy->last = sample_unknown();
    policy->first_pass = -1;
    policy->next_us = (int64_t)spec->poll_ms * 1000;
    policy->boundaries = g_array_new(FALSE, FALSE, sizeof(Boundary));
    policy->own = spec->own_bytes ? g_malloc0(spec->own_bytes) : NULL;
    return policy;
}

void policy_free(Policy *policy)
{
    g_array_unref(policy->boundaries);
    if (policy->spec->own_clear) {
        policy->spec->own_clear(policy->own);
    }
    g_free(policy->own);
    g_free(policy);
}

int64_t policy_passes(const Policy *policy)
{
    return policy->now.pass - policy->first_pass;
}

/* QEMU's own number is of the last 100 ms, and jumps; ours forgets in a second,
 * however often it is asked. */
static void smooth_bandwidth(Policy *policy, const Sample *sample)
{
    int64_t past_us = sample->time_us - policy->last.time_us;
    int64_t sent = sample->transferred_bytes - policy->last.transferred_bytes;
    if (policy->last.transferred_bytes < 0 || past_us <= 0 || sent < 0) {
        return;
    }
    double now = sent * 1e6 / past_us;
    double weight = policy->now.bandwidth_bytes_per_s < 0
                        ? 1
                        : 1 - exp(-past_us / SMOOTH_US);
    double before = MAX(policy->now.bandwidth_bytes_per_s, 0);
    policy->now.bandwidth_bytes_per_s = before + weight * (now - before);
}

int64_t policy_estimate_us(const Policy *policy)
{
    double bandwidth = policy->terms.switchover_bandwidth_bytes_per_s;
    if (bandwidth <= 0) {
        bandwidth = policy->now.bandwidth_bytes_per_s;
    }
    return bandwidth > 0 && policy->now.remaining_bytes >= 0
               ? saturate_from_double(policy->now.remaining_bytes * 1e6 /
                                      bandwidth)
               : -1;
}

static void look(Policy *policy, const Sample *sample)
{
    smooth_bandwidth(policy, sample);
    if (sample->transferred_bytes > policy->last.transferred_bytes) {
        policy->moved_us = sample->time_us;
    }
    policy->is_boundary = sample->pass >= 0 && sample->pass != policy->now.pass;
    policy->now.time_us = sample->time_us;
    policy->now.pass = sample->pass;
    policy->now.remaining_bytes = sample->remaining_bytes;
    policy->now.dirty_bytes_per_s = sample->dirty_bytes_per_s;
    policy->now.throttle_percent = sample->throttle_percent;
    policy->now.estimate_us = policy_estimate_us(policy);
    if (policy->first_pass < 0) {
        policy->first_pass = sample->pass;
        policy->is_boundary = false;
    }
    if (policy->is_boundary) {
        const Boundary boundary = { sample->time_us, sample->pass,
                                    sample->remaining_bytes };
        g_array_append_val(policy->boundaries, boundary);
    }
}

Verdict policy_wait(void)
{
    return (Verdict){ .action = POLICY_WAIT };
}

G_GNUC_PRINTF(6, 0)
static Verdict verdict(Policy *policy, PolicyAction action,
                       const char *parameter, uint64_t value, const char *rule,
                       const char *format, va_list words)
{
    Verdict made = { .action = action,
                     .parameter = parameter,
                     .value = value,
                     .rule = rule,
                     .inputs = policy->now };
    vsnprintf(made.reason, sizeof(made.reason), format, words);
    if (parameter && strcmp(parameter, "downtime-limit") == 0) {
        policy->now.downtime_limit_us = saturate_us_from_ms(value);
    }
    return made;
}

Verdict policy_act(Policy *policy, PolicyAction action, const char *rule,
                   const char *format, ...)
{
    va_list words;
    va_start(words, format);
    Verdict made = verdict(policy, action, NULL, 0, rule, format, words);
    va_end(words);
    return made;
}

Verdict policy_set_downtime(Policy *policy, uint64_t limit_ms, const char *rule,
                            const char *format, ...)
{
    limit_ms = policy_cap_ms(&policy->terms, limit_ms);
    if (saturate_us_from_ms(limit_ms) == policy->now.downtime_limit_us) {
        return policy_wait();
    }
    va_list words;
    va_start(words, format);
    Verdict made = verdict(policy, POLICY_SET, "downtime-limit", limit_ms, rule,
                           format, words);
    va_end(words);
    return made;
}

Verdict policy_stop(Policy *policy, uint64_t ceiling_ms, const char *rule,
                    const char *format, ...)
{
    va_list words;
    va_start(words, format);
    Verdict made =
        verdict(policy, POLICY_STOP, "downtime-limit",
                MIN(ceiling_ms, POLICY_STOP_MS), rule, format, words);
    va_end(words);
    return made;
}

Verdict policy_set(Policy *policy, const char *parameter, uint64_t value,
                   const char *rule, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    Verdict made =
        verdict(policy, POLICY_SET, parameter, value, rule, format, words);
    va_end(words);
    return made;
}

/* --postcopy-after, which is the user's word and so holds for every policy. */
static bool is_time_for_postcopy(const Policy *policy)
{
    return policy->terms.has_postcopy &&
           policy->terms.postcopy_after_passes > 0 &&
           policy_passes(policy) >= policy->terms.postcopy_after_passes;
}

Verdict policy_judge(Policy *policy, const Sample *sample)
{
    look(policy, sample);
    Verdict made = policy_wait();
    if (is_time_for_postcopy(policy)) {
        made = policy_act(policy, POLICY_POSTCOPY, "postcopy-after",
                          "%" PRId64 " %s done, and post-copy was wished for "
                          "after %u",
                          policy_passes(policy),
                          policy_passes(policy) == 1 ? "pass is" : "passes are",
                          policy->terms.postcopy_after_passes);
    } else if (policy->spec->judge && sample->time_us >= policy->next_us) {
        policy->next_us =
            sample->time_us + (int64_t)policy->spec->poll_ms * 1000;
        made = policy->spec->judge(policy, sample);
    }
    if (made.action == POLICY_WAIT) {
        made.inputs = policy->now;
    }
    policy->last = *sample;
    return made;
}

const char *on_stall_name(OnStall on_stall)
{
    static const char *const names[N_ON_STALLS] = {
        [ON_STALL_ABORT] = "abort",
        [ON_STALL_POSTCOPY] = "postcopy",
        [ON_STALL_STOP] = "stop",
    };
    return names[on_stall];
}

const char *policy_action_name(PolicyAction action)
{
    static const char *const names[N_POLICY_ACTIONS] = {
        [POLICY_WAIT] = "wait",         [POLICY_SET] = "set",
        [POLICY_POSTCOPY] = "postcopy", [POLICY_STOP] = "stop",
        [POLICY_ABORT] = "abort",
    };
    return names[action];
}
