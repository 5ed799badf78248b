/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json-glib's own getters convert silently (a double becomes an int, a missing
 * member a critical), so the type is looked at first, always.
 */
#include "qmp/json.h"

static JsonNode *member_of_type(JsonObject *object, const char *name,
                                GType type)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    if (!node || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != type) {
        return NULL;
    }
    return node;
}

const char *qmp_json_string(JsonObject *object, const char *name)
{
    JsonNode *node = member_of_type(object, name, G_TYPE_STRING);

    return node ? json_node_get_string(node) : NULL;
}

JsonObject *qmp_json_object(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node)
                                                : NULL;
}

JsonArray *qmp_json_array(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node)
                                               : NULL;
}

bool qmp_json_bool(JsonObject *object, const char *name, bool *ret)
{
    JsonNode *node = member_of_type(object, name, G_TYPE_BOOLEAN);

    if (!node) {
        return false;
    }
    *ret = json_node_get_boolean(node);
    return true;
}

bool qmp_json_int64(JsonObject *object, const char *name, int64_t *ret)
{
    JsonNode *node = member_of_type(object, name, G_TYPE_INT64);

    if (!node) {
        return false;
    }
    *ret = json_node_get_int(node);
    return true;
}

bool qmp_json_double(JsonObject *object, const char *name, double *ret)
{
    JsonNode *node = member_of_type(object, name, G_TYPE_DOUBLE);

    if (!node) {
        node = member_of_type(object, name, G_TYPE_INT64);
    }
    if (!node) {
        return false;
    }
    *ret = json_node_get_double(node);
    return true;
}

bool qmp_json_size(JsonObject *object, const char *name, uint64_t *ret)
{
    int64_t value;

    if (!qmp_json_int64(object, name, &value) || value < 0) {
        return false;
    }
    *ret = value;
    return true;
}

bool qmp_json_uint64(JsonObject *object, const char *name, uint64_t *ret)
{
    int64_t value;

    if (!qmp_json_int64(object, name, &value)) {
        return false;
    }
    *ret = value;
    return true;
}
