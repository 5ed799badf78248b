/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A table on standard output.  On a terminal it is fitted to its width and may
 * be coloured; elsewhere each row is one line, as wide as it is.  What a cell
 * holds is printed so that it cannot do anything to the terminal.
 */
#include <glib.h>
#include <stdbool.h>

#define GRID_COLUMNS_MAX 8u

typedef struct {
    const char *name;
    bool wraps; /* where there is not enough room for all */
} GridColumn;

typedef struct Grid Grid;

/* @columns are kept; a NULL name ends them. */
Grid *grid_new(const GridColumn *columns);

/* One cell for each column, copied; NULL is an empty one.  A line feed in a cell
 * begins a line of it. */
void grid_add(Grid *grid, const char *const *cells);
#define GRID_CELLS(...)                                                        \
    (const char *const[])                                                      \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* The colour of a cell of the last row, by libsmartcols' names. */
void grid_paint(Grid *grid, size_t column, const char *color);

/* Prints it, behind an empty line unless it is the first, and frees it. */
void grid_print(Grid *grid);
