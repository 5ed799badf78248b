/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A new folder in TMPDIR, or an error that says what to set TMPDIR to. */
#include <glib.h>

/* @room: of the longest socket name in it, in bytes.  Free with g_free(). */
char *temporary_folder_new(const char *pattern, size_t room, GError **error);
