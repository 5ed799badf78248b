/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/load.h"

#include <string.h>

static char *read_file(const char *path, gpointer user_data, GError **error)
{
    char *text = NULL;
    g_autoptr(GError) why = NULL;
    if (!g_file_get_contents(path, &text, NULL, &why)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--scenario: %s", why->message);
    }
    return text;
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean add_folder(ScenarioFile *file, const char *path,
                           const char *const *keys, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = g_dir_open(path, 0, error);
    const char *name;

    if (!folder) {
        return FALSE;
    }
    while ((name = g_dir_read_name(folder))) {
        if (g_str_has_suffix(name, ".ini")) {
            g_ptr_array_add(found, g_build_filename(path, name, NULL));
        }
    }
    g_ptr_array_sort(found, compare_paths);
    for (guint i = 0; i < found->len; i++) {
        if (!scenario_file_add(file, found->pdata[i], keys, read_file, NULL,
                               error)) {
            return FALSE;
        }
    }
    return TRUE;
}

ScenarioFile *load_scenarios(char **paths, const char *const *keys,
                             GError **error)
{
    g_autoptr(ScenarioFile) file = scenario_file_new();
    for (char **path = paths; *path; path++) {
        gboolean is_read =
            g_file_test(*path, G_FILE_TEST_IS_DIR)
                ? add_folder(file, *path, keys, error)
                : scenario_file_add(file, *path, keys, read_file, NULL, error);
        if (!is_read) {
            return NULL;
        }
    }
    return g_steal_pointer(&file);
}

const Scenario *load_find(const ScenarioFile *file, const char *name)
{
    for (guint i = 0; i < file->scenarios->len; i++) {
        const Scenario *scenario = file->scenarios->pdata[i];
        if (strcmp(scenario->name, name) == 0) {
            return scenario;
        }
    }
    return NULL;
}

static gboolean is_wanted(const char *name, const char *only)
{
    if (!only) {
        return TRUE;
    }
    if (*only == '=') {
        return strcmp(name, only + 1) == 0;
    }
    return strpbrk(only, "*?") ? g_pattern_match_simple(only, name)
                               : strstr(name, only) != NULL;
}

static gboolean add_rounds(const Scenario *scenario, const char *only,
                           const char *const *overridden, GPtrArray *cells,
                           GError **error)
{
    for (guint round = 0; round < scenario->n_repeat; round++) {
        g_autoptr(GPtrArray) all = g_ptr_array_new();
        if (!matrix_add_cells(scenario, overridden, all, error)) {
            return FALSE;
        }
        for (guint i = 0; i < all->len; i++) {
            Cell *cell = all->pdata[i];
            cell->round = scenario->n_repeat > 1 ? round + 1 : 0;
            if (is_wanted(cell->name, only)) {
                g_ptr_array_add(cells, cell);
            } else {
                cell_free(cell);
            }
        }
    }
    return TRUE;
}

GPtrArray *load_cells(const ScenarioFile *file, char **paths, const char *only,
                      const char *const *overridden, GError **error)
{
    g_autoptr(GPtrArray) cells =
        g_ptr_array_new_with_free_func((GDestroyNotify)cell_free);
    for (guint i = 0; i < file->scenarios->len; i++) {
        if (!add_rounds(file->scenarios->pdata[i], only, overridden, cells,
                        error)) {
            return NULL;
        }
    }
    if (cells->len == 0) {
        g_autofree char *files = g_strjoinv(", ", paths);
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    only ? "--only: no scenario is named so: %s"
                         : "--scenario: there is no scenario in %s",
                    only ? only : files);
        return NULL;
    }
    return g_steal_pointer(&cells);
}
