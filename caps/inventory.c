/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/inventory.h"

#include <string.h>

#include "caps/nearest.h"
#include "qmp/json.h"

void caps_inventory_clear(CapsInventory *inventory)
{
    g_clear_pointer(&inventory->capabilities, g_hash_table_unref);
    g_clear_pointer(&inventory->parameters, json_object_unref);
    g_clear_pointer(&inventory->arguments, g_hash_table_unref);
}

static JsonObject *element_object(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static void insert_capabilities(CapsInventory *inventory, JsonArray *array)
{
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *row = element_object(array, i);
        const char *name = row ? qmp_json_string(row, "capability") : NULL;
        bool on;
        if (name && qmp_json_bool(row, "state", &on)) {
            g_hash_table_insert(inventory->capabilities, g_strdup(name),
                                GINT_TO_POINTER(on));
        }
    }
}

bool caps_inventory_take_capabilities(CapsInventory *inventory, JsonNode *reply)
{
    if (!reply || !JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    g_clear_pointer(&inventory->capabilities, g_hash_table_unref);
    inventory->capabilities =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    insert_capabilities(inventory, json_node_get_array(reply));
    return true;
}

bool caps_inventory_take_parameters(CapsInventory *inventory, JsonNode *reply)
{
    if (!reply || !JSON_NODE_HOLDS_OBJECT(reply)) {
        return false;
    }
    g_clear_pointer(&inventory->parameters, json_object_unref);
    inventory->parameters = json_object_new(); /* ours to change later */
    JsonObject *told = json_node_get_object(reply);
    g_autoptr(GList) names = json_object_get_members(told);
    for (GList *at = names; at; at = at->next) {
        json_object_set_member(
            inventory->parameters, at->data,
            json_node_copy(json_object_get_member(told, at->data)));
    }
    return true;
}

/* The schema names types by number: first the commands, then their arguments. */
static GHashTable *argument_types(JsonArray *schema)
{
    GHashTable *types = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < json_array_get_length(schema); i++) {
        JsonObject *row = element_object(schema, i);
        const char *name = row ? qmp_json_string(row, "name") : NULL;
        const char *kind = row ? qmp_json_string(row, "meta-type") : NULL;
        const char *type = row ? qmp_json_string(row, "arg-type") : NULL;
        if (name && type && kind && strcmp(kind, "command") == 0 &&
            g_str_has_prefix(name, "migrate")) {
            g_hash_table_insert(types, (char *)type, (char *)name);
        }
    }
    return types;
}

static void take_members(CapsInventory *inventory, const char *command,
                         JsonArray *members)
{
    for (guint i = 0; i < json_array_get_length(members); i++) {
        JsonObject *member = element_object(members, i);
        const char *name = member ? qmp_json_string(member, "name") : NULL;
        if (name) {
            g_hash_table_add(inventory->arguments,
                             g_strdup_printf("%s/%s", command, name));
        }
    }
}

bool caps_inventory_take_schema(CapsInventory *inventory, JsonNode *reply)
{
    if (!reply || !JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    g_clear_pointer(&inventory->arguments, g_hash_table_unref);
    inventory->arguments =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    JsonArray *schema = json_node_get_array(reply);
    g_autoptr(GHashTable) types = argument_types(schema);
    for (guint i = 0; i < json_array_get_length(schema); i++) {
        JsonObject *row = element_object(schema, i);
        const char *name = row ? qmp_json_string(row, "name") : NULL;
        const char *command = name ? g_hash_table_lookup(types, name) : NULL;
        JsonArray *members = row ? qmp_json_array(row, "members") : NULL;
        if (command && members) {
            take_members(inventory, command, members);
        }
    }
    return true;
}

void caps_inventory_apply(CapsInventory *inventory, const QmpCommand *command)
{
    JsonArray *list = qmp_json_array(command->arguments, "capabilities");
    if (strcmp(command->name, "migrate-set-capabilities") == 0 && list) {
        insert_capabilities(inventory, list);
        return;
    }
    g_autoptr(GList) names = json_object_get_members(command->arguments);
    for (GList *at = names; at; at = at->next) {
        json_object_set_member(inventory->parameters, at->data,
                               json_node_copy(json_object_get_member(
                                   command->arguments, at->data)));
    }
}

bool caps_inventory_has(const CapsInventory *inventory, const char *capability)
{
    return inventory->capabilities &&
           g_hash_table_contains(inventory->capabilities, capability);
}

bool caps_inventory_is_on(const CapsInventory *inventory,
                          const char *capability)
{
    return inventory->capabilities && GPOINTER_TO_INT(g_hash_table_lookup(
                                          inventory->capabilities, capability));
}

bool caps_inventory_has_argument(const CapsInventory *inventory,
                                 const char *command, const char *argument)
{
    g_autofree char *key = g_strdup_printf("%s/%s", command, argument);
    return inventory->arguments &&
           g_hash_table_contains(inventory->arguments, key);
}

const char *caps_inventory_nearest(const CapsInventory *inventory,
                                   const char *name, bool capability)
{
    g_autoptr(GList) names = NULL;
    if (capability && inventory->capabilities) {
        names = g_hash_table_get_keys(inventory->capabilities);
    } else if (!capability && inventory->parameters) {
        names = json_object_get_members(inventory->parameters);
    }

    Nearest nearest = nearest_start(name);
    for (GList *at = names; at; at = at->next) {
        nearest_offer(&nearest, at->data);
    }
    return nearest.best;
}
