/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The shell command of an exec: address, and what is known of its end: its exit
 * status and the last lines of its standard error.  Never blocks.
 */
#include <glib.h>
#include <stdbool.h>

typedef struct QmpChild QmpChild;

/* Both ends of the command are @fd, which stays the caller's.  Its standard
 * error is read, and it is reaped, where @context runs. */
QmpChild *qmp_child_new(const char *command, int fd, GMainContext *context,
                        GError **error);

/* Kills the command and what it started. */
void qmp_child_free(QmpChild *child);

bool qmp_child_has_ended(QmpChild *child);

/* "the command exited with status 3, its last words: ..."; "": it runs, and
 * said nothing.  Free with g_free(). */
char *qmp_child_describe(QmpChild *child);
