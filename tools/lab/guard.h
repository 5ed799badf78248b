/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A lab leaves nothing behind, however it ends.  The guard is a process of its
 * own that holds one end of a pipe: when the other end closes, because the lab
 * is over or was killed, it kills the QEMUs that it was told of and removes the
 * lab's folder, and the file that a guest went through.  It is the only one who
 * cleans up, so there is one way to.
 */
#include <glib.h>
#include <sys/types.h>

typedef struct Guard Guard;

/*
 * Makes a folder for sockets and logs and starts the guard, by fork(): what runs
 * there is safe after one, also when GLib has threads.  Fails in G_FILE_ERROR.
 */
Guard *guard_start(GError **error);
const char *guard_folder(const Guard *guard);

/* To be killed at the end, should it still live. */
void guard_add_process(Guard *guard, pid_t pid);

/* Nothing was there, and a QEMU writes it now: to be removed at the end. */
void guard_add_file(Guard *guard, const char *path);

/* From now on nothing is killed and nothing is removed. */
void guard_keep(Guard *guard);

/* Cleans up and waits until it is done. */
void guard_end(Guard *guard);
