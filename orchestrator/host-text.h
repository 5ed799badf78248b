/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How the host's files are read: each of these takes what is not there as not
 * known. */
#include <glib.h>

#include "orchestrator/facts-host.h"

/* What is in the file, stripped, or NULL.  Free with g_free(). */
G_GNUC_PRINTF(2, 3)
char *host_text(const char *root, const char *format, ...);

/* The value of the line "NAME: VALUE" of @text, stripped, or NULL.  Free with
 * g_free(). */
char *host_text_value(const char *text, const char *name);

/* The whole number that @text, which may be NULL, begins with. */
int64_t host_text_number(const char *text);

/* The same of a value that ends in "kB". */
int64_t host_text_bytes(const char *text, const char *name);
