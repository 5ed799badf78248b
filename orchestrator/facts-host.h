/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the kernel says of a QEMU's process and of the host it runs on.  Plain
 * data that orchestrator/host.h reads, and the one sum that is made of it; pure.
 * All zeroes means: nothing is known.
 */
#include <stdbool.h>
#include <stdint.h>

#define HOST_UNKNOWN   (-1) /* of a number that is not told */
#define HOST_UNLIMITED INT64_MAX

typedef enum { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES } HostAnswer;

/* May it catch page faults in the kernel too, as post-copy needs? */
typedef enum {
    USERFAULTFD_UNKNOWN,
    USERFAULTFD_NO,
    USERFAULTFD_BY_CAPABILITY, /* CAP_SYS_PTRACE */
    USERFAULTFD_BY_SYSCTL,     /* vm.unprivileged_userfaultfd */
    USERFAULTFD_BY_DEVICE,     /* /dev/userfaultfd alone, which QEMU 10.0 opens
                                * and 7.2 does not */
} Userfaultfd;

/*
 * What is mapped, to be written, from the beginning of files that are not in
 * memory themselves: memory of the guest, or a kernel that was loaded.
 */
#define HOST_MAPPED_MAX 16
typedef struct {
    unsigned n;
    int64_t bytes[HOST_MAPPED_MAX];
} HostMapped;

/* A piece of a file that is mapped to be written, for others to see. */
typedef struct {
    unsigned major, minor;
    uint64_t inode, offset, bytes;
} SharedMemory;

#define HOST_SHARED_MAX 32 /* what is beyond counts as private */

/* A folder as a process sees it, which may be another one in its mount namespace
 * or below its root. */
typedef struct {
    HostAnswer is_there;
    uint64_t device, inode;
    HostAnswer may_search, may_make; /* use a file in it, make one */
    HostAnswer is_ours;              /* the one that we see under that name */
} HostFolder;

#define HOST_FOLDERS_MAX 4

typedef struct {
    bool known;  /* else nothing below is */
    int64_t uid; /* effective */
    /* RLIMIT_MEMLOCK that is in force now, or HOST_UNLIMITED; and whether it
     * does not count for zero-copy, because of CAP_IPC_LOCK */
    int64_t locked_limit_bytes;
    HostAnswer may_lock_all;
    int64_t locked_bytes, pinned_bytes; /* VmLck, VmPin: not of zero-copy */
    int64_t resident_bytes;
    HostAnswer has_seccomp_filter;
    Userfaultfd userfaultfd;
    HostMapped on_disk;
    SharedMemory shared[HOST_SHARED_MAX];
    unsigned n_shared;
    int64_t fs_uid, fs_gid;  /* that files are made with; HOST_UNKNOWN */
    int64_t umask;           /* HOST_UNKNOWN */
    HostAnswer may_override; /* permissions of files */
    HostFolder folders[HOST_FOLDERS_MAX]; /* of those that it was asked about */
    uint64_t network; /* the number of its network namespace; 0: not known */
    /* Does what host.h says of addresses and of paths hold for it too? */
    HostAnswer same_network;
    HostAnswer same_files;
} ProcessFacts;

typedef struct {
    int64_t page_bytes; /* of this size */
    int64_t n_total;
    int64_t n_free;     /* with those that are reserved */
    int64_t n_reserved; /* promised to who has mapped, but not touched them */
} HugePages;

#define HOST_HUGE_SIZES_MAX 8 /* arm64 has four */

typedef struct {
    bool known;            /* else nothing below is */
    unsigned n_processors; /* that are online and the process may run on;
                            * a quota of its cgroup does not count; 0: not known */
    unsigned n_online;     /* 0: not known */
    int64_t available_bytes;
    int64_t page_bytes;
    int64_t send_buffer_max_bytes; /* of a TCP connection: tcp_wmem */
    unsigned n_huge;
    HugePages huge[HOST_HUGE_SIZES_MAX]; /* smallest first */
} HostFacts;

/*
 * What zero-copy may have locked at once, for so many connections of multifd:
 * as much as their send buffers hold, in packets, whatever the guest's size.
 * HOST_UNKNOWN if @host does not know the size of a buffer.  All processes of a
 * user without CAP_IPC_LOCK share one limit, and what they use is not to be
 * seen.
 */
int64_t host_zero_copy_needs_bytes(const HostFacts *host, unsigned n_channels);

/* How much memory both have mapped from the same places of the same files. */
uint64_t host_common_bytes(const ProcessFacts *one, const ProcessFacts *other);
/* ... and how much from any place of the same files. */
uint64_t host_overlap_bytes(const ProcessFacts *one, const ProcessFacts *other);

/* Is the folder with this number one and the same for both? */
HostAnswer host_is_one_folder(const ProcessFacts *one,
                              const ProcessFacts *other, unsigned number);

/* May @client connect to a unix socket that @server makes? */
HostAnswer host_may_connect(const ProcessFacts *client,
                            const ProcessFacts *server);

/* Do both mean the same by a loopback address? */
HostAnswer host_is_one_network(const ProcessFacts *one,
                               const ProcessFacts *other);
