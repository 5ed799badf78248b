/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/steer.h"

#include "orchestrator/phases.h"
#include "orchestrator/saturate.h"
#include "qmp/json.h"

static bool is_steered(const Migration *m)
{
    return m->settings->policy &&
           (!m->context.through_file || m->settings->is_live);
}

/* A parameter of the source as it stands; 0: not there. */
static uint64_t parameter(const Migration *m, const char *name)
{
    JsonObject *parameters = m->inventories[SIDE_SOURCE].parameters;
    uint64_t value = 0;
    return parameters && qmp_json_size(parameters, name, &value) ? value : 0;
}

static bool is_armed(const Migration *m, const char *name)
{
    return caps_inventory_is_on(&m->inventories[SIDE_SOURCE], name);
}

/* Did the user say by how much QEMU slows the guest down? */
static bool has_users_throttle(const Migration *m)
{
    static const char *const names[] = {
        "cpu-throttle-initial",       "cpu-throttle-increment",
        "max-cpu-throttle",           "vcpu-dirty-limit",
        "throttle-trigger-threshold", NULL,
    };
    for (guint i = m->n_own_wishes; i < m->wishes->len; i++) {
        const CapsWish *wish = m->wishes->pdata[i];
        if (g_strv_contains(names, wish->name)) {
            return true;
        }
    }
    return false;
}

/* What the user said, and what both QEMUs are. */
static PolicyTerms terms_of(const Migration *m)
{
    PolicyTerms terms = m->settings->terms;
    terms.timeout_us = m->settings->timeout_us;
    terms.qemu_downtime_us =
        saturate_us_from_ms(parameter(m, "downtime-limit"));
    terms.max_bandwidth_bytes_per_s = parameter(m, "max-bandwidth");
    terms.switchover_bandwidth_bytes_per_s =
        parameter(m, "avail-switchover-bandwidth");
    terms.has_postcopy = is_armed(m, "postcopy-ram");
    terms.has_auto_converge = is_armed(m, "auto-converge");
    terms.has_dirty_limit = is_armed(m, "dirty-limit");
    terms.throttle_is_users = has_users_throttle(m);
    terms.max_throttle_percent = parameter(m, "max-cpu-throttle");
    return terms;
}

void steer_wish(Migration *m)
{
    m->found_downtime_ms = parameter(m, "downtime-limit");
    if (!is_steered(m) || m->settings->terms.start_downtime_us > 0) {
        return; /* the user's own downtime-limit is a wish already */
    }
    const PolicyTerms terms = terms_of(m);
    uint64_t start_ms = policy_spec_start_ms(m->settings->policy, &terms);
    if (start_ms > 0 && start_ms != parameter(m, "downtime-limit")) {
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, start_ms);
        g_ptr_array_add(m->wishes, caps_wish_parameter("downtime-limit", text));
    }
}

void steer_begin(Migration *m)
{
    if (!is_steered(m)) {
        return;
    }
    PolicyTerms terms = terms_of(m);
    terms.qemu_downtime_us = saturate_us_from_ms(m->found_downtime_ms);
    m->policy = policy_new(m->settings->policy, &terms);
}

void phase_set_parameter(Migration *m, const char *name, int64_t value)
{
    CapsInventory *source = &m->inventories[SIDE_SOURCE];
    JsonNode *before = source->parameters
                           ? json_object_get_member(source->parameters, name)
                           : NULL;
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = SIDE_SOURCE;
    step->command = qmp_command_new("migrate-set-parameters");
    qmp_command_set_int(step->command, name, value);
    step->undo = qmp_command_new("migrate-set-parameters");
    if (before) {
        qmp_command_set_node(step->undo, name, json_node_copy(before));
    }
    g_ptr_array_add(m->steps, step);
    m->n_sent = m->steps->len;
    caps_inventory_apply(source, step->command);
    phase_ask(m, SIDE_SOURCE, TELL_PARAMETER, qmp_command_copy(step->command));
}

static PhaseId carry_out(Migration *m, const Verdict *verdict)
{
    switch (verdict->action) {
    case POLICY_SET:
    case POLICY_STOP:
        phase_set_parameter(m, verdict->parameter, verdict->value);
        break;
    case POLICY_POSTCOPY:
        phase_start_postcopy(m);
        break;
    case POLICY_ABORT:
        return phase_fail(m, FAILURE_DID_NOT_CONVERGE, N_SIDES, "%s",
                          verdict->reason);
    default:
        break;
    }
    return m->phase;
}

PhaseId steer_judge(Migration *m)
{
    if (!m->policy || m->context.postcopy_sent ||
        m->facts[SIDE_SOURCE].status != STATUS_ACTIVE ||
        phase_is_waiting_for(m, SIDE_SOURCE, TELL_PARAMETER)) {
        return m->phase;
    }
    Verdict verdict = policy_judge(m->policy, &m->sample);
    if (verdict.action == POLICY_WAIT) {
        return m->phase;
    }
    g_array_append_val(m->decisions, verdict);
    return carry_out(m, &verdict);
}
