/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/inventory.h"

#include <string.h>

#include "qmp/json.h"

void caps_inventory_clear(CapsInventory *inventory)
{
    g_clear_pointer(&inventory->capabilities, g_hash_table_unref);
    g_clear_pointer(&inventory->parameters, json_object_unref);
    g_clear_pointer(&inventory->schema, qmp_schema_unref);
    g_clear_pointer(&inventory->version_text, g_free);
    g_clear_pointer(&inventory->accel, g_free);
    inventory->version = 0;
}

static void set_members(JsonObject *object, JsonObject *members)
{
    g_autoptr(GList) names = json_object_get_members(members);
    for (GList *at = names; at; at = at->next) {
        json_object_set_member(
            object, at->data,
            json_node_copy(json_object_get_member(members, at->data)));
    }
}

static JsonObject *copy_object(JsonObject *object)
{
    JsonObject *copy = json_object_new();
    set_members(copy, object);
    return copy;
}

static void turn(GHashTable *capabilities, const char *name, bool on)
{
    g_hash_table_insert(capabilities, g_strdup(name), GINT_TO_POINTER(on));
}

static GHashTable *capabilities_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void caps_inventory_copy(const CapsInventory *inventory, CapsInventory *ret)
{
    GHashTableIter iter;
    gpointer name, on;

    *ret = (CapsInventory){ 0 };
    if (inventory->capabilities) {
        ret->capabilities = capabilities_new();
        g_hash_table_iter_init(&iter, inventory->capabilities);
        while (g_hash_table_iter_next(&iter, &name, &on)) {
            turn(ret->capabilities, name, GPOINTER_TO_INT(on));
        }
    }
    /* there is always room for what shall be set */
    ret->parameters = inventory->parameters ? copy_object(inventory->parameters)
                                            : json_object_new();
    if (inventory->schema) {
        ret->schema = qmp_schema_ref(inventory->schema);
    }
    ret->version = inventory->version;
    ret->version_text = g_strdup(inventory->version_text);
    ret->accel = g_strdup(inventory->accel);
}

static void insert_capabilities(CapsInventory *inventory, JsonArray *array)
{
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        JsonObject *row =
            JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        const char *name = row ? qmp_json_string(row, "capability") : NULL;
        bool on;
        if (name && qmp_json_bool(row, "state", &on)) {
            turn(inventory->capabilities, name, on);
        }
    }
}

bool caps_inventory_take_capabilities(CapsInventory *inventory, JsonNode *reply)
{
    if (!reply || !JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    g_clear_pointer(&inventory->capabilities, g_hash_table_unref);
    inventory->capabilities = capabilities_new();
    insert_capabilities(inventory, json_node_get_array(reply));
    return true;
}

bool caps_inventory_take_parameters(CapsInventory *inventory, JsonNode *reply)
{
    if (!reply || !JSON_NODE_HOLDS_OBJECT(reply)) {
        return false;
    }
    g_clear_pointer(&inventory->parameters, json_object_unref);
    inventory->parameters = copy_object(json_node_get_object(reply));
    return true;
}

bool caps_inventory_take_schema(CapsInventory *inventory, JsonNode *reply)
{
    QmpSchema *schema = reply ? qmp_schema_new(reply) : NULL;
    if (!schema) {
        return false;
    }
    g_clear_pointer(&inventory->schema, qmp_schema_unref);
    inventory->schema = schema;
    return true;
}

bool caps_inventory_take_kvm(CapsInventory *inventory, JsonNode *reply)
{
    bool enabled;
    if (!reply || !JSON_NODE_HOLDS_OBJECT(reply) ||
        !qmp_json_bool(json_node_get_object(reply), "enabled", &enabled)) {
        return false;
    }
    g_free(inventory->accel);
    inventory->accel = g_strdup(enabled ? "kvm" : "another");
    return true;
}

void caps_inventory_take_version(CapsInventory *inventory, const char *text)
{
    g_free(inventory->version_text);
    inventory->version_text = g_strdup(text);
    inventory->version = caps_version_parse(text);
}

const char *caps_inventory_version(const CapsInventory *inventory)
{
    return inventory->version_text ? inventory->version_text
                                   : "(version not told)";
}

void caps_inventory_apply(CapsInventory *inventory, const QmpCommand *command)
{
    if (!command->arguments) {
        return; /* puts back what was not set */
    }
    JsonArray *list = qmp_json_array(command->arguments, "capabilities");
    if (strcmp(command->name, "migrate-set-capabilities") == 0 && list) {
        insert_capabilities(inventory, list);
    } else if (strcmp(command->name, "migrate-set-parameters") == 0 &&
               inventory->parameters) {
        set_members(inventory->parameters, command->arguments);
    }
}

static char *capability_difference(const CapsInventory *inventory,
                                   JsonArray *list)
{
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *row = json_array_get_object_element(list, i);
        const char *name = qmp_json_string(row, "capability");
        bool on = false;
        qmp_json_bool(row, "state", &on);
        if (caps_inventory_is_on(inventory, name) != on) {
            return g_strdup_printf("%s is %s, not %s", name, on ? "off" : "on",
                                   on ? "on" : "off");
        }
    }
    return NULL;
}

char *caps_inventory_difference(const CapsInventory *inventory,
                                const QmpCommand *command)
{
    JsonArray *list = qmp_json_array(command->arguments, "capabilities");
    if (list) {
        return capability_difference(inventory, list);
    }
    if (strcmp(command->name, "migrate-set-parameters") != 0) {
        return NULL; /* no setting that could be read back */
    }
    g_autoptr(GList) names = json_object_get_members(command->arguments);
    for (GList *at = names; at; at = at->next) {
        JsonNode *wanted = json_object_get_member(command->arguments, at->data);
        JsonNode *is =
            json_object_has_member(inventory->parameters, at->data)
                ? json_object_get_member(inventory->parameters, at->data)
                : NULL;
        if (is && !json_node_equal(is, wanted)) {
            g_autofree char *is_text = qmp_json_to_text(is);
            g_autofree char *wanted_text = qmp_json_to_text(wanted);
            return g_strdup_printf("%s is %s, not %s", (char *)at->data,
                                   is_text, wanted_text);
        }
    }
    return NULL;
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

void caps_inventory_turn(CapsInventory *inventory, const char *capability,
                         bool on)
{
    turn(inventory->capabilities, capability, on);
}

/* Of an object, or the value of an enum; false: it has none of this name. */
static bool find_member(const QmpSchema *schema, JsonObject *type,
                        const char *name, QmpSchemaMember *ret)
{
    g_autoptr(GArray) members = qmp_schema_members(schema, type, NULL);
    for (guint i = 0; i < members->len; i++) {
        QmpSchemaMember *member = &g_array_index(members, QmpSchemaMember, i);
        if (strcmp(member->name, name) == 0) {
            *ret = *member;
            return true;
        }
    }
    return false;
}

/* The type of @command's argument; false: it has none of this name. */
static bool find_argument(const CapsInventory *inventory, const char *command,
                          const char *argument, QmpSchemaMember *ret)
{
    JsonObject *entity = inventory->schema
                             ? qmp_schema_command(inventory->schema, command)
                             : NULL;
    return entity &&
           find_member(inventory->schema,
                       qmp_schema_arguments(inventory->schema, entity),
                       argument, ret);
}

/* It is a value of the enum in what migrate-set-capabilities takes a list of. */
static bool find_capability(const CapsInventory *inventory, const char *name,
                            QmpSchemaMember *ret)
{
    QmpSchemaMember list, capability;
    return find_argument(inventory, "migrate-set-capabilities", "capabilities",
                         &list) &&
           find_member(inventory->schema,
                       qmp_schema_element(inventory->schema, list.type),
                       "capability", &capability) &&
           find_member(inventory->schema, capability.type, name, ret);
}

bool caps_inventory_has_command(const CapsInventory *inventory,
                                const char *command)
{
    return inventory->schema && qmp_schema_command(inventory->schema, command);
}

bool caps_inventory_has_argument(const CapsInventory *inventory,
                                 const char *command, const char *argument)
{
    QmpSchemaMember member;
    return find_argument(inventory, command, argument, &member);
}

JsonNode *caps_inventory_parameter(const CapsInventory *inventory,
                                   const char *parameter)
{
    return inventory->parameters
               ? json_object_get_member(inventory->parameters, parameter)
               : NULL;
}

bool caps_inventory_has_parameter(const CapsInventory *inventory,
                                  const char *parameter)
{
    return caps_inventory_parameter(inventory, parameter) ||
           caps_inventory_has_argument(inventory, "migrate-set-parameters",
                                       parameter);
}

char *caps_inventory_value(const CapsInventory *inventory,
                           const char *parameter)
{
    JsonNode *node = caps_inventory_parameter(inventory, parameter);
    if (!node) {
        return NULL;
    }
    return json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_dup_string(node)
               : qmp_json_to_text(node);
}

static CapsType type_of_value(JsonNode *node)
{
    if (!node) {
        return CAPS_TYPE_UNKNOWN;
    }
    if (!JSON_NODE_HOLDS_VALUE(node)) {
        return CAPS_TYPE_OTHER;
    }
    GType type = json_node_get_value_type(node);
    return type == G_TYPE_BOOLEAN  ? CAPS_TYPE_BOOL
           : type == G_TYPE_STRING ? CAPS_TYPE_STRING
                                   : CAPS_TYPE_NUMBER;
}

static char **to_strv(const GPtrArray *names)
{
    char **strv = g_new0(char *, names->len + 1);
    for (guint i = 0; i < names->len; i++) {
        strv[i] = g_strdup(names->pdata[i]);
    }
    return strv;
}

static CapsType type_of_schema(const QmpSchema *schema, JsonObject *type,
                               char ***ret_values)
{
    static const CapsType types[] = {
        [QMP_SCHEMA_STRING] = CAPS_TYPE_STRING,
        [QMP_SCHEMA_INT] = CAPS_TYPE_NUMBER,
        [QMP_SCHEMA_BOOL] = CAPS_TYPE_BOOL,
        [QMP_SCHEMA_ALTERNATE] = CAPS_TYPE_STRING, /* a string or null */
        [QMP_SCHEMA_ENUM] = CAPS_TYPE_ENUM,
        [QMP_SCHEMA_ARRAY] = CAPS_TYPE_OTHER,
        [QMP_SCHEMA_OBJECT] = CAPS_TYPE_OTHER,
    };
    QmpSchemaKind kind = qmp_schema_kind(type);
    if (kind == QMP_SCHEMA_ENUM) {
        g_autoptr(GPtrArray) values = qmp_schema_values(schema, type);
        *ret_values = to_strv(values);
    }
    return (size_t)kind < G_N_ELEMENTS(types) ? types[kind] : CAPS_TYPE_UNKNOWN;
}

CapsType caps_inventory_type(const CapsInventory *inventory,
                             const char *parameter, char ***ret_values)
{
    QmpSchemaMember member;
    *ret_values = NULL;
    return find_argument(inventory, "migrate-set-parameters", parameter,
                         &member)
               ? type_of_schema(inventory->schema, member.type, ret_values)
               : type_of_value(caps_inventory_parameter(inventory, parameter));
}

static void add_arguments(const QmpSchema *schema, GHashTable *names)
{
    JsonObject *command = qmp_schema_command(schema, "migrate-set-parameters");
    if (!command) {
        return;
    }
    g_autoptr(GArray) members =
        qmp_schema_members(schema, qmp_schema_arguments(schema, command), NULL);
    for (guint i = 0; i < members->len; i++) {
        g_hash_table_add(
            names, (char *)g_array_index(members, QmpSchemaMember, i).name);
    }
}

/* Of what QEMU told; free with g_list_free(). */
static GList *told_names(const CapsInventory *inventory, bool capabilities)
{
    if (capabilities) {
        return inventory->capabilities
                   ? g_hash_table_get_keys(inventory->capabilities)
                   : NULL;
    }
    return inventory->parameters
               ? json_object_get_members(inventory->parameters)
               : NULL;
}

char **caps_inventory_names(const CapsInventory *inventory, bool capabilities)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GList) told = told_names(inventory, capabilities);
    for (GList *at = told; at; at = at->next) {
        g_hash_table_add(names, at->data);
    }
    if (!capabilities && inventory->schema) {
        add_arguments(inventory->schema, names);
    }
    g_autoptr(GList) sorted =
        g_list_sort(g_hash_table_get_keys(names), (GCompareFunc)g_strcmp0);
    g_autoptr(GPtrArray) array = g_ptr_array_new();
    for (GList *at = sorted; at; at = at->next) {
        g_ptr_array_add(array, at->data);
    }
    return to_strv(array);
}

CapsMarks caps_inventory_marks(const CapsInventory *inventory,
                               bool is_capability, const char *name)
{
    QmpSchemaMember member;
    bool is_told =
        is_capability
            ? find_capability(inventory, name, &member)
            : find_argument(inventory, "migrate-set-parameters", name, &member);
    return is_told
               ? (CapsMarks){ true, member.is_deprecated, member.is_unstable }
               : (CapsMarks){ 0 };
}
