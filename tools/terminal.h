/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What fits on a terminal. */
#include <glib.h>

/* Of the terminal at @fd; 80 and 24 if it does not tell. */
void terminal_size(int fd, guint *ret_columns, guint *ret_rows);

/* @line without what would wrap: a line that wraps is two.  Free with g_free(). */
char *terminal_cut(const char *line, guint columns);
