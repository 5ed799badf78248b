/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reply itself is the data; a table finds its entities by name. */
#include "tools/qmp/schema.h"

#include <string.h>

#include "qmp/json.h"

#define DEPTH_MAX 8 /* of lists of lists: a schema may lie */

struct Schema {
    JsonNode *reply;
    GHashTable *entities; /* name -> JsonObject */
    GPtrArray *commands;
};

static JsonObject *element(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static guint length(JsonArray *array)
{
    return array ? json_array_get_length(array) : 0;
}

static bool is_meta(JsonObject *entity, const char *meta_type)
{
    return g_strcmp0(qmp_json_string(entity, "meta-type"), meta_type) == 0;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

Schema *schema_new(JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return NULL;
    }
    Schema *schema = g_new0(Schema, 1);
    schema->reply = json_node_ref(reply);
    schema->entities = g_hash_table_new(g_str_hash, g_str_equal);
    schema->commands = g_ptr_array_new();

    JsonArray *all = json_node_get_array(reply);
    for (guint i = 0; i < length(all); i++) {
        JsonObject *entity = element(all, i);
        const char *name = entity ? qmp_json_string(entity, "name") : NULL;
        if (!name) {
            continue;
        }
        g_hash_table_insert(schema->entities, (char *)name, entity);
        if (is_meta(entity, "command")) {
            g_ptr_array_add(schema->commands, (char *)name);
        }
    }
    g_ptr_array_sort(schema->commands, compare);
    return schema;
}

void schema_free(Schema *schema)
{
    if (schema) {
        g_ptr_array_unref(schema->commands);
        g_hash_table_unref(schema->entities);
        json_node_unref(schema->reply);
        g_free(schema);
    }
}

const GPtrArray *schema_commands(const Schema *schema)
{
    return schema->commands;
}

/* The entity that member @key of @entity names. */
static JsonObject *follow(const Schema *schema, JsonObject *entity,
                          const char *key)
{
    const char *name = entity ? qmp_json_string(entity, key) : NULL;
    return name ? g_hash_table_lookup(schema->entities, name) : NULL;
}

JsonObject *schema_command(const Schema *schema, const char *name)
{
    JsonObject *entity = g_hash_table_lookup(schema->entities, name);
    return entity && is_meta(entity, "command") ? entity : NULL;
}

bool schema_allows_oob(JsonObject *command)
{
    bool allows = false;
    return qmp_json_bool(command, "allow-oob", &allows) && allows;
}

/* It takes the properties of the device, of which the schema knows nothing. */
bool schema_is_open(JsonObject *command)
{
    return g_strcmp0(qmp_json_string(command, "name"), "device_add") == 0;
}

JsonObject *schema_arguments(const Schema *schema, JsonObject *command)
{
    return follow(schema, command, "arg-type");
}

static SchemaKind kind_of_builtin(JsonObject *type)
{
    static const struct {
        const char *json_type;
        SchemaKind kind;
    } kinds[] = {
        { "string", SCHEMA_STRING }, { "int", SCHEMA_INT },
        { "number", SCHEMA_NUMBER }, { "boolean", SCHEMA_BOOL },
        { "null", SCHEMA_NULL },
    };
    const char *json_type = qmp_json_string(type, "json-type");

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_strcmp0(json_type, kinds[i].json_type) == 0) {
            return kinds[i].kind;
        }
    }
    return SCHEMA_ANY;
}

SchemaKind schema_kind(JsonObject *type)
{
    if (!type) {
        return SCHEMA_ANY;
    }
    if (is_meta(type, "enum")) {
        return SCHEMA_ENUM;
    }
    if (is_meta(type, "array")) {
        return SCHEMA_ARRAY;
    }
    if (is_meta(type, "object")) {
        return SCHEMA_OBJECT;
    }
    if (is_meta(type, "alternate")) {
        return SCHEMA_ALTERNATE;
    }
    return kind_of_builtin(type);
}

JsonObject *schema_object(const Schema *schema, JsonObject *type)
{
    g_autoptr(GPtrArray) types = schema_alternatives(schema, type);

    for (guint i = 0; i < types->len; i++) {
        if (schema_kind(types->pdata[i]) == SCHEMA_OBJECT) {
            return types->pdata[i];
        }
    }
    return NULL;
}

const char *schema_tag(JsonObject *object)
{
    return object ? qmp_json_string(object, "tag") : NULL;
}

static void add_members(const Schema *schema, JsonObject *object,
                        GArray *members)
{
    JsonArray *all = object ? qmp_json_array(object, "members") : NULL;

    for (guint i = 0; i < length(all); i++) {
        JsonObject *entry = element(all, i);
        const char *name = entry ? qmp_json_string(entry, "name") : NULL;
        if (name) {
            SchemaMember member = {
                .name = name,
                .type = follow(schema, entry, "type"),
                .is_optional = json_object_has_member(entry, "default"),
            };
            g_array_append_val(members, member);
        }
    }
}

GArray *schema_members(const Schema *schema, JsonObject *object,
                       const char *tag_value)
{
    GArray *members = g_array_new(FALSE, FALSE, sizeof(SchemaMember));
    JsonArray *all = object ? qmp_json_array(object, "variants") : NULL;

    add_members(schema, object, members);
    for (guint i = 0; i < length(all); i++) {
        JsonObject *variant = element(all, i);
        if (variant &&
            (!tag_value ||
             g_strcmp0(qmp_json_string(variant, "case"), tag_value) == 0)) {
            add_members(schema, follow(schema, variant, "type"), members);
        }
    }
    return members;
}

GPtrArray *schema_alternatives(const Schema *schema, JsonObject *type)
{
    GPtrArray *types = g_ptr_array_new();

    if (schema_kind(type) != SCHEMA_ALTERNATE) {
        g_ptr_array_add(types, type);
        return types;
    }
    JsonArray *all = qmp_json_array(type, "members");
    for (guint i = 0; i < length(all); i++) {
        g_ptr_array_add(types, follow(schema, element(all, i), "type"));
    }
    return types;
}

/* "values" is all that QEMU before 6.2 says, and deprecated since. */
static void add_enum_values(JsonObject *type, GPtrArray *values)
{
    JsonArray *members = qmp_json_array(type, "members");
    JsonArray *all = members ? members : qmp_json_array(type, "values");

    for (guint i = 0; i < length(all); i++) {
        JsonNode *node = json_array_get_element(all, i);
        const char *value = NULL;
        if (members && JSON_NODE_HOLDS_OBJECT(node)) {
            value = qmp_json_string(json_node_get_object(node), "name");
        } else if (json_node_get_value_type(node) == G_TYPE_STRING) {
            value = json_node_get_string(node);
        }
        if (value) {
            g_ptr_array_add(values, (char *)value);
        }
    }
}

GPtrArray *schema_values(const Schema *schema, JsonObject *type)
{
    g_autoptr(GPtrArray) types = schema_alternatives(schema, type);
    GPtrArray *values = g_ptr_array_new();

    for (guint i = 0; i < types->len; i++) {
        JsonObject *one = types->pdata[i];
        if (schema_kind(one) == SCHEMA_BOOL) {
            g_ptr_array_add(values, "false");
            g_ptr_array_add(values, "true");
        } else if (schema_kind(one) == SCHEMA_ENUM) {
            add_enum_values(one, values);
        }
    }
    return values;
}

static void append_type(const Schema *schema, JsonObject *type, GString *text,
                        int depth)
{
    static const char *const names[] = {
        [SCHEMA_ANY] = "any",       [SCHEMA_STRING] = "string",
        [SCHEMA_INT] = "int",       [SCHEMA_NUMBER] = "number",
        [SCHEMA_BOOL] = "bool",     [SCHEMA_NULL] = "null",
        [SCHEMA_ENUM] = "enum",     [SCHEMA_ARRAY] = "list",
        [SCHEMA_OBJECT] = "object", [SCHEMA_ALTERNATE] = "any",
    };
    SchemaKind kind = schema_kind(type);

    if (kind != SCHEMA_ARRAY || depth == DEPTH_MAX) {
        g_string_append(text, names[kind]);
        return;
    }
    g_string_append_c(text, '[');
    append_type(schema, follow(schema, type, "element-type"), text, depth + 1);
    g_string_append_c(text, ']');
}

char *schema_type_to_text(const Schema *schema, JsonObject *type)
{
    g_autoptr(GPtrArray) types = schema_alternatives(schema, type);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < types->len; i++) {
        g_string_append(text, i ? " or " : "");
        append_type(schema, types->pdata[i], text, 0);
    }
    return g_string_free(text, FALSE);
}
