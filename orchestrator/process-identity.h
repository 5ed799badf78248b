/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Names one process for ever, also for a later qmigrate that reads it from a
 * file: a pid is used again, a pid with its start time is not.  host.h reads
 * identities and checks whether such a process still runs.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BOOT_ID_SIZE 37 /* a UUID and the final NUL */

typedef struct {
    pid_t pid;                  /* 0: not known */
    uint64_t start_ticks;       /* since boot, as in /proc/PID/stat */
    uint64_t pid_namespace;     /* in which @pid counts; 0: not known */
    char boot_id[BOOT_ID_SIZE]; /* of the kernel; "": not known */
} ProcessIdentity;

/* All members are known. */
bool process_identity_is_known(const ProcessIdentity *identity);

/* False also if either is not known. */
bool process_identity_equal(const ProcessIdentity *a, const ProcessIdentity *b);
