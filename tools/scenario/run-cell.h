/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One cell: its process, its files, its deadline, and what came of it. */
#include "tools/scenario/matrix.h"
#include "tools/scenario/verdict.h"

typedef struct {
    const Cell *cell;
    char *folder;         /* of this cell alone */
    char *own_folder;     /* in it: the scenario's, %t */
    char *before, *after; /* what the shell does; may be empty */
    GPtrArray *argv;
    char **again;             /* the words of a shell that run it anew */
    JsonNode *document;       /* what it wrote; NULL: nothing */
    ScenarioVerdict *verdict; /* NULL: not over */
    int64_t us;               /* from its start to its end */
    char *kept;               /* where all of it is; NULL: it held */
} CellRun;

/* @files: for --scenario.  @options and @more as in drive.h. */
CellRun *cell_run_new(const Cell *cell, guint number, const char *folder,
                      char **files, char **options, char **more);
void cell_run_free(CellRun *run);

typedef void CellRunDone(CellRun *run, gpointer user_data);

/* @done comes when verdict is there. */
void cell_run_start(CellRun *run, CellRunDone *done, gpointer user_data);
/* Ends it: its verdict will be that it was interrupted. */
void cell_run_interrupt(CellRun *run);
