/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/attach/document.h"

#include "orchestrator/report.h"
#include "orchestrator/saturate.h"
#include "qmp/json.h"
#include "tools/attach/view.h"

static const char *const verbs[] = {
    [ATTACHED_LOOK] = "status",
    [ATTACHED_WATCH] = "status",
    [ATTACHED_CANCEL] = "cancel",
    [ATTACHED_POSTCOPY] = "postcopy",
};

static void add_string(JsonObject *object, const char *name, const char *value)
{
    if (value) {
        json_object_set_string_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
}

static void add_number(JsonObject *object, const char *name, int64_t value)
{
    if (value >= 0) {
        json_object_set_int_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
}

static JsonArray *strings(const GPtrArray *texts)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < texts->len; i++) {
        json_array_add_string_element(array, texts->pdata[i]);
    }
    return array;
}

static int64_t downtime_limit_us(const Attached *a)
{
    g_autofree char *limit =
        caps_inventory_value(&a->inventories[SIDE_SOURCE], "downtime-limit");
    return limit ? saturate_us_from_ms(g_ascii_strtoull(limit, NULL, 10)) : -1;
}

static JsonObject *numbers(const Attached *a)
{
    const Sample *sample = &a->sample;
    JsonObject *object = json_object_new();
    JsonObject *bytes = json_object_new();
    JsonObject *time = json_object_new();
    JsonObject *downtime = json_object_new();

    add_number(object, "passes", sample->pass);
    add_number(bytes, "total", sample->total_bytes);
    add_number(bytes, "remaining", sample->remaining_bytes);
    add_number(bytes, "transferred", sample->transferred_bytes);
    json_object_set_object_member(object, "bytes", bytes);
    add_number(object, "bandwidth_bytes_per_s", sample->sent_bytes_per_s);
    add_number(object, "dirty_bytes_per_s", sample->dirty_bytes_per_s);
    add_number(object, "throttle_percent", sample->throttle_percent);
    add_number(object, "postcopy_requests", sample->postcopy_requests);
    add_number(time, "setup", sample->setup_us);
    add_number(time, "total", sample->total_us);
    json_object_set_object_member(object, "time_us", time);
    add_number(downtime, "limit", downtime_limit_us(a));
    add_number(downtime, "now", attached_switchover_us(a));
    add_number(downtime, "expected", sample->expected_downtime_us);
    add_number(downtime, "qemu", sample->downtime_us);
    json_object_set_object_member(object, "downtime_us", downtime);
    return object;
}

static JsonArray *blocked(JsonObject *info)
{
    JsonArray *reasons = info ? qmp_json_array(info, "blocked-reasons") : NULL;
    return reasons ? json_array_ref(reasons) : json_array_new();
}

static JsonArray *settings(const CapsInventory *inventory)
{
    g_autoptr(GPtrArray) from = view_settings(inventory);
    JsonArray *array = json_array_new();
    for (guint i = 0; i < from->len; i++) {
        const ViewSetting *setting = from->pdata[i];
        JsonObject *object = json_object_new();
        add_string(object, "name", setting->name);
        if (setting->value) {
            json_object_set_member(object, "value",
                                   json_node_copy(caps_inventory_parameter(
                                       inventory, setting->name)));
        } else {
            json_object_set_boolean_member(object, "value", TRUE);
        }
        add_string(object, "default",
                   setting->value ? setting->row->usual : NULL);
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *side_object(const Attached *a, Side side,
                               const AttachOptions *options)
{
    const Facts *facts = &a->facts[side];
    const CapsInventory *inventory = &a->inventories[side];
    JsonNode *node = a->migration[side];
    JsonObject *info = node && JSON_NODE_HOLDS_OBJECT(node)
                           ? json_node_get_object(node)
                           : NULL;
    JsonObject *object = json_object_new();

    add_string(object, "address", options->address[side]->text);
    add_string(object, "version", inventory->version_text);
    json_object_set_boolean_member(object, "dead", facts->dead);
    add_string(object, "cannot_ask", a->cannot_ask[side]);
    add_string(object, "run_state",
               *facts->run_state ? facts->run_state : NULL);
    add_string(object, "status",
               *facts->status_word ? facts->status_word : NULL);
    add_string(object, "error_desc",
               info ? qmp_json_string(info, "error-desc") : NULL);
    json_object_set_array_member(object, "blocked_reasons", blocked(info));
    json_object_set_array_member(object, "settings", settings(inventory));
    return object;
}

static void add_sides(JsonObject *object, const Attached *a,
                      const AttachOptions *options)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (options->address[side]) {
            json_object_set_object_member(object, side_name(side),
                                          side_object(a, side, options));
        } else {
            json_object_set_null_member(object, side_name(side));
        }
    }
}

static void add_error(JsonObject *object, const Failure *failure)
{
    JsonObject *error = report_error(failure);
    if (error) {
        json_object_set_object_member(object, "error", error);
    } else {
        json_object_set_null_member(object, "error");
    }
}

JsonNode *attach_document_new(const Attached *a, const AttachOptions *options)
{
    const OutcomeRow *row = outcome_row(a->outcome);
    g_autoptr(GPtrArray) next = view_next(a, options);
    const char *guest;
    g_autofree char *text = attached_guest(a, &guest);
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    add_string(object, "schema", "qmigrate.status/1");
    add_string(object, "verb", verbs[a->wish]);
    add_string(object, "outcome", a->is_established ? row->name : NULL);
    add_number(object, "exit_code", row->exit_code);
    add_string(object, "guest", guest);
    add_string(object, "guest_state", attached_guest_state(a, guest));
    add_string(object, "text", text);
    add_error(object, &a->failure);
    json_object_set_object_member(object, "migration", numbers(a));
    add_sides(object, a, options);
    json_object_set_array_member(object, "notes", strings(a->notes));
    json_object_set_array_member(object, "next", strings(next));
    json_node_take_object(node, object);
    return node;
}
