/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/recorded-pair.h"

#include <string.h>

#include "qmp/json.h"
#include "tests/lib/recorded.h"

void recorded_pair_init(RecordedPair *pair, const char *source,
                        const char *destination)
{
    *pair = (RecordedPair){ 0 };
    recorded_inventory(&pair->inventories[SIDE_SOURCE], source);
    recorded_inventory(&pair->inventories[SIDE_DESTINATION], destination);
    pair->request.transport = CAPS_OVER_TCP;
    pair->request.wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    pair->steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    pair->findings = findings_new();
}

void recorded_pair_clear(RecordedPair *pair)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        caps_inventory_clear(&pair->inventories[side]);
        caps_inventory_clear(&pair->wanted[side]);
    }
    g_ptr_array_unref(pair->request.wishes);
    g_ptr_array_unref(pair->steps);
    g_ptr_array_unref(pair->findings);
}

/* ---- words ---- */

static CapsWish *wish_from_word(char *word)
{
    char *equals = strchr(word, '=');

    if (!equals) {
        return caps_wish_capability(word + 1, *word == '+');
    }
    *equals = '\0';
    return caps_wish_parameter(word, equals + 1);
}

static void wish_feature(RecordedPair *pair, char *word)
{
    char *equals = strchr(word, '=');

    if (equals) {
        *equals = '\0';
    }
    const CapsFeature *feature = caps_feature(word + strlen("--"));
    if (!feature) {
        g_error("there is no feature %s", word);
    }
    CapsFeatureWish *wish =
        caps_feature_wish_new(feature, equals ? equals + 1 : NULL);
    caps_feature_expand(wish, &pair->surroundings, pair->request.wishes,
                        pair->findings);
    caps_feature_wish_free(wish);
}

void recorded_pair_set(RecordedPair *pair, Side side, const char *words)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);
    g_autoptr(GPtrArray) findings = findings_new();

    for (char **word = each; *word && **word; word++) {
        g_autoptr(CapsWish) wish = wish_from_word(*word);
        caps_wish_apply(wish, &pair->inventories[side], side, findings);
    }
    if (findings_first(findings, FINDING_ERROR)) {
        g_error("%s: cannot be set by hand", words);
    }
}

void recorded_pair_wish(RecordedPair *pair, const char *words)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);

    for (char **word = each; *word && **word; word++) {
        if (g_str_has_prefix(*word, "--")) {
            wish_feature(pair, *word);
        } else {
            g_ptr_array_add(pair->request.wishes, wish_from_word(*word));
        }
    }
}

bool recorded_pair_agree(RecordedPair *pair)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        caps_inventory_clear(&pair->wanted[side]);
    }
    g_ptr_array_set_size(pair->steps, 0);
    return caps_agree(pair->inventories, &pair->request, pair->wanted,
                      pair->steps, pair->findings);
}

/* ---- texts ---- */

static char *value_to_text(JsonNode *value)
{
    return json_node_get_value_type(value) == G_TYPE_STRING
               ? json_node_dup_string(value)
               : qmp_json_to_text(value);
}

static void add_capabilities(GString *text, JsonArray *list)
{
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *row = json_array_get_object_element(list, i);

        g_string_append_printf(
            text, " %c%s",
            json_object_get_boolean_member(row, "state") ? '+' : '-',
            json_object_get_string_member(row, "capability"));
    }
}

static void add_parameters(GString *text, JsonObject *parameters)
{
    g_autoptr(GList) names = json_object_get_members(parameters);

    names = g_list_sort(names, (GCompareFunc)g_strcmp0);
    for (GList *at = names; at; at = at->next) {
        g_autofree char *value =
            value_to_text(json_object_get_member(parameters, at->data));
        g_string_append_printf(text, " %s=%s", (char *)at->data, value);
    }
}

char *recorded_plan_to_text(const GPtrArray *steps, bool undo)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        const CapsStep *step = steps->pdata[i];
        JsonObject *arguments =
            undo ? step->undo->arguments : step->command->arguments;
        JsonArray *list =
            arguments ? qmp_json_array(arguments, "capabilities") : NULL;

        g_string_append_printf(text, "%s%c", i ? "; " : "",
                               step->side == SIDE_SOURCE ? 'S' : 'D');
        if (list) {
            add_capabilities(text, list);
        } else if (arguments) {
            add_parameters(text, arguments);
        }
    }
    return g_string_free(text, FALSE);
}

char *recorded_findings_to_text(const GPtrArray *findings)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];

        g_string_append_printf(
            text, "%s %c %s: %s", severity_name(finding->severity),
            "SD*"[finding->side], finding_row(finding->code) -> word,
            finding -> text);
        if (finding->hint) {
            g_string_append_printf(text, " (%s)", finding->hint);
        }
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

char *recorded_settings_to_text(const CapsInventory *inventory)
{
    GString *text = g_string_new(NULL);
    g_auto(GStrv) names = caps_inventory_names(inventory, true);

    for (char **name = names; *name; name++) {
        if (caps_inventory_is_on(inventory, *name)) {
            g_string_append_printf(text, " +%s", *name);
        }
    }
    add_parameters(text, inventory->parameters);
    return g_string_free(text, FALSE);
}
