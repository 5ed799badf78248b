/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The newest machine type that two QEMU binaries share, for a pair of different
 * versions: each is started for a moment without a guest and asked.
 */
#include <gio/gio.h>

/* Fails in QMP_ERROR, or G_IO_ERROR_NOT_FOUND if they share none. */
void machine_find_common_async(const char *binary, const char *other,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
/* Free with g_free(). */
char *machine_find_common_finish(GAsyncResult *result, GError **error);

/* Of two versioned names of one family, is @a the newer?  "pc-q35-7.2" and
 * "pc-q35-10.0" are; pure. */
gboolean machine_is_newer(const char *a, const char *b);
