/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/agree.h"

#include <string.h>

#include "caps/table.h"

void caps_wish_free(CapsWish *wish)
{
    g_free(wish->name);
    g_free(wish->value);
    g_free(wish);
}

CapsWish *caps_wish_capability(const char *name, bool on)
{
    CapsWish *wish = g_new0(CapsWish, 1);
    wish->name = g_strdup(name);
    wish->on = on;
    return wish;
}

CapsWish *caps_wish_parameter(const char *name, const char *value)
{
    CapsWish *wish = caps_wish_capability(name, false);
    wish->value = g_strdup(value);
    return wish;
}

void caps_step_free(CapsStep *step)
{
    qmp_command_free(step->command);
    qmp_command_free(step->undo);
    g_free(step);
}

void caps_reason_free(CapsReason *reason)
{
    g_free(reason->text);
    g_free(reason->hint);
    g_free(reason);
}

/* Takes @hint over. */
G_GNUC_PRINTF(4, 5)
static CapsReason *refuse(GPtrArray *reasons, Side side, char *hint,
                          const char *format, ...)
{
    CapsReason *reason = g_new0(CapsReason, 1);
    va_list args;

    va_start(args, format);
    reason->unknown = true;
    reason->side = side;
    reason->hint = hint;
    reason->text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(reasons, reason);
    return reason;
}

static char *did_you_mean(const CapsInventory *inventory, const CapsWish *wish)
{
    const char *nearest =
        caps_inventory_nearest(inventory, wish->name, wish->value == NULL);
    return nearest ? g_strdup_printf("did you mean %s?", nearest) : NULL;
}

/* What @wish comes to on one side: "name" -> node, only if it changes. */
static void add_capability(const CapsInventory *inventory, Side side,
                           const CapsWish *wish, GHashTable *changes,
                           GPtrArray *reasons)
{
    const char *refusal = caps_table_capability_refusal(wish->name, wish->on);
    if (refusal) {
        refuse(reasons, side, g_strdup("leave it out"),
               "%s cannot be turned %s: %s", wish->name,
               wish->on ? "on" : "off", refusal)
            ->unknown = false;
        return;
    }
    if (!caps_inventory_has(inventory, wish->name)) {
        if (wish->on) {
            refuse(reasons, side, did_you_mean(inventory, wish),
                   "there is no capability '%s'", wish->name);
        }
        return;
    }
    g_hash_table_remove(changes, wish->name);
    if (caps_inventory_is_on(inventory, wish->name) != wish->on) {
        g_hash_table_insert(
            changes, wish->name,
            json_node_init_boolean(json_node_alloc(), wish->on));
    }
}

/* @text in the type that the parameter has now; NULL with *@error. */
static JsonNode *value_like(JsonNode *now, const CapsWish *wish, GError **error)
{
    JsonNode *node = json_node_alloc();
    uint64_t number;

    switch (json_node_get_value_type(now)) {
    case G_TYPE_BOOLEAN:
        if (strcmp(wish->value, "on") == 0 ||
            strcmp(wish->value, "true") == 0) {
            return json_node_init_boolean(node, TRUE);
        }
        if (strcmp(wish->value, "off") == 0 ||
            strcmp(wish->value, "false") == 0) {
            return json_node_init_boolean(node, FALSE);
        }
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' is neither on nor off", wish->value);
        break;
    case G_TYPE_INT64:
        if (unit_parse(wish->value, caps_table_parameter_unit(wish->name),
                       &number, error)) {
            return json_node_init_int(node, (gint64)number);
        }
        break;
    default:
        return json_node_init_string(node, wish->value);
    }
    json_node_unref(node);
    return NULL;
}

static void add_parameter(const CapsInventory *inventory, Side side,
                          const CapsWish *wish, GHashTable *changes,
                          GPtrArray *reasons)
{
    g_autoptr(GError) error = NULL;
    JsonNode *now =
        inventory->parameters
            ? json_object_get_member(inventory->parameters, wish->name)
            : NULL;
    if (!now) {
        refuse(reasons, side, did_you_mean(inventory, wish),
               "there is no parameter '%s'", wish->name);
        return;
    }
    JsonNode *value = value_like(now, wish, &error);
    if (!value) {
        refuse(reasons, side, NULL, "%s: %s", wish->name, error->message);
        return;
    }
    g_hash_table_remove(changes, wish->name);
    if (json_node_equal(now, value)) {
        json_node_unref(value);
    } else {
        g_hash_table_insert(changes, wish->name, value);
    }
}

static JsonNode *capability_list(const CapsInventory *inventory,
                                 GHashTable *changes, bool undo)
{
    JsonArray *list = json_array_new();
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(changes), (GCompareFunc)g_strcmp0);
    for (GList *at = names; at; at = at->next) {
        JsonObject *row = json_object_new();
        JsonNode *value = g_hash_table_lookup(changes, at->data);
        json_object_set_string_member(row, "capability", at->data);
        json_object_set_boolean_member(
            row, "state",
            undo ? caps_inventory_is_on(inventory, at->data)
                 : json_node_get_boolean(value));
        json_array_add_object_element(list, row);
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, list);
    return node;
}

static QmpCommand *capabilities_command(const CapsInventory *inventory,
                                        GHashTable *changes, bool undo)
{
    return qmp_command_set_node(qmp_command_new("migrate-set-capabilities"),
                                "capabilities",
                                capability_list(inventory, changes, undo));
}

static QmpCommand *parameters_command(const CapsInventory *inventory,
                                      GHashTable *changes, bool undo)
{
    QmpCommand *command = qmp_command_new("migrate-set-parameters");
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(changes), (GCompareFunc)g_strcmp0);
    for (GList *at = names; at; at = at->next) {
        JsonNode *value =
            undo ? json_object_get_member(inventory->parameters, at->data)
                 : g_hash_table_lookup(changes, at->data);
        qmp_command_set_node(command, at->data, json_node_copy(value));
    }
    return command;
}

typedef QmpCommand *CommandFunc(const CapsInventory *, GHashTable *, bool);

static void add_step(GPtrArray *steps, Side side, GHashTable *changes,
                     const CapsInventory *inventory, CommandFunc *make)
{
    if (g_hash_table_size(changes) > 0) {
        CapsStep *step = g_new0(CapsStep, 1);
        step->side = side;
        step->command = make(inventory, changes, false);
        step->undo = make(inventory, changes, true);
        g_ptr_array_add(steps, step);
    }
}

static void agree_one_side(const CapsInventory *inventory, Side side,
                           GPtrArray *wishes, GPtrArray *steps,
                           GPtrArray *reasons)
{
    g_autoptr(GHashTable) caps = g_hash_table_new_full(
        g_str_hash, g_str_equal, NULL, (GDestroyNotify)json_node_unref);
    g_autoptr(GHashTable) params = g_hash_table_new_full(
        g_str_hash, g_str_equal, NULL, (GDestroyNotify)json_node_unref);

    for (guint i = 0; i < wishes->len; i++) {
        const CapsWish *wish = wishes->pdata[i];
        NeededBy sides = wish->value ? caps_table_parameter_sides(wish->name)
                                     : caps_table_capability_sides(wish->name);
        if (!(sides & (1 << side))) {
            continue;
        }
        if (wish->value) {
            add_parameter(inventory, side, wish, params, reasons);
        } else {
            add_capability(inventory, side, wish, caps, reasons);
        }
    }
    add_step(steps, side, caps, inventory, capabilities_command);
    add_step(steps, side, params, inventory, parameters_command);
}

bool caps_agree(const CapsInventory inventories[N_SIDES], GPtrArray *wishes,
                GPtrArray *ret_steps, GPtrArray *ret_reasons)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        agree_one_side(&inventories[side], side, wishes, ret_steps,
                       ret_reasons);
    }
    if (ret_reasons->len > 0) {
        g_ptr_array_set_size(ret_steps, 0);
        return false;
    }
    return true;
}
