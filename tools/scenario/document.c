/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/document.h"

#include <string.h>

/* Through objects, and through arrays to their first element. */
JsonNode *document_find(JsonObject *result, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    JsonObject *object = result;

    for (char **name = names; object && *name; name++) {
        JsonNode *node = json_object_get_member(object, *name);
        if (!name[1] || !node) {
            return node;
        }
        object =
            JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    }
    return NULL;
}

/* What went over the wire, over the time that it took. */
static bool bandwidth_of(JsonObject *result, double *ret)
{
    JsonNode *sent = document_find(result, "bytes.transferred");
    JsonNode *total = document_find(result, "time_us.total");
    if (!sent || !total || JSON_NODE_HOLDS_NULL(sent) ||
        JSON_NODE_HOLDS_NULL(total) || json_node_get_int(total) <= 0) {
        return false;
    }
    *ret = json_node_get_double(sent) * G_USEC_PER_SEC /
           json_node_get_double(total);
    return true;
}

/* A list counts by its length. */
bool document_number(JsonObject *result, const char *path, double *ret)
{
    JsonNode *node = document_find(result, path);
    if (strcmp(path, "bandwidth") == 0) {
        return bandwidth_of(result, ret);
    }
    if (node && JSON_NODE_HOLDS_ARRAY(node)) {
        *ret = json_array_get_length(json_node_get_array(node));
        return true;
    }
    if (!node || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) == G_TYPE_STRING) {
        return false;
    }
    *ret = json_node_get_double(node);
    return true;
}

const char *document_string(JsonObject *result, const char *path)
{
    JsonNode *node = document_find(result, path);
    return node && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : "none";
}
