/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/decision.h"

static void add_int(JsonObject *object, const char *name, int64_t value)
{
    if (value < 0) {
        json_object_set_null_member(object, name);
    } else {
        json_object_set_int_member(object, name, value);
    }
}

static JsonObject *inputs_object(const PolicyInputs *inputs)
{
    JsonObject *object = json_object_new();
    add_int(object, "pass", inputs->pass);
    add_int(object, "remaining_bytes", inputs->remaining_bytes);
    add_int(object, "bandwidth_bytes_per_s", inputs->bandwidth_bytes_per_s);
    add_int(object, "dirty_bytes_per_s", inputs->dirty_bytes_per_s);
    add_int(object, "throttle_percent", inputs->throttle_percent);
    add_int(object, "downtime_limit_us", inputs->downtime_limit_us);
    add_int(object, "estimate_us", inputs->estimate_us);
    return object;
}

JsonObject *decision_to_json(const Verdict *verdict)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "time_us", verdict->inputs.time_us);
    json_object_set_string_member(object, "rule", verdict->rule);
    json_object_set_string_member(object, "action",
                                  policy_action_name(verdict->action));
    if (verdict->parameter) {
        json_object_set_string_member(object, "parameter", verdict->parameter);
        json_object_set_int_member(object, "value", (int64_t)verdict->value);
    } else {
        json_object_set_null_member(object, "parameter");
        json_object_set_null_member(object, "value");
    }
    json_object_set_string_member(object, "reason", verdict->reason);
    json_object_set_object_member(object, "inputs",
                                  inputs_object(&verdict->inputs));
    return object;
}

char *decision_to_text(const Verdict *verdict)
{
    g_autofree char *what =
        verdict->parameter ? g_strdup_printf("%s=%" G_GUINT64_FORMAT,
                                             verdict->parameter, verdict->value)
                           : g_strdup(policy_action_name(verdict->action));
    return g_strdup_printf("%.1f s: %s (%s): %s", verdict->inputs.time_us / 1e6,
                           what, verdict->rule, verdict->reason);
}
