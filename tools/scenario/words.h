/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which words of the command line are the scenarios' own, and which their cells'. */
#include <glib.h>

/* Of @names (const char *): what a setting of a file may name.  Free with
 * g_strfreev(). */
char **words_keys(const GPtrArray *names);

/* Of @argv, which was parsed without a fault: the options for each cell, as
 * "--name" or "--name=value".  Free with g_strfreev(). */
char **words_for_cells(char **argv);
