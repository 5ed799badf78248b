/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What scenarios report: one table for each fact with a number, a cell of it the
 * median of its samples, with the least and the most.
 */
#include "tools/scenario/run-cell.h"

/* Of CellRun; those that are not over, or have no report, are left out. */
void table_print_all(const GPtrArray *runs);

/* Each sample a line.  Fails in G_FILE_ERROR. */
gboolean table_write_csv(const char *path, const GPtrArray *runs,
                         GError **error);
