/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/wish.h"

#include <inttypes.h>
#include <string.h>

#include "qmp/parser.h"

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

CapsWish *caps_wish_copy(const CapsWish *wish)
{
    CapsWish *copy = caps_wish_capability(wish->name, wish->on);
    copy->value = g_strdup(wish->value);
    copy->option = g_strdup(wish->option);
    return copy;
}

void caps_wish_free(CapsWish *wish)
{
    g_free(wish->name);
    g_free(wish->value);
    g_free(wish->option);
    g_free(wish);
}

const CapsRow *caps_wish_row(const CapsWish *wish)
{
    return wish->value ? caps_table_parameter(wish->name)
                       : caps_table_capability(wish->name);
}

bool caps_wish_is_off(const CapsWish *wish)
{
    return wish->value ? strcmp(wish->value, "none") == 0 : !wish->on;
}

static gboolean refuse_value(const CapsWish *wish, const char *why,
                             GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' %s",
                wish->value, why);
    return FALSE;
}

/* "is neither 0 nor at least 10 B/s: QEMU takes that for no limit". */
static char *range_to_text(const CapsRow *row)
{
    g_autofree char *low = unit_format(row->min, row->unit);
    g_autofree char *high = unit_format(row->max, row->unit);
    g_autofree char *range = row->max
                                 ? g_strdup_printf("from %s to %s", low, high)
                                 : g_strdup_printf("at least %s", low);
    return g_strdup_printf("is %s %s%s%s",
                           row->or_zero ? "neither 0 nor" : "not", range,
                           row->taken_for ? ": QEMU takes that for " : "",
                           row->taken_for ? row->taken_for : "");
}

static gboolean check_range(const CapsRow *row, const CapsWish *wish,
                            uint64_t number, GError **error)
{
    uint64_t max = row->max ? row->max : UINT64_MAX;
    bool is_zero = row->or_zero && number == 0;
    if (!is_zero && (number < row->min || number > max)) {
        g_autofree char *why = range_to_text(row);
        return refuse_value(wish, why, error);
    }
    if (row->is_power_of_two && (number & (number - 1)) != 0) {
        return refuse_value(wish, "is no power of two", error);
    }
    return TRUE;
}

/* The table knows it for a number. */
static bool is_number(const CapsRow *row)
{
    return row && (row->unit != UNIT_NONE || row->min || row->max);
}

gboolean caps_wish_check(const CapsWish *wish, GError **error)
{
    const CapsRow *row = wish->value ? caps_table_parameter(wish->name) : NULL;
    uint64_t number;
    return !is_number(row) ||
           (unit_parse(wish->value, row->unit, &number, error) &&
            check_range(row, wish, number, error));
}

bool caps_wish_is_known(const CapsWish *wish, const CapsInventory *inventory)
{
    return wish->value ? caps_inventory_has_parameter(inventory, wish->name)
                       : caps_inventory_has(inventory, wish->name);
}

static JsonNode *parse_bool(const CapsWish *wish, GError **error)
{
    static const char *const words[2][3] = { { "off", "false", NULL },
                                             { "on", "true", NULL } };
    for (int on = 0; on < 2; on++) {
        if (g_strv_contains(words[on], wish->value)) {
            return json_node_init_boolean(json_node_alloc(), on);
        }
    }
    refuse_value(wish, "is neither on nor off", error);
    return NULL;
}

static JsonNode *parse_number(const CapsWish *wish, GError **error)
{
    const CapsRow *row = caps_table_parameter(wish->name);
    uint64_t number;
    if (!unit_parse(wish->value, caps_row_unit(row), &number, error)) {
        return NULL;
    }
    return json_node_init_int(json_node_alloc(), (gint64)number);
}

static JsonNode *parse_enum(const CapsWish *wish, const char *const *values,
                            GError **error)
{
    if (!g_strv_contains(values, wish->value)) {
        g_autofree char *all = g_strjoinv(", ", (char **)values);
        g_autofree char *why = g_strconcat("is none of ", all, NULL);
        refuse_value(wish, why, error);
        return NULL;
    }
    return json_node_init_string(json_node_alloc(), wish->value);
}

/* A list or an object, as JSON. */
static JsonNode *parse_json(const CapsWish *wish, GError **error)
{
    g_autofree char *text = g_strdup_printf("{\"value\":%s}", wish->value);
    g_autoptr(JsonObject) object = qmp_parse_object(text, strlen(text), NULL);
    if (!object || json_object_get_size(object) != 1) {
        refuse_value(wish, "is no JSON value, which this parameter takes",
                     error);
        return NULL;
    }
    return json_object_dup_member(object, "value");
}

/* The value in the type that this QEMU has for it; NULL with *@error. */
static JsonNode *parse_value(const CapsWish *wish,
                             const CapsInventory *inventory, GError **error)
{
    g_auto(GStrv) values = NULL;
    switch (caps_inventory_type(inventory, wish->name, &values)) {
    case CAPS_TYPE_BOOL:
        return parse_bool(wish, error);
    case CAPS_TYPE_NUMBER:
        return parse_number(wish, error);
    case CAPS_TYPE_ENUM:
        return parse_enum(wish, (const char *const *)values, error);
    case CAPS_TYPE_STRING:
        return json_node_init_string(json_node_alloc(), wish->value);
    default:
        return parse_json(wish, error);
    }
}

/* Would this QEMU say yes, and leave it as it is? */
static bool is_thrown_away(const CapsWish *wish, JsonNode *value,
                           const CapsInventory *inventory)
{
    const CapsRow *row = caps_table_parameter(wish->name);
    JsonNode *now = caps_inventory_parameter(inventory, wish->name);
    return row && inventory->version &&
           inventory->version < row->heeded_since &&
           !(now && json_node_equal(now, value));
}

static void refuse_thrown_away(const CapsWish *wish,
                               const CapsInventory *inventory, Side side,
                               GPtrArray *findings)
{
    CapsVersion since = caps_table_parameter(wish->name)->heeded_since;
    g_autofree char *heeded_since = caps_version_to_text(since);
    g_autofree char *now = caps_inventory_value(inventory, wish->name);
    findings_add(
        findings, FINDING_BAD_VALUE, FINDING_ERROR, side,
        g_strdup_printf("leave it out; QEMU %s and newer do it", heeded_since),
        "%s: QEMU %s takes '%s', and leaves it at %s", wish->name,
        caps_inventory_version(inventory), wish->value,
        now ? now : "what it was");
}

/* QEMU has no word for "not set". */
static void warn_of_staying(const CapsWish *wish,
                            const CapsInventory *inventory, Side side,
                            GPtrArray *findings)
{
    if (!caps_inventory_parameter(inventory, wish->name)) {
        findings_add(findings, FINDING_STAYS, FINDING_WARNING, side, NULL,
                     "%s is not set now, and cannot be put back to that",
                     wish->name);
    }
}

static void apply_parameter(const CapsWish *wish, CapsInventory *inventory,
                            Side side, GPtrArray *findings)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) value = caps_wish_check(wish, &error)
                                    ? parse_value(wish, inventory, &error)
                                    : NULL;
    if (!value) {
        findings_add(findings, FINDING_BAD_VALUE, FINDING_ERROR, side, NULL,
                     "%s: %s", wish->name, error->message);
    } else if (is_thrown_away(wish, value, inventory)) {
        refuse_thrown_away(wish, inventory, side, findings);
    } else {
        warn_of_staying(wish, inventory, side, findings);
        json_object_set_member(inventory->parameters, wish->name,
                               g_steal_pointer(&value));
    }
}

void caps_wish_apply(const CapsWish *wish, CapsInventory *inventory, Side side,
                     GPtrArray *findings)
{
    if (wish->value) {
        apply_parameter(wish, inventory, side, findings);
        return;
    }
    const CapsRow *row = caps_table_capability(wish->name);
    const char *never = !row ? NULL : wish->on ? row->never_on : row->never_off;
    if (never) {
        findings_add(findings, FINDING_NOT_A_MIGRATION, FINDING_ERROR, side,
                     g_strdup("leave it out"), "%s cannot be turned %s: %s",
                     wish->name, wish->on ? "on" : "off", never);
        return;
    }
    caps_inventory_turn(inventory, wish->name, wish->on);
}
