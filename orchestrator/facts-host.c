/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/facts-host.h"

#include <glib.h>

/* multifd's packet in 7.2 and 10.0, whatever the size of a page */
#define PACKET_BYTES (512 * 1024)
/* that the kernel counts for each sendmsg() besides the data */
#define EXTRA_PAGES 2

/*
 * The kernel counts a whole packet when QEMU begins to send it and gives it
 * back when all of it has been acknowledged, so a buffer can hold pieces of one
 * more packet than fit, while the next waits to get in.
 */
int64_t host_zero_copy_needs_bytes(const HostFacts *host, unsigned n_channels)
{
    int64_t buffer_bytes = host->send_buffer_max_bytes;
    if (!host->known || buffer_bytes < 0 || host->page_bytes <= 0 ||
        buffer_bytes > INT32_MAX) { /* the kernel's own limit */
        return HOST_UNKNOWN;
    }
    int64_t n_packets = (buffer_bytes + PACKET_BYTES - 1) / PACKET_BYTES + 2;
    return n_channels * n_packets *
           (PACKET_BYTES + EXTRA_PAGES * host->page_bytes);
}

typedef uint64_t Measure(const SharedMemory *one, const SharedMemory *other);

static bool is_one_file(const SharedMemory *one, const SharedMemory *other)
{
    return one->major == other->major && one->minor == other->minor &&
           one->inode == other->inode;
}

static uint64_t common_bytes(const SharedMemory *one, const SharedMemory *other)
{
    return is_one_file(one, other) && one->offset == other->offset
               ? MIN(one->bytes, other->bytes)
               : 0;
}

static uint64_t overlap_bytes(const SharedMemory *one,
                              const SharedMemory *other)
{
    uint64_t start = MAX(one->offset, other->offset);
    uint64_t end = MIN(one->offset + one->bytes, other->offset + other->bytes);
    return is_one_file(one, other) && start < end ? end - start : 0;
}

static uint64_t sum_up(const ProcessFacts *one, const ProcessFacts *other,
                       Measure *measure)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < one->n_shared; i++) {
        for (unsigned j = 0; j < other->n_shared; j++) {
            uint64_t both = measure(&one->shared[i], &other->shared[j]);
            if (both > 0) {
                bytes += both;
                break;
            }
        }
    }
    return bytes;
}

uint64_t host_common_bytes(const ProcessFacts *one, const ProcessFacts *other)
{
    return sum_up(one, other, common_bytes);
}

uint64_t host_overlap_bytes(const ProcessFacts *one, const ProcessFacts *other)
{
    return sum_up(one, other, overlap_bytes);
}

HostAnswer host_is_one_folder(const ProcessFacts *one,
                              const ProcessFacts *other, unsigned number)
{
    const HostFolder *a = &one->folders[number], *b = &other->folders[number];
    if (!one->known || !other->known || a->is_there == ANSWER_UNKNOWN ||
        b->is_there == ANSWER_UNKNOWN) {
        return ANSWER_UNKNOWN;
    }
    bool is_one = a->is_there == ANSWER_YES && b->is_there == ANSWER_YES &&
                  a->device == b->device && a->inode == b->inode;
    return is_one ? ANSWER_YES : ANSWER_NO;
}

/* To connect is to write the socket, and a socket has the mode 0777 without the
 * umask of its maker. */
HostAnswer host_may_connect(const ProcessFacts *client,
                            const ProcessFacts *server)
{
    const int64_t group_writes = 020, others_write = 02;
    if (!client->known || !server->known) {
        return ANSWER_UNKNOWN;
    }
    if (client->may_override == ANSWER_YES) {
        return ANSWER_YES;
    }
    if (client->fs_uid == HOST_UNKNOWN || server->fs_uid == HOST_UNKNOWN ||
        server->umask == HOST_UNKNOWN) {
        return ANSWER_UNKNOWN;
    }
    bool is_group = client->fs_gid == server->fs_gid;
    int64_t needed = is_group ? group_writes : others_write;
    return client->fs_uid == server->fs_uid || !(server->umask & needed)
               ? ANSWER_YES
               : ANSWER_NO;
}

HostAnswer host_is_one_network(const ProcessFacts *one,
                               const ProcessFacts *other)
{
    return !one->network || !other->network ? ANSWER_UNKNOWN
           : one->network == other->network ? ANSWER_YES
                                            : ANSWER_NO;
}
