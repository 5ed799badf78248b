/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/matrix.h"

#include <string.h>

#include "tools/scenario/cursor.h"

void cell_free(Cell *cell)
{
    g_free(cell->name);
    g_strfreev(cell->options);
    g_strfreev(cell->choice);
    g_free(cell);
}

char **matrix_keys(const Scenario *scenario)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    for (guint i = 0; i < scenario->settings->len; i++) {
        const ScenarioSetting *setting = scenario->settings->pdata[i];
        if (setting->values[1]) {
            g_strv_builder_add(keys, setting->key);
        }
    }
    return g_strv_builder_end(keys);
}

/* yes: an option without a value; no: none. */
static void add_option(GStrvBuilder *options, const char *key,
                       const char *value)
{
    if (strcmp(value, "yes") == 0) {
        g_autofree char *option = g_strdup_printf("--%s", key);
        g_strv_builder_add(options, option);
    } else if (strcmp(value, "no") != 0) {
        g_autofree char *option = g_strdup_printf("--%s=%s", key, value);
        g_strv_builder_add(options, option);
    }
}

static bool is_one_of(const char *const *overridden, const char *key)
{
    return overridden && g_strv_contains(overridden, key);
}

static void add_choice(GStrvBuilder *options, const GPtrArray *settings,
                       const char *const *overridden)
{
    for (guint i = 0; i < settings->len; i++) {
        const ScenarioSetting *setting = settings->pdata[i];
        if (!is_one_of(overridden, setting->key)) {
            add_option(options, setting->key, setting->values[0]);
        }
    }
}

/* @number counts the cells; its digits, one base for each setting, are the
 * choice: the last setting turns fastest. */
static Cell *cell_new(const Scenario *scenario, const GPtrArray *settings,
                      const char *const *overridden, guint number)
{
    g_autoptr(GStrvBuilder) options = g_strv_builder_new();
    g_autoptr(GStrvBuilder) choice = g_strv_builder_new();
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree guint *digits = g_new0(guint, settings->len + 1);

    for (guint i = settings->len; i-- > 0;) {
        const ScenarioSetting *setting = settings->pdata[i];
        guint n = g_strv_length(setting->values);
        digits[i] = number % n;
        number /= n;
    }
    for (guint i = 0; i < settings->len; i++) {
        const ScenarioSetting *setting = settings->pdata[i];
        const char *value = setting->values[digits[i]];
        if (setting->choices) {
            add_choice(options, setting->choices->pdata[digits[i]], overridden);
        } else {
            add_option(options, setting->key, value);
        }
        if (setting->values[1]) {
            g_strv_builder_add(choice, value);
            g_string_append_printf(names, "%s%s=%s", names->len ? " " : "",
                                   setting->key, value);
        }
    }
    Cell *cell = g_new0(Cell, 1);
    cell->scenario = scenario;
    cell->options = g_strv_builder_end(options);
    cell->choice = g_strv_builder_end(choice);
    cell->name = names->len
                     ? g_strdup_printf("%s [%s]", scenario->name, names->str)
                     : g_strdup(scenario->name);
    return cell;
}

gboolean matrix_add_cells(const Scenario *scenario,
                          const char *const *overridden, GPtrArray *cells,
                          GError **error)
{
    g_autoptr(GPtrArray) settings = g_ptr_array_new();
    guint64 n = 1;

    for (guint i = 0; i < scenario->settings->len; i++) {
        ScenarioSetting *setting = scenario->settings->pdata[i];
        if (!is_one_of(overridden, setting->key)) {
            g_ptr_array_add(settings, setting);
            n *= g_strv_length(setting->values);
        }
        if (n > MATRIX_CELLS_MAX) {
            return spot_fail(scenario->spot, error,
                             "'%s' has more than %d cells", scenario->name,
                             MATRIX_CELLS_MAX);
        }
    }
    for (guint i = 0; i < n; i++) {
        g_ptr_array_add(cells, cell_new(scenario, settings, overridden, i));
    }
    return TRUE;
}
