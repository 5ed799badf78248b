/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/restore.h"

#include <string.h>

#include "qmp/json.h"

typedef enum {
    PRESENT_OURS,     /* or not told: to be restored */
    PRESENT_RESTORED, /* as it was before us */
    PRESENT_FOREIGN,
} Present;

static const char *name_of_row(JsonArray *rows, guint i)
{
    JsonNode *row = json_array_get_element(rows, i);
    return JSON_NODE_HOLDS_OBJECT(row)
               ? qmp_json_string(json_node_get_object(row), "capability")
               : NULL;
}

static JsonArray *capabilities_of(const QmpCommand *command)
{
    return command->arguments
               ? qmp_json_array(command->arguments, "capabilities")
               : NULL;
}

/* What @command sets, by name: capabilities are switched, parameters have
 * values.  NULL: it does not set @name. */
static JsonNode *value_of(const QmpCommand *command, const char *name)
{
    JsonArray *rows = capabilities_of(command);
    for (guint i = 0; rows && i < json_array_get_length(rows); i++) {
        if (g_strcmp0(name_of_row(rows, i), name) == 0) {
            return json_object_get_member(
                json_array_get_object_element(rows, i), "state");
        }
    }
    return !rows && command->arguments
               ? json_object_get_member(command->arguments, name)
               : NULL;
}

static bool is_now(const CapsInventory *now, const char *name, JsonNode *value)
{
    if (caps_inventory_has(now, name)) {
        return JSON_NODE_HOLDS_VALUE(value) &&
               json_node_get_boolean(value) == caps_inventory_is_on(now, name);
    }
    JsonNode *present = caps_inventory_parameter(now, name);
    return present && json_node_equal(present, value);
}

/* A setting can be changed by several steps: the first knows the old value, and
 * any of their values can be there when a killed qmigrate is undone. */
static Present judge(const GPtrArray *steps, guint n, Side side,
                     const CapsInventory *now, const char *name)
{
    JsonNode *before = NULL;
    bool is_ours =
        !caps_inventory_has(now, name) && !caps_inventory_parameter(now, name);
    for (guint i = 0; i < n; i++) {
        const CapsStep *step = steps->pdata[i];
        JsonNode *set =
            step->side == side ? value_of(step->command, name) : NULL;
        if (set) {
            before = before ? before : value_of(step->undo, name);
            is_ours |= is_now(now, name, set);
        }
    }
    if (before && is_now(now, name, before)) {
        return PRESENT_RESTORED;
    }
    return is_ours ? PRESENT_OURS : PRESENT_FOREIGN;
}

static bool is_setting(const QmpCommand *command)
{
    return g_str_has_prefix(command->name, "migrate-set-");
}

/* The names that @command sets, owned by it. */
static GPtrArray *names_of(const QmpCommand *command)
{
    GPtrArray *names = g_ptr_array_new();
    JsonArray *rows = capabilities_of(command);
    for (guint i = 0; rows && i < json_array_get_length(rows); i++) {
        const char *name = name_of_row(rows, i);
        if (name && value_of(command, name)) {
            g_ptr_array_add(names, (char *)name);
        }
    }
    g_autoptr(GList) members =
        command->arguments ? json_object_get_members(command->arguments) : NULL;
    for (GList *at = members; !rows && at; at = at->next) {
        g_ptr_array_add(names, at->data);
    }
    return names;
}

static void add_row(JsonArray *rows, const char *name, JsonNode *state)
{
    JsonObject *row = json_object_new();
    json_object_set_string_member(row, "capability", name);
    json_object_set_member(row, "state", json_node_copy(state));
    json_array_add_object_element(rows, row);
}

/* The same command, for @names alone. */
static QmpCommand *only(const QmpCommand *command, const GPtrArray *names)
{
    bool switches = capabilities_of(command) != NULL;
    QmpCommand *some = qmp_command_new(command->name);
    JsonArray *rows = json_array_new();
    for (guint i = 0; i < names->len; i++) {
        JsonNode *value = value_of(command, names->pdata[i]);
        if (switches) {
            add_row(rows, names->pdata[i], value);
        } else {
            qmp_command_set_node(some, names->pdata[i], json_node_copy(value));
        }
    }
    if (switches) {
        JsonNode *node = json_node_new(JSON_NODE_ARRAY);
        json_node_set_array(node, rows);
        qmp_command_set_node(some, "capabilities", node);
    }
    json_array_unref(rows);
    return some;
}

QmpCommand *caps_restore(const GPtrArray *steps, guint n, guint i,
                         const CapsInventory *now)
{
    const CapsStep *step = steps->pdata[i];
    if (!step->undo->arguments) {
        return NULL; /* QEMU has no word for "not set" */
    }
    if (!is_setting(step->undo)) {
        return qmp_command_copy(step->undo);
    }
    g_autoptr(GPtrArray) names = names_of(step->undo);
    for (guint at = names->len; at-- > 0;) {
        if (judge(steps, n, step->side, now, names->pdata[at]) !=
            PRESENT_OURS) {
            g_ptr_array_remove_index(names, at);
        }
    }
    return names->len > 0 ? only(step->undo, names) : NULL;
}

static void add_foreign(GString *text, const CapsStep *step, const char *name,
                        const CapsInventory *now)
{
    JsonNode *undo = value_of(step->undo, name);
    g_autofree char *before = undo ? qmp_json_to_text(undo) : NULL;
    g_autofree char *present = caps_inventory_value(now, name);
    g_string_append_printf(text, "%s%s=%s (before: %s)", text->len ? ", " : "",
                           name, present, before ? before : "not set");
}

char *caps_restore_foreign(const GPtrArray *steps, guint n, Side side,
                           const CapsInventory *now)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < n; i++) {
        const CapsStep *step = steps->pdata[i];
        bool may_be = step->side == side && is_setting(step->command);
        g_autoptr(GPtrArray) names =
            may_be ? names_of(step->command) : g_ptr_array_new();
        for (guint at = 0; at < names->len; at++) {
            char *name = names->pdata[at];
            if (g_hash_table_add(seen, name) &&
                judge(steps, n, side, now, name) == PRESENT_FOREIGN) {
                add_foreign(text, step, name, now);
            }
        }
    }
    return g_string_free(text, text->len == 0);
}
