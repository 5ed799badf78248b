/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One qmigrate at a time migrates or recovers a QEMU (I12).  The lock is on the
 * process itself, on its folder in /proc: it leaves no file behind, ends with
 * its holder however that ends, and a new process with the same pid has another.
 */
#include <sys/types.h>

#define PROCESS_LOCK_HELD    (-1)
#define PROCESS_LOCK_UNKNOWN (-2)

/*
 * Locks the process @pid until the returned descriptor is closed.  Returns
 * PROCESS_LOCK_HELD if it is locked already, with *@ret_holder the process that
 * holds the lock (0: not visible from here), and PROCESS_LOCK_UNKNOWN if this host
 * does not let us lock it.
 */
int process_lock(pid_t pid, pid_t *ret_holder);

/* Who holds that lock; 0: nobody, or it is not visible from here. */
pid_t process_lock_holder(pid_t pid);
