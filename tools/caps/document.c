/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/caps/document.h"

#include <string.h>

#include "caps/fit.h"
#include "caps/table.h"
#include "tools/caps/compare.h"
#include "tools/caps/relations.h"

static void add_string(JsonObject *object, const char *name, const char *value)
{
    if (value) {
        json_object_set_string_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
}

static void add_version(JsonObject *object, const char *name,
                        CapsVersion version)
{
    g_autofree char *text = version ? caps_version_to_text(version) : NULL;
    add_string(object, name, text);
}

static void add_strings(JsonObject *object, const char *name,
                        const char *const *strings, size_t n_max)
{
    JsonArray *array = json_array_new();
    for (size_t i = 0; i < n_max && strings[i]; i++) {
        json_array_add_string_element(array, strings[i]);
    }
    json_object_set_array_member(object, name, array);
}

/* --- the tables --- */

static void add_relations(JsonObject *object, const char *member, RuleKind kind,
                          const GPtrArray *relations)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = relations->pdata[i];
        if (relation->kind != kind) {
            continue;
        }
        JsonObject *row = json_object_new();
        add_string(row, "setting", relation->setting);
        add_string(row, "together_with", relation->together_with);
        add_string(row, "qemu", relation->qemu);
        add_version(row, "since", relation->since);
        add_version(row, "until", relation->until);
        add_string(row, "why", relation->why);
        json_array_add_object_element(array, row);
    }
    json_object_set_array_member(object, member, array);
}

static void add_all_relations(JsonObject *object, const char *const *names)
{
    g_autoptr(GPtrArray) relations = relations_of(names);
    add_relations(object, "needs", RULE_NEEDS, relations);
    add_relations(object, "excludes", RULE_EXCLUDES, relations);
}

static JsonArray *features(void)
{
    size_t n;
    const CapsFeature *all = caps_features(&n);
    JsonArray *array = json_array_new();
    for (size_t i = 0; i < n; i++) {
        const CapsFeature *feature = &all[i];
        JsonObject *row = json_object_new();
        g_autofree const char **names = relations_feature_names(feature);
        add_string(row, "option", feature->option);
        add_string(row, "value", feature->value);
        json_object_set_boolean_member(row, "value_is_optional",
                                       feature->is_value_optional);
        add_strings(row, "capabilities", feature->capabilities,
                    G_N_ELEMENTS(feature->capabilities));
        add_strings(row, "parameters", feature->parameters,
                    G_N_ELEMENTS(feature->parameters));
        add_string(row, "host", feature->host);
        add_all_relations(row, names);
        add_string(row, "help", feature->help);
        json_array_add_object_element(array, row);
    }
    return array;
}

static void add_bound(JsonObject *object, const char *name, uint64_t bound,
                      bool is_there)
{
    if (is_there) {
        json_object_set_int_member(object, name, (gint64)bound);
    } else {
        json_object_set_null_member(object, name);
    }
}

/* @row may be NULL. */
static void add_unit(JsonObject *object, const CapsRow *row)
{
    Unit unit = caps_row_unit(row);
    add_string(object, "unit", unit == UNIT_NONE ? NULL : unit_symbol(unit));
}

static void add_range(JsonObject *object, const CapsRow *row)
{
    add_unit(object, row);
    add_bound(object, "min", row->min, row->min || row->max);
    add_bound(object, "max", row->max, row->max);
    json_object_set_boolean_member(object, "or_zero", row->or_zero);
    json_object_set_boolean_member(object, "is_power_of_two",
                                   row->is_power_of_two);
    add_string(object, "at_least", row->at_least);
    add_string(object, "taken_for", row->taken_for);
    add_string(object, "default", row->usual);
    add_version(object, "heeded_since", row->heeded_since);
}

static JsonObject *table_row(const CapsRow *from, bool is_capability)
{
    const char *names[] = { from->name, NULL };
    JsonObject *row = json_object_new();
    add_string(row, "name", from->name);
    add_string(row, "side", needed_by_name(from->sides));
    if (is_capability) {
        add_string(row, "never_on", from->never_on);
        add_string(row, "never_off", from->never_off);
    } else {
        add_range(row, from);
    }
    add_version(row, "since", from->since);
    add_version(row, "until", from->until);
    add_string(row, "deprecated", from->deprecated);
    add_all_relations(row, names);
    add_string(row, "help", from->help);
    return row;
}

static JsonArray *table_rows(const CapsRow *rows, size_t n,
                             bool are_capabilities)
{
    JsonArray *array = json_array_new();
    for (size_t i = 0; i < n; i++) {
        json_array_add_object_element(array,
                                      table_row(&rows[i], are_capabilities));
    }
    return array;
}

static JsonObject *table(void)
{
    size_t n;
    JsonObject *object = json_object_new();
    const CapsRow *rows = caps_table_capabilities(&n);
    json_object_set_array_member(object, "features", features());
    json_object_set_array_member(object, "capabilities",
                                 table_rows(rows, n, true));
    rows = caps_table_parameters(&n);
    json_object_set_array_member(object, "parameters",
                                 table_rows(rows, n, false));
    return object;
}

/* --- what a QEMU has --- */

static void add_mark(JsonObject *object, const char *name, bool is_told,
                     bool value)
{
    if (is_told) {
        json_object_set_boolean_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
}

static void add_marks(JsonObject *object, const CapsInventory *inventory,
                      bool is_capability, const char *name)
{
    CapsMarks marks = caps_inventory_marks(inventory, is_capability, name);
    bool is_known = is_capability ? caps_table_capability(name) != NULL
                                  : caps_table_parameter(name) != NULL;
    json_object_set_boolean_member(object, "known", is_known);
    add_mark(object, "unstable", marks.is_told, marks.is_unstable);
    add_mark(object, "deprecated", marks.is_told, marks.is_deprecated);
}

static JsonObject *capability(const CapsInventory *inventory, const char *name)
{
    JsonObject *object = json_object_new();
    json_object_set_boolean_member(object, "on",
                                   caps_inventory_is_on(inventory, name));
    add_marks(object, inventory, true, name);
    return object;
}

static void add_type(JsonObject *object, const CapsInventory *inventory,
                     const char *name)
{
    static const char *const types[] = {
        [CAPS_TYPE_BOOL] = "bool",     [CAPS_TYPE_NUMBER] = "number",
        [CAPS_TYPE_STRING] = "string", [CAPS_TYPE_ENUM] = "enum",
        [CAPS_TYPE_OTHER] = "other",
    };
    g_auto(GStrv) choices = NULL;
    add_string(object, "type",
               types[caps_inventory_type(inventory, name, &choices)]);
    if (choices) {
        add_strings(object, "choices", (const char *const *)choices, SIZE_MAX);
    } else {
        json_object_set_null_member(object, "choices");
    }
}

static JsonObject *parameter(const CapsInventory *inventory, const char *name)
{
    JsonObject *object = json_object_new();
    JsonObject *values = inventory->parameters;
    if (values && json_object_has_member(values, name)) {
        json_object_set_member(object, "value",
                               json_object_dup_member(values, name));
    } else {
        json_object_set_null_member(object, "value");
    }
    add_unit(object, caps_table_parameter(name));
    add_type(object, inventory, name);
    add_marks(object, inventory, false, name);
    return object;
}

static void add_settings(JsonObject *object, const CapsInventory *inventory,
                         bool are_capabilities)
{
    const char *member = are_capabilities ? "capabilities" : "parameters";
    bool is_told = are_capabilities ? inventory->capabilities != NULL
                                    : inventory->parameters != NULL;
    if (!is_told) {
        json_object_set_null_member(object, member);
        return;
    }
    JsonObject *all = json_object_new();
    g_auto(GStrv) names = caps_inventory_names(inventory, are_capabilities);
    for (char **name = names; *name; name++) {
        json_object_set_object_member(all, *name,
                                      are_capabilities
                                          ? capability(inventory, *name)
                                          : parameter(inventory, *name));
    }
    json_object_set_object_member(object, member, all);
}

static void add_qemu(JsonObject *document, const Inquired *qemus, Side side)
{
    const CapsInventory *inventory = &qemus->inventories[side];
    if (!qemus->addresses[side]) {
        json_object_set_null_member(document, side_name(side));
        return;
    }
    JsonObject *object = json_object_new();
    add_string(object, "address", qemus->addresses[side]->text);
    add_string(object, "version", inventory->version_text);
    add_string(object, "machine", qemus->machines[side].type);
    add_mark(object, "kvm", inventory->accel != NULL,
             g_strcmp0(inventory->accel, "kvm") == 0);
    add_settings(object, inventory, true);
    add_settings(object, inventory, false);
    json_object_set_object_member(document, side_name(side), object);
}

/* --- what a pair is --- */

static void add_differences(JsonObject *object, const char *member,
                            const Inquired *qemus, bool capabilities)
{
    g_autoptr(GPtrArray) compared = compare(qemus->inventories, capabilities);
    JsonArray *array = json_array_new();
    for (guint i = 0; i < compared->len; i++) {
        const Compared *one = compared->pdata[i];
        if (one->differs) {
            json_array_add_string_element(array, one->name);
        }
    }
    json_object_set_array_member(object, member, array);
}

static JsonArray *fits(const Inquired *qemus)
{
    g_autoptr(GPtrArray) all = caps_fit(qemus->inventories);
    JsonArray *array = json_array_new();
    for (guint i = 0; i < all->len; i++) {
        const CapsFit *fit = all->pdata[i];
        JsonObject *row = json_object_new();
        add_string(row, "option", fit->feature->option);
        json_object_set_boolean_member(row, "fits", fit->fits);
        add_string(row, "text", fit->text);
        json_array_add_object_element(array, row);
    }
    return array;
}

static void add_pair(JsonObject *document, const Inquired *qemus)
{
    json_object_set_null_member(document, "differences");
    json_object_set_null_member(document, "fits");
    if (qemus->addresses[SIDE_SOURCE] && qemus->addresses[SIDE_DESTINATION]) {
        JsonObject *differences = json_object_new();
        add_differences(differences, "capabilities", qemus, true);
        add_differences(differences, "parameters", qemus, false);
        json_object_set_object_member(document, "differences", differences);
        json_object_set_array_member(document, "fits", fits(qemus));
    }
}

JsonNode *document_new(const Inquired *qemus)
{
    JsonObject *document = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    add_string(document, "schema", "qmigrate.caps/1");
    add_string(document, "qmigrate", QMIGRATE_VERSION);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        add_qemu(document, qemus, side);
    }
    add_pair(document, qemus);
    json_object_set_object_member(document, "table", table());
    json_node_take_object(node, document);
    return node;
}
