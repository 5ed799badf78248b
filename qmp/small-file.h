/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reads a file that a person named and that is small if it is the right one:
 * never waits for a FIFO, never reads a device, at most 1 MiB.
 */
#include <glib.h>
#include <stdbool.h>

/* Permission bits by which others could read or change a private key.  The group
 * may read it: QEMU's user can be in it. */
#define QMP_SMALL_FILE_OTHERS 027

typedef struct {
    GBytes *
        bytes; /* and a NUL, not counted; NULL: it is not there, or cannot be read */
    char *error;    /* why it cannot be read, one phrase; NULL: it can */
    bool is_absent; /* @error says so, too */
    unsigned mode;  /* the permission bits */
} QmpSmallFile;

QmpSmallFile qmp_small_file_read(const char *path);
void qmp_small_file_clear(QmpSmallFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QmpSmallFile, qmp_small_file_clear)
