/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a file says that only the options' own reader knows to be wrong. */
#include <glib.h>

/*
 * Lets a process of each cell (CellRun) read its options, and do nothing.  Fails
 * in G_OPTION_ERROR at the first that is wrong.  A cell with something to do
 * before is left out: what it names may not be there yet.
 */
gboolean check_cells(const GPtrArray *runs, GError **error);
