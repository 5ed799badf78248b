/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The command line of a cell's own process. */
#include "tools/scenario/run-cell.h"

/* @text with the cell's own folder for each %t.  Free with g_free(). */
char *cell_fill_in(const CellRun *run, const char *text);

/* The driver's own command line for this cell alone: what it was given, and
 * what the matrix chose.  Free with g_strfreev(). */
char **cell_make_again(const CellRun *run, char **files, char **options,
                       char **more);

/* Of char *, with NULL at its end: as cell_run_new() has them. */
GPtrArray *cell_make_argv(const CellRun *run, char **files, char **options,
                          char **more);
