/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One rule for each kind of type. */
#include "tools/qmp/value.h"

#include <string.h>

#include "caps/nearest.h"
#include "qmp/json.h"
#include "qmp/parser.h"
#include "tools/qmp/raw-json.h"

/* NULL: @text is not one JSON value. */
static JsonNode *node_from_json(const char *text)
{
    g_autofree char *wrapped = g_strdup_printf("{\"value\":%s}", text);
    size_t n = 0;
    const char *value = raw_json_member(wrapped, strlen(wrapped), "value", &n);

    /* Else what stands behind the first value could be a second member. */
    if (!value || n == 0 || value[n + strspn(value + n, " \t\r\n")] != '}' ||
        value[n + strspn(value + n, " \t\r\n") + 1]) {
        return NULL;
    }
    g_autoptr(JsonObject) object =
        qmp_parse_object(wrapped, strlen(wrapped), NULL);
    return object ? json_object_dup_member(object, "value") : NULL;
}

static JsonNode *node_from_string(const char *text)
{
    return json_node_init_string(json_node_alloc(), text);
}

static bool has_value(const QmpSchema *schema, JsonObject *type,
                      const char *text)
{
    g_autoptr(GPtrArray) values = qmp_schema_values(schema, type);
    return g_ptr_array_find_with_equal_func(values, text, g_str_equal, NULL);
}

/* NULL: @text is none of this type, which is no alternate. */
static JsonNode *node_of_type(const QmpSchema *schema, JsonObject *type,
                              const char *text)
{
    QmpSchemaKind kind = qmp_schema_kind(type);

    if (kind == QMP_SCHEMA_STRING) {
        return node_from_string(text);
    }
    if (kind == QMP_SCHEMA_ENUM) {
        return has_value(schema, type, text) ? node_from_string(text) : NULL;
    }
    g_autoptr(JsonNode) node = node_from_json(text);
    if (!node) {
        return kind == QMP_SCHEMA_ANY ? node_from_string(text) : NULL;
    }
    return qmp_schema_is_kind(node, kind) ? g_steal_pointer(&node) : NULL;
}

/* Everything is a string, so that comes last. */
static JsonNode *node_of_alternatives(const QmpSchema *schema,
                                      const GPtrArray *types, const char *text)
{
    JsonNode *node = NULL;

    for (guint i = 0; i < types->len && !node; i++) {
        if (qmp_schema_kind(types->pdata[i]) != QMP_SCHEMA_STRING) {
            node = node_of_type(schema, types->pdata[i], text);
        }
    }
    for (guint i = 0; i < types->len && !node; i++) {
        node = node_of_type(schema, types->pdata[i], text);
    }
    return node;
}

static const char *describe(JsonObject *type)
{
    switch (qmp_schema_kind(type)) {
    case QMP_SCHEMA_INT:
        return "a whole number of at most 64 bits";
    case QMP_SCHEMA_NUMBER:
        return "a number";
    case QMP_SCHEMA_NULL:
        return "null";
    case QMP_SCHEMA_ARRAY:
        return "a list in JSON, such as [1, 2]";
    case QMP_SCHEMA_OBJECT:
        return "an object in JSON, such as {\"name\": 1}";
    default:
        return "of the right kind; see the help of the command";
    }
}

static void refuse(const QmpSchema *schema, JsonObject *type, const char *name,
                   const char *text, GError **error)
{
    g_autoptr(GPtrArray) values = qmp_schema_values(schema, type);
    Nearest nearest = nearest_start(text);

    for (guint i = 0; i < values->len; i++) {
        nearest_offer(&nearest, values->pdata[i]);
    }
    if (nearest.best) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s has no value '%s'; did you mean %s?", name, text,
                    nearest.best);
    } else if (values->len) {
        g_ptr_array_add(values, NULL);
        g_autofree char *list = g_strjoinv(", ", (char **)values->pdata);
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s: '%s' is none of %s", name, text, list);
    } else {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s: '%s' is not %s", name, text, describe(type));
    }
}

JsonNode *value_parse(const QmpSchema *schema, JsonObject *type,
                      const char *name, const char *text, GError **error)
{
    JsonNode *node;

    if (type) {
        g_autoptr(GPtrArray) types = qmp_schema_alternatives(schema, type);
        node = node_of_alternatives(schema, types, text);
    } else {
        node = node_of_type(schema, NULL, text);
    }
    if (!node) {
        refuse(schema, type, name, text, error);
    }
    return node;
}
