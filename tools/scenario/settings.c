/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key = value, value: options of qmigrate lab, choices of several of them, and what
 * is said of the scenario itself. */
#include <string.h>

#include "tools/scenario/fact.h"
#include "tools/scenario/parser.h"

/* Commas part values; in double quotes they do not.  NULL: one is not closed. */
static char **split_values(Spot spot, const char *text, GError **error)
{
    g_autoptr(GStrvBuilder) values = g_strv_builder_new();
    g_autoptr(GString) value = g_string_new(NULL);
    bool is_quoted = false;

    for (const char *c = text;; c++) {
        if (*c == '"') {
            is_quoted = !is_quoted;
        } else if (*c == '\0' || (*c == ',' && !is_quoted)) {
            g_strv_builder_add(values, g_strstrip(value->str));
            g_string_truncate(value, 0);
            if (*c == '\0') {
                break;
            }
        } else {
            g_string_append_c(value, *c);
        }
    }
    if (is_quoted) {
        spot_fail(spot, error, "a quote is not closed");
        return NULL;
    }
    return g_strv_builder_end(values);
}

/* A line more of it; the section's own take the place of the defaults'. */
static void take_shell(Parser *parser, const char *key, GString *lines,
                       const char *text)
{
    if (g_hash_table_add(parser->own, g_strdup(key))) {
        g_string_truncate(lines, 0);
    }
    g_string_append_printf(lines, "%s\n", text);
}

/* What is said of the scenario itself, and is no option. */
static gboolean take_own(Parser *parser, Scenario *scenario, const char *key,
                         Spot spot, const char *text, bool *is_own,
                         GError **error)
{
    g_autoptr(GError) why = NULL;
    uint64_t number = 0;

    *is_own = true;
    if (strcmp(key, "deadline") == 0) {
        if (!spot_quantity(spot, text, UNIT_MICROSECONDS,
                           &scenario->deadline_us, error)) {
            return FALSE;
        }
        if (scenario->deadline_us == 0 ||
            scenario->deadline_us / 1000 > G_MAXINT) {
            return spot_fail(spot, error, "deadline: %s is nothing to wait for",
                             text);
        }
    } else if (strcmp(key, "repeat") == 0) {
        if (!unit_parse(text, UNIT_NONE, &number, &why) || number < 1 ||
            number > 1000) {
            return spot_fail(spot, error, "repeat: %s is not from 1 to 1000",
                             text);
        }
        scenario->n_repeat = number;
    } else if (strcmp(key, "before") == 0) {
        take_shell(parser, key, scenario->before, text);
    } else if (strcmp(key, "after") == 0) {
        take_shell(parser, key, scenario->after, text);
    } else if (strcmp(key, "covers") == 0) {
        g_strfreev(scenario->covers);
        scenario->covers = split_values(spot, text, error);
        return scenario->covers != NULL;
    } else if (strcmp(key, "report") == 0) {
        g_strfreev(scenario->report);
        scenario->report = split_values(spot, text, error);
        if (!scenario->report) {
            return FALSE;
        }
        for (char **name = scenario->report; *name; name++) {
            if (!g_strv_contains(fact_number_names(), *name)) {
                return spot_unknown(spot, error, "fact with a number", *name,
                                    fact_number_names());
            }
        }
    } else {
        *is_own = false;
    }
    return TRUE;
}

/* The section's own take the place of the defaults'. */
static void drop_inherited(Parser *parser, GPtrArray *settings, const char *key)
{
    if (g_hash_table_contains(parser->own, key)) {
        return;
    }
    g_hash_table_add(parser->own, g_strdup(key));
    for (guint i = settings->len; i-- > 0;) {
        const ScenarioSetting *other = settings->pdata[i];
        if (strcmp(other->key, key) == 0) {
            g_ptr_array_remove_index(settings, i);
        }
    }
}

/* A key that is no option is one of choices, each of which is there already. */
static gboolean take_choices(Parser *parser, ScenarioSetting *setting,
                             Spot value_spot, GError **error)
{
    if (g_strv_contains(parser->keys, setting->key)) {
        return TRUE;
    }
    setting->choices =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (char **value = setting->values; *value; value++) {
        g_autofree char *name = g_strdup_printf("%s %s", setting->key, *value);
        GPtrArray *choice = g_hash_table_lookup(parser->choices, name);
        if (!choice) {
            return spot_fail(value_spot, error,
                             "there is no [choice %s] before it", name);
        }
        g_ptr_array_add(setting->choices, g_ptr_array_ref(choice));
    }
    return TRUE;
}

static gboolean take_setting(Parser *parser, Spot spot, const char *key,
                             Spot value_spot, const char *text, GError **error)
{
    GPtrArray *settings = parser->in_defaults ? parser->defaults->settings
                          : parser->choice    ? parser->choice
                                              : parser->scenario->settings;
    ScenarioSetting *setting = g_new0(ScenarioSetting, 1);

    if (parser->scenario) {
        drop_inherited(parser, settings, key);
    }
    setting->spot = spot;
    setting->key = g_strdup(key);
    setting->values = split_values(value_spot, text, error);
    g_ptr_array_add(settings, setting);
    if (!setting->values) {
        return FALSE;
    }
    for (char **value = setting->values; *value; value++) {
        if (**value == '\0') {
            return spot_fail(value_spot, error, "%s: a value is empty", key);
        }
    }
    if (parser->choice && setting->values[1]) {
        return spot_fail(value_spot, error, "%s: a choice has one value", key);
    }
    return take_choices(parser, setting, value_spot, error);
}

static gboolean is_key(const Parser *parser, const char *key)
{
    g_autofree char *prefix = g_strdup_printf("%s ", key);
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, parser->choices);
    while (!parser->choice && g_hash_table_iter_next(&iter, &name, NULL)) {
        if (g_str_has_prefix(name, prefix)) {
            return TRUE;
        }
    }
    return g_strv_contains(parser->keys, key);
}

gboolean parse_setting(Parser *parser, Cursor *cursor, const char *equals,
                       GError **error)
{
    Spot spot = cursor_spot(cursor);
    g_autofree char *key =
        g_strchomp(g_strndup(cursor->at, equals - cursor->at));
    cursor->at = equals + 1;
    Spot value_spot = cursor_spot(cursor);
    g_autofree char *text = cursor_rest(cursor);
    bool is_own = false;

    Scenario *scenario =
        parser->in_defaults ? parser->defaults : parser->scenario;
    if (scenario &&
        !take_own(parser, scenario, key, value_spot, text, &is_own, error)) {
        return FALSE;
    }
    if (is_own) {
        return TRUE;
    }
    if (!is_key(parser, key)) {
        return spot_unknown(spot, error, "option of qmigrate lab", key,
                            parser->keys);
    }
    return take_setting(parser, spot, key, value_spot, text, error);
}
