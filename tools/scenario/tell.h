/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What is told of the cells: for people, as TAP, as JUnit XML. */
#include "tools/scenario/run-cell.h"

/* One line, and what differed below it. */
void tell_people(const CellRun *run);
void tell_tap_plan(guint n);
void tell_tap(const CellRun *run, guint number);
/* Not all of the plan is told. */
void tell_tap_end(void);

/* Of CellRun.  Fails in G_FILE_ERROR. */
gboolean tell_junit(const char *path, const GPtrArray *runs, GError **error);

/* Makes FOLDER/NAME: what a person needs who looks for the fault.  Returns its
 * path, for g_free(); NULL with @error. */
char *tell_keep(const CellRun *run, const char *folder, GError **error);

/* The cell's, with its round; and one that is one of a file, too.  Free with
 * g_free(). */
char *tell_name(const CellRun *run);
char *tell_file_name(const CellRun *run);
