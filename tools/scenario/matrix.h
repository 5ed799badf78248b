/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The cells of a scenario: one for each choice of one value from each setting that
 * has several.  Pure.
 */
#include "tools/scenario/scenario.h"

#define MATRIX_CELLS_MAX 10000

typedef struct {
    const Scenario *scenario;
    char *name;     /* "NAME", or "NAME [key=value key=value]" */
    unsigned round; /* from 1 on; 0: the only one */
    char **options; /* "--key=value", as qmigrate lab takes them */
    char *
        *choice; /* the values chosen, in the order of the keys; may be empty */
} Cell;

void cell_free(Cell *cell);

/* Keys with several values; free with g_strfreev(). */
char **matrix_keys(const Scenario *scenario);

/* Adds the cells of @scenario.  @overridden: keys that the command line gives
 * itself, NULL-terminated.  Fails in G_OPTION_ERROR if there are too many. */
gboolean matrix_add_cells(const Scenario *scenario,
                          const char *const *overridden, GPtrArray *cells,
                          GError **error);
