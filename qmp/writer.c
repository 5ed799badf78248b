/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json-glib's objects to a JSON text.  Its own generator makes "1e+22.0", which
 * is no JSON, of some broken numbers, and "inf.0" of others.
 */
#include "qmp/json.h"

#include <math.h>
#include <string.h>

static void write_node(GString *out, JsonNode *node);

static void write_character(GString *out, char c)
{
    static const char escaped[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = strchr(escaped, c);

    if (found) {
        g_string_append_c(out, '\\');
        g_string_append_c(out, letters[found - escaped]);
    } else if ((unsigned char)c < 0x20) {
        g_string_append_printf(out, "\\u%04x", c);
    } else {
        g_string_append_c(out, c);
    }
}

static void write_string(GString *out, const char *string)
{
    g_string_append_c(out, '"');
    for (; *string; string++) {
        write_character(out, *string);
    }
    g_string_append_c(out, '"');
}

/* Always with a point or an exponent, so that it stays broken when read. */
static void write_double(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (!isfinite(value)) {
        g_string_append(out, "null");
        return;
    }
    g_ascii_dtostr(text, sizeof(text), value);
    g_string_append(out, text);
    if (!strpbrk(text, ".e")) {
        g_string_append(out, ".0");
    }
}

static void write_value(GString *out, JsonNode *node)
{
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        write_string(out, json_node_get_string(node));
        break;
    case G_TYPE_INT64:
        g_string_append_printf(out, "%" G_GINT64_FORMAT,
                               json_node_get_int(node));
        break;
    case G_TYPE_DOUBLE:
        write_double(out, json_node_get_double(node));
        break;
    case G_TYPE_BOOLEAN:
        g_string_append(out, json_node_get_boolean(node) ? "true" : "false");
        break;
    default:
        g_assert_not_reached();
    }
}

static void write_object(GString *out, JsonObject *object)
{
    const char *separator = "";
    JsonObjectIter iter;
    const char *name;
    JsonNode *member;

    g_string_append_c(out, '{');
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &member)) {
        g_string_append(out, separator);
        write_string(out, name);
        g_string_append_c(out, ':');
        write_node(out, member);
        separator = ",";
    }
    g_string_append_c(out, '}');
}

static void write_array(GString *out, JsonArray *array)
{
    guint n = json_array_get_length(array);

    g_string_append_c(out, '[');
    for (guint i = 0; i < n; i++) {
        g_string_append(out, i ? "," : "");
        write_node(out, json_array_get_element(array, i));
    }
    g_string_append_c(out, ']');
}

static void write_node(GString *out, JsonNode *node)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT:
        write_object(out, json_node_get_object(node));
        break;
    case JSON_NODE_ARRAY:
        write_array(out, json_node_get_array(node));
        break;
    case JSON_NODE_VALUE:
        write_value(out, node);
        break;
    case JSON_NODE_NULL:
        g_string_append(out, "null");
        break;
    }
}

char *qmp_json_to_text(JsonNode *node)
{
    GString *out = g_string_sized_new(256);

    write_node(out, node);
    return g_string_free(out, FALSE);
}
