/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reply itself is the data; a table finds its entities by name. */
#include "qmp/schema.h"

#include <string.h>

#include "qmp/json.h"

#define DEPTH_MAX 8 /* of lists of lists: a schema may lie */

struct QmpSchema {
    unsigned n_refs;
    JsonNode *reply;
    GHashTable *entities; /* name -> JsonObject */
    GPtrArray *commands;
};

static JsonObject *element(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static const char *text_element(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
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

QmpSchema *qmp_schema_new(JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return NULL;
    }
    QmpSchema *schema = g_new0(QmpSchema, 1);
    schema->n_refs = 1;
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

QmpSchema *qmp_schema_ref(QmpSchema *schema)
{
    schema->n_refs++;
    return schema;
}

void qmp_schema_unref(QmpSchema *schema)
{
    if (schema && --schema->n_refs == 0) {
        g_ptr_array_unref(schema->commands);
        g_hash_table_unref(schema->entities);
        json_node_unref(schema->reply);
        g_free(schema);
    }
}

const GPtrArray *qmp_schema_commands(const QmpSchema *schema)
{
    return schema->commands;
}

/* The entity that member @key of @entity names. */
static JsonObject *follow(const QmpSchema *schema, JsonObject *entity,
                          const char *key)
{
    const char *name = entity ? qmp_json_string(entity, key) : NULL;
    return name ? g_hash_table_lookup(schema->entities, name) : NULL;
}

static JsonObject *find(const QmpSchema *schema, const char *name,
                        const char *meta_type)
{
    JsonObject *entity = g_hash_table_lookup(schema->entities, name);
    return entity && is_meta(entity, meta_type) ? entity : NULL;
}

JsonObject *qmp_schema_command(const QmpSchema *schema, const char *name)
{
    return find(schema, name, "command");
}

JsonObject *qmp_schema_event(const QmpSchema *schema, const char *name)
{
    return find(schema, name, "event");
}

bool qmp_schema_allows_oob(JsonObject *command)
{
    bool allows = false;
    return qmp_json_bool(command, "allow-oob", &allows) && allows;
}

bool qmp_schema_has_feature(JsonObject *entity, const char *feature)
{
    JsonArray *all = qmp_json_array(entity, "features");

    for (guint i = 0; i < length(all); i++) {
        if (g_strcmp0(text_element(all, i), feature) == 0) {
            return true;
        }
    }
    return false;
}

/* It takes the properties of the device, of which the schema knows nothing. */
bool qmp_schema_is_open(JsonObject *command)
{
    return g_strcmp0(qmp_json_string(command, "name"), "device_add") == 0;
}

JsonObject *qmp_schema_arguments(const QmpSchema *schema, JsonObject *command)
{
    return follow(schema, command, "arg-type");
}

JsonObject *qmp_schema_reply(const QmpSchema *schema, JsonObject *command)
{
    return follow(schema, command, "ret-type");
}

static QmpSchemaKind kind_of_builtin(JsonObject *type)
{
    static const struct {
        const char *json_type;
        QmpSchemaKind kind;
    } kinds[] = {
        { "string", QMP_SCHEMA_STRING }, { "int", QMP_SCHEMA_INT },
        { "number", QMP_SCHEMA_NUMBER }, { "boolean", QMP_SCHEMA_BOOL },
        { "null", QMP_SCHEMA_NULL },
    };
    const char *json_type = qmp_json_string(type, "json-type");

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_strcmp0(json_type, kinds[i].json_type) == 0) {
            return kinds[i].kind;
        }
    }
    return QMP_SCHEMA_ANY;
}

QmpSchemaKind qmp_schema_kind(JsonObject *type)
{
    if (!type) {
        return QMP_SCHEMA_ANY;
    }
    if (is_meta(type, "enum")) {
        return QMP_SCHEMA_ENUM;
    }
    if (is_meta(type, "array")) {
        return QMP_SCHEMA_ARRAY;
    }
    if (is_meta(type, "object")) {
        return QMP_SCHEMA_OBJECT;
    }
    if (is_meta(type, "alternate")) {
        return QMP_SCHEMA_ALTERNATE;
    }
    return kind_of_builtin(type);
}

bool qmp_schema_is_kind(JsonNode *node, QmpSchemaKind kind)
{
    GType type = json_node_get_value_type(node);

    switch (kind) {
    case QMP_SCHEMA_STRING:
    case QMP_SCHEMA_ENUM:
        return type == G_TYPE_STRING;
    case QMP_SCHEMA_INT:
        return type == G_TYPE_INT64;
    case QMP_SCHEMA_NUMBER:
        return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
    case QMP_SCHEMA_BOOL:
        return type == G_TYPE_BOOLEAN;
    case QMP_SCHEMA_NULL:
        return JSON_NODE_HOLDS_NULL(node);
    case QMP_SCHEMA_ARRAY:
        return JSON_NODE_HOLDS_ARRAY(node);
    case QMP_SCHEMA_OBJECT:
        return JSON_NODE_HOLDS_OBJECT(node);
    default:
        return kind == QMP_SCHEMA_ANY;
    }
}

JsonObject *qmp_schema_element(const QmpSchema *schema, JsonObject *type)
{
    return follow(schema, type, "element-type");
}

JsonObject *qmp_schema_object(const QmpSchema *schema, JsonObject *type)
{
    g_autoptr(GPtrArray) types = qmp_schema_alternatives(schema, type);

    for (guint i = 0; i < types->len; i++) {
        if (qmp_schema_kind(types->pdata[i]) == QMP_SCHEMA_OBJECT) {
            return types->pdata[i];
        }
    }
    return NULL;
}

const char *qmp_schema_tag(JsonObject *object)
{
    return object ? qmp_json_string(object, "tag") : NULL;
}

static void add_members(const QmpSchema *schema, JsonObject *object,
                        GArray *members)
{
    JsonArray *all = object ? qmp_json_array(object, "members") : NULL;

    for (guint i = 0; i < length(all); i++) {
        JsonObject *entry = element(all, i);
        const char *name = entry ? qmp_json_string(entry, "name") : NULL;
        if (name) {
            QmpSchemaMember member = {
                .name = name,
                .type = follow(schema, entry, "type"),
                .is_optional = json_object_has_member(entry, "default"),
                .is_deprecated = qmp_schema_has_feature(entry, "deprecated"),
                .is_unstable = qmp_schema_has_feature(entry, "unstable"),
            };
            g_array_append_val(members, member);
        }
    }
}

static bool has_case(JsonObject *variant, const char *tag_value)
{
    return g_strcmp0(qmp_json_string(variant, "case"), tag_value) == 0;
}

JsonObject *qmp_schema_variant(const QmpSchema *schema, JsonObject *object,
                               const char *tag_value)
{
    JsonArray *all = object ? qmp_json_array(object, "variants") : NULL;

    for (guint i = 0; i < length(all); i++) {
        JsonObject *variant = element(all, i);
        if (variant && has_case(variant, tag_value)) {
            return follow(schema, variant, "type");
        }
    }
    return NULL;
}

/* A variant may have variants itself, and in a schema that lies be its own. */
static void add_all_members(const QmpSchema *schema, JsonObject *object,
                            const char *tag_value, GArray *members,
                            GHashTable *seen)
{
    if (!object || !g_hash_table_add(seen, object)) {
        return;
    }
    JsonArray *all = qmp_json_array(object, "variants");
    add_members(schema, object, members);
    for (guint i = 0; i < length(all); i++) {
        JsonObject *variant = element(all, i);
        if (variant && (!tag_value || has_case(variant, tag_value))) {
            add_all_members(schema, follow(schema, variant, "type"), NULL,
                            members, seen);
        }
    }
}

GArray *qmp_schema_members(const QmpSchema *schema, JsonObject *object,
                           const char *tag_value)
{
    GArray *members = g_array_new(FALSE, FALSE, sizeof(QmpSchemaMember));
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    add_all_members(schema, object, tag_value, members, seen);
    return members;
}

static bool has_member(const QmpSchema *schema, JsonObject *type,
                       const char *name)
{
    g_autoptr(GArray) members =
        qmp_schema_members(schema, qmp_schema_object(schema, type), NULL);

    for (guint i = 0; i < members->len; i++) {
        if (strcmp(g_array_index(members, QmpSchemaMember, i).name, name) ==
            0) {
            return true;
        }
    }
    return false;
}

bool qmp_schema_takes_argument(const QmpSchema *schema, const char *command,
                               const char *argument)
{
    JsonObject *entity = qmp_schema_command(schema, command);

    return has_member(schema, qmp_schema_arguments(schema, entity), argument);
}

bool qmp_schema_returns_member(const QmpSchema *schema, const char *command,
                               const char *member)
{
    JsonObject *reply =
        qmp_schema_reply(schema, qmp_schema_command(schema, command));
    JsonObject *inner = qmp_schema_element(schema, reply);

    return has_member(schema, inner ? inner : reply, member);
}

GPtrArray *qmp_schema_alternatives(const QmpSchema *schema, JsonObject *type)
{
    GPtrArray *types = g_ptr_array_new();

    if (qmp_schema_kind(type) != QMP_SCHEMA_ALTERNATE) {
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
        const char *value = members ? qmp_json_string(element(all, i), "name")
                                    : text_element(all, i);
        if (value) {
            g_ptr_array_add(values, (char *)value);
        }
    }
}

GPtrArray *qmp_schema_values(const QmpSchema *schema, JsonObject *type)
{
    g_autoptr(GPtrArray) types = qmp_schema_alternatives(schema, type);
    GPtrArray *values = g_ptr_array_new();

    for (guint i = 0; i < types->len; i++) {
        JsonObject *one = types->pdata[i];
        if (qmp_schema_kind(one) == QMP_SCHEMA_BOOL) {
            g_ptr_array_add(values, "false");
            g_ptr_array_add(values, "true");
        } else if (qmp_schema_kind(one) == QMP_SCHEMA_ENUM) {
            add_enum_values(one, values);
        }
    }
    return values;
}

static void append_type(const QmpSchema *schema, JsonObject *type,
                        GString *text, int depth)
{
    static const char *const names[] = {
        [QMP_SCHEMA_ANY] = "any",       [QMP_SCHEMA_STRING] = "string",
        [QMP_SCHEMA_INT] = "int",       [QMP_SCHEMA_NUMBER] = "number",
        [QMP_SCHEMA_BOOL] = "bool",     [QMP_SCHEMA_NULL] = "null",
        [QMP_SCHEMA_ENUM] = "enum",     [QMP_SCHEMA_ARRAY] = "list",
        [QMP_SCHEMA_OBJECT] = "object", [QMP_SCHEMA_ALTERNATE] = "any",
    };
    QmpSchemaKind kind = qmp_schema_kind(type);

    if (kind != QMP_SCHEMA_ARRAY || depth == DEPTH_MAX) {
        g_string_append(text, names[kind]);
        return;
    }
    g_string_append_c(text, '[');
    append_type(schema, qmp_schema_element(schema, type), text, depth + 1);
    g_string_append_c(text, ']');
}

char *qmp_schema_type_to_text(const QmpSchema *schema, JsonObject *type)
{
    g_autoptr(GPtrArray) types = qmp_schema_alternatives(schema, type);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < types->len; i++) {
        g_string_append(text, i ? " or " : "");
        append_type(schema, types->pdata[i], text, 0);
    }
    return g_string_free(text, FALSE);
}
