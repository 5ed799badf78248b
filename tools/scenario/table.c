/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/table.h"

#include <stdio.h>
#include <string.h>

#include "qmp/json.h"
#include "tools/caps/grid.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/scenario/fact.h"

/* ---- samples ---- */

/* What a run of @scenario gave; false: it did not migrate, or nothing is known. */
static bool sample_of(const CellRun *run, const char *fact, double *ret,
                      Unit *unit)
{
    JsonObject *document =
        run->document ? json_node_get_object(run->document) : NULL;
    const char *outcome =
        document ? qmp_json_string(document, "outcome") : NULL;
    return g_strcmp0(outcome, "migrated") == 0 &&
           fact_number(fact, document, ret, unit);
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static char *summarize(GArray *samples, guint n_runs, Unit unit)
{
    if (n_runs == 0) {
        return g_strdup("");
    }
    if (samples->len == 0) {
        return g_strdup("none");
    }
    g_array_sort(samples, compare_numbers);
    guint n = samples->len;
    double median = (g_array_index(samples, double, (n - 1) / 2) +
                     g_array_index(samples, double, n / 2)) /
                    2;
    g_autofree char *middle = fact_text(median, unit);
    if (n == 1) {
        return g_steal_pointer(&middle);
    }
    g_autofree char *least = fact_text(g_array_index(samples, double, 0), unit);
    g_autofree char *most =
        fact_text(g_array_index(samples, double, n - 1), unit);
    return g_strdup_printf("%s (%s to %s)%s", middle, least, most,
                           n < n_runs ? ", not all" : "");
}

/* ---- rows and columns ---- */

/* The last of the keys is the columns, the others are the rows. */
static char *row_of(const Cell *cell)
{
    guint n = g_strv_length(cell->choice);
    g_autofree char **words = g_new0(char *, n + 1);
    guint n_row = n > 1 ? n - 1 : n;
    memcpy(words, cell->choice, n_row * sizeof(*words));
    return n_row ? g_strjoinv(", ", words) : g_strdup(cell->scenario->name);
}

static const char *column_of(const Cell *cell)
{
    guint n = g_strv_length(cell->choice);
    return n > 1 ? cell->choice[n - 1] : "";
}

static void add_once(GPtrArray *names, char *name)
{
    if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
        g_free(name);
    } else {
        g_ptr_array_add(names, name);
    }
}

static char *cell_text(const GPtrArray *runs, const Scenario *scenario,
                       const char *fact, const char *row, const char *column)
{
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(double));
    guint n_runs = 0;
    Unit unit = UNIT_NONE;

    for (guint i = 0; i < runs->len; i++) {
        const CellRun *run = runs->pdata[i];
        g_autofree char *its_row = row_of(run->cell);
        double sample;
        if (run->cell->scenario != scenario || !run->verdict ||
            strcmp(its_row, row) != 0 ||
            strcmp(column_of(run->cell), column) != 0) {
            continue;
        }
        n_runs++;
        if (sample_of(run, fact, &sample, &unit)) {
            g_array_append_val(samples, sample);
        }
    }
    return summarize(samples, n_runs, unit);
}

static void print_table(const GPtrArray *runs, const Scenario *scenario,
                        const char *fact, const GPtrArray *rows,
                        const GPtrArray *columns)
{
    GridColumn heads[GRID_COLUMNS_MAX + 1] = { { fact, false } };
    guint n = MIN(columns->len, GRID_COLUMNS_MAX - 1);
    for (guint i = 0; i < n; i++) {
        const char *name = columns->pdata[i];
        heads[i + 1] = (GridColumn){ *name ? name : "median", false };
    }
    Grid *grid = grid_new(heads);
    for (guint i = 0; i < rows->len; i++) {
        char *cells[GRID_COLUMNS_MAX] = { g_strdup(rows->pdata[i]) };
        for (guint j = 0; j < n; j++) {
            cells[j + 1] = cell_text(runs, scenario, fact, rows->pdata[i],
                                     columns->pdata[j]);
        }
        grid_add(grid, (const char *const *)cells);
        for (guint j = 0; j <= n; j++) {
            g_free(cells[j]);
        }
    }
    grid_print(grid);
}

static void print_scenario(const GPtrArray *runs, const Scenario *scenario)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < runs->len; i++) {
        const CellRun *run = runs->pdata[i];
        if (run->cell->scenario == scenario && run->verdict) {
            add_once(rows, row_of(run->cell));
            add_once(columns, g_strdup(column_of(run->cell)));
        }
    }
    if (rows->len == 0) {
        return;
    }
    g_auto(GStrv) keys = matrix_keys(scenario);
    g_autofree char *by = g_strjoinv(", ", keys);
    plain_print(stdout, "\n%s%s%s:\n", scenario->name, *by ? ", by " : "", by);
    for (char **fact = scenario->report; *fact; fact++) {
        print_table(runs, scenario, *fact, rows, columns);
    }
}

void table_print_all(const GPtrArray *runs)
{
    const Scenario *last = NULL;
    for (guint i = 0; i < runs->len; i++) {
        const CellRun *run = runs->pdata[i];
        if (run->cell->scenario != last && run->cell->scenario->report) {
            print_scenario(runs, run->cell->scenario);
        }
        last = run->cell->scenario;
    }
}

/* ---- CSV ---- */

static void add_field(GString *csv, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
    g_autofree char *doubled = g_strjoinv("\"\"", parts);
    g_string_append_printf(csv, "\"%s\",", doubled);
}

static void add_run(GString *csv, const CellRun *run)
{
    for (char **fact = run->cell->scenario->report; *fact; fact++) {
        double sample;
        Unit unit = UNIT_NONE;
        bool is_known = sample_of(run, *fact, &sample, &unit);
        add_field(csv, run->cell->name);
        add_field(csv, *fact);
        g_string_append_printf(csv, "%s,", is_known ? unit_name(unit) : "");
        if (is_known) {
            char number[G_ASCII_DTOSTR_BUF_SIZE];
            g_string_append(csv,
                            g_ascii_dtostr(number, sizeof(number), sample));
        }
        g_string_append_c(csv, '\n');
    }
}

gboolean table_write_csv(const char *path, const GPtrArray *runs,
                         GError **error)
{
    g_autoptr(GString) csv = g_string_new("cell,fact,unit,sample\n");
    for (guint i = 0; i < runs->len; i++) {
        const CellRun *run = runs->pdata[i];
        if (run->verdict && run->cell->scenario->report) {
            add_run(csv, run);
        }
    }
    return output_write_text(path, csv->str, error);
}
