/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/caps/grid.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/caps/wrap.h"
#include "tools/plain.h"

#define SEPARATOR     "  "
#define WIDTH_USUAL   80u /* of a terminal that does not tell */
#define WRAPPED_LEAST 12u

typedef struct {
    char *cells[GRID_COLUMNS_MAX];
    const char *colors[GRID_COLUMNS_MAX]; /* NULL: the terminal's own */
} Row;

struct Grid {
    const GridColumn *columns;
    size_t n_columns;
    GPtrArray *rows; /* of Row */
};

static void row_free(Row *row)
{
    for (size_t i = 0; i < GRID_COLUMNS_MAX; i++) {
        g_free(row->cells[i]);
    }
    g_free(row);
}

Grid *grid_new(const GridColumn *columns)
{
    Grid *grid = g_new0(Grid, 1);
    grid->columns = columns;
    while (columns[grid->n_columns].name) {
        grid->n_columns++;
    }
    g_assert(grid->n_columns <= GRID_COLUMNS_MAX);
    grid->rows = g_ptr_array_new_with_free_func((GDestroyNotify)row_free);
    return grid;
}

/*
 * libsmartcols escapes control characters itself, and counts them in its widths;
 * what plain_text() has escaped it would escape again.  It does not know the
 * characters that change the direction of a text.
 */
static char *cell_text(const char *text)
{
    g_autofree char *plain = plain_text(text);
    for (const char *at = text; *at; at++) {
        bool is_direction =
            strncmp(at, "\342\200", 2) == 0 || strncmp(at, "\342\201", 2) == 0;
        if (is_direction && strcmp(plain, text) != 0) {
            return g_steal_pointer(&plain);
        }
    }
    return g_strdup(text);
}

void grid_add(Grid *grid, const char *const *cells)
{
    Row *row = g_new0(Row, 1);
    for (size_t i = 0; i < grid->n_columns; i++) {
        row->cells[i] = cell_text(cells[i] ? cells[i] : "");
    }
    g_ptr_array_add(grid->rows, row);
}

void grid_paint(Grid *grid, size_t column, const char *color)
{
    Row *row = grid->rows->pdata[grid->rows->len - 1];
    row->colors[column] = color;
}

static size_t natural_width(const Grid *grid, size_t column)
{
    size_t width = strlen(grid->columns[column].name);
    for (guint i = 0; i < grid->rows->len; i++) {
        const Row *row = grid->rows->pdata[i];
        width = MAX(width, wrap_width(row->cells[column]));
    }
    return width;
}

/* What each column that wraps may have; the others have what they need. */
static void divide(const Grid *grid, size_t terminal_width,
                   size_t ret_widths[GRID_COLUMNS_MAX])
{
    size_t wrapping[GRID_COLUMNS_MAX] = { 0 }, n = 0;
    size_t used = (grid->n_columns - 1) * strlen(SEPARATOR);
    for (size_t i = 0; i < grid->n_columns; i++) {
        ret_widths[i] = natural_width(grid, i);
        if (grid->columns[i].wraps) {
            wrapping[n++] = ret_widths[i];
        } else {
            used += ret_widths[i];
        }
    }
    wrap_divide(wrapping, n, terminal_width > used ? terminal_width - used : 0,
                WRAPPED_LEAST);
    n = 0;
    for (size_t i = 0; i < grid->n_columns; i++) {
        if (grid->columns[i].wraps) {
            ret_widths[i] = wrapping[n++];
        }
    }
}

static void fit(Grid *grid, size_t terminal_width)
{
    size_t widths[GRID_COLUMNS_MAX];
    divide(grid, terminal_width, widths);
    for (guint i = 0; i < grid->rows->len; i++) {
        Row *row = grid->rows->pdata[i];
        for (size_t j = 0; j < grid->n_columns; j++) {
            char *wrapped = wrap_words(row->cells[j], widths[j]);
            g_free(row->cells[j]);
            row->cells[j] = wrapped;
        }
    }
}

/* For grep and awk: one row is one line. */
static void unfold(Grid *grid)
{
    for (guint i = 0; i < grid->rows->len; i++) {
        Row *row = grid->rows->pdata[i];
        for (size_t j = 0; j < grid->n_columns; j++) {
            GString *cell = g_string_new(row->cells[j]);
            g_string_replace(cell, "\n- ", "; ", 0);
            g_free(row->cells[j]);
            row->cells[j] = g_string_free(cell, FALSE);
        }
    }
}

static size_t terminal_width(void)
{
    struct winsize size = { 0 };
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
               ? size.ws_col
               : WIDTH_USUAL;
}

static struct libscols_table *to_table(const Grid *grid)
{
    struct libscols_table *table = scols_new_table();
    for (size_t i = 0; i < grid->n_columns; i++) {
        g_autofree char *name = plain_text(grid->columns[i].name);
        struct libscols_column *column =
            scols_table_new_column(table, name, 0, SCOLS_FL_WRAP);
        scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
                                  scols_wrapnl_nextchunk, NULL);
        scols_column_set_safechars(column, "\n");
    }
    for (guint i = 0; i < grid->rows->len; i++) {
        const Row *row = grid->rows->pdata[i];
        struct libscols_line *line = scols_table_new_line(table, NULL);
        for (size_t j = 0; j < grid->n_columns; j++) {
            scols_line_set_data(line, j, row->cells[j]);
            scols_cell_set_color(scols_line_get_cell(line, j), row->colors[j]);
        }
    }
    return table;
}

void grid_print(Grid *grid)
{
    static bool is_first = true;
    bool is_terminal = isatty(STDOUT_FILENO);
    if (is_terminal) {
        fit(grid, terminal_width());
    } else {
        unfold(grid);
    }
    if (grid->rows->len == 0) {
        grid_add(grid, (const char *[GRID_COLUMNS_MAX]){ "(none)" });
    }
    struct libscols_table *table = to_table(grid);
    scols_table_enable_colors(table, is_terminal);
    scols_table_set_column_separator(table, SEPARATOR);
    if (!is_first) {
        plain_print(stdout, "\n");
    }
    is_first = false;
    char *text = NULL;
    if (scols_print_table_to_string(table, &text) == 0) {
        plain_put_sequence(stdout, text); /* with colors */
    }
    free(text);
    scols_unref_table(table);
    g_ptr_array_unref(grid->rows);
    g_free(grid);
}
