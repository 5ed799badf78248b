/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the verb prints, the same in all its forms. */
#include <glib.h>
#include <stdbool.h>

/* On standard output, for people or on one line.  false: it is closed. */
bool show_value(const char *value, size_t n);
bool show_line(const char *value, size_t n);

/* "12:34:56.789 STOP {...}", in local time.  Free with g_free(). */
char *show_event_text(const char *event, size_t n);

/*
 * On standard error, with a hint; returns the exit code for it.  @where: what
 * the message is about, put before it, or NULL.
 */
int show_failure(const char *where, const GError *error);

/* Does this error end the session, so that nothing can follow it? */
bool show_is_fatal(const GError *error);
