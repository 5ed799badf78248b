/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A migration that goes on, in words for people.  Pure. */
#include "tools/attach/options.h"

/* One screen, less of it where something was done; each line ends in a line
 * feed.  Free with g_free(). */
char *view_all(const Attached *a, const AttachOptions *options);

/* Of that only what changes; free with g_free(). */
char *view_live(const Attached *a);

/* The same on one line, without a line feed; free with g_free(). */
char *view_line(const Attached *a);

/* What a person could do next, one command or phrase each (char *). */
GPtrArray *view_next(const Attached *a, const AttachOptions *options);

/* Settings of a side that are not QEMU's own. */
typedef struct {
    const char *name; /* owned by the inventory */
    char *value;      /* of a parameter, as QEMU writes it; NULL: on */
    const CapsRow *row;
} ViewSetting;

GPtrArray *view_settings(const CapsInventory *inventory);
