/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Looks at a guest's memory from outside: at pages spread evenly over it, which
 * of them are zero and which have changed since the first look.  Only reads, by
 * process_vm_readv(), and QEMU does not notice.  It takes the right to trace
 * QEMU's process: that is the same user's or root's, unless the host forbids it.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct HostPages HostPages;

/*
 * Takes the first look.  @sizes: of each block of guest RAM, as QEMU says; a
 * mapping is known by its size.  NULL: not allowed, or a block was not found;
 * *@ret_why is why, one phrase.
 */
HostPages *host_pages_new(pid_t pid, const uint64_t sizes[], unsigned n_sizes,
                          const char **ret_why);
void host_pages_free(HostPages *pages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostPages, host_pages_free)

typedef struct {
    double all_bytes;     /* the blocks together */
    double nonzero_bytes; /* at the last look */
    double dirty_bytes;   /* changed at any look since the first */
} HostPagesFound;

/* false: the process does not let itself be read any more. */
bool host_pages_look(HostPages *pages, HostPagesFound *ret);
