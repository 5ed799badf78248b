/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * qmigrate lab --scenario: each cell of the files is a qmigrate lab of its own
 * process, so that nothing of one is left in another, several run at once, and one
 * that hangs is ended at its deadline.
 */
#include <glib.h>

#define DRIVE_NO_JOBS G_MININT /* n_jobs was not given */

/* As typed; each may be NULL. */
typedef struct {
    char **files;
    char *only, *junit, *json, *failed, *csv;
    int n_jobs;
    gboolean lists, taps;
} DriveWords;

/*
 * @keys: what a setting may name.  @options: of the command line, which every cell
 * gets and which count before the files'.  @more: QEMU's arguments, or NULL.
 * Returns the exit code; prints all that is to be said.
 */
int drive(const DriveWords *words, const char *const *keys, char **options,
          char **more);
