/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The files that one command line names. */
#include "tools/settings.h"

typedef struct {
    const char *option; /* with its dashes */
    const char *path;   /* NULL: not given */
} FileWord;

/* No two of them are the same file; as files_check_apart(). */
gboolean files_are_apart(const FileWord *files, size_t n, GError **error);

/*
 * --json, --trace and the file of --uri are three: each would write over the
 * other, and one may be all that there is of a guest.  Links are followed; a
 * device may take several.  Fails in G_OPTION_ERROR.
 */
gboolean files_check_apart(const Settings *settings, GError **error);
