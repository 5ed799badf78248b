/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/table.h"

#include <string.h>

#define S    NEEDED_BY_SOURCE
#define D    NEEDED_BY_DESTINATION
#define BOTH NEEDED_BY_BOTH

#define V(major, minor) CAPS_VERSION(major, minor)

/* clang-format off */
static const CapsRow capabilities[] = {
    { "auto-converge", S, .since = V(1,6),
      .help = "slow the guest's vCPUs down until it converges" },
    { "background-snapshot", S, .since = V(6,0), .never_on =
      "it saves the guest to a file and leaves it where it is",
      .help = "save a snapshot while the guest runs on; no migration" },
    /* the destination needs no more than to know what comes */
    { "block", BOTH, .since = V(2,10), .until = V(9,1),
      .deprecated = "8.2: copy the disks by blockdev-mirror over NBD",
      .help = "send the disks too" },
    { "compress", BOTH, .since = V(2,4), .until = V(9,1),
      .deprecated = "8.2: multifd with multifd-compression instead",
      .help = "compress pages in threads, without multifd" },
    { "dirty-bitmaps", S, .since = V(2,12),
      .help = "send the disks' dirty bitmaps" },
    { "dirty-limit", S, .since = V(8,1),
      .help = "hold each vCPU's dirty rate down by KVM's dirty ring" },
    { "events", BOTH, .since = V(2,4), .never_off =
      "both QEMUs are watched by it",
      .help = "tell each change of the migration's status" },
    { "late-block-activate", D, .since = V(3,0),
      .help = "leave the disks unlocked until cont" },
    { "mapped-ram", BOTH, .since = V(9,0),
      .help = "each page has its place in the file" },
    { "multifd", BOTH, .since = V(4,0),
      .help = "send pages over several connections" },
    { "pause-before-switchover", S, .since = V(2,11),
      .help = "wait for us between stopping the guest and handing it over" },
    { "postcopy-blocktime", D, .since = V(3,0),
      .help = "measure how long vCPUs waited for pages" },
    { "postcopy-preempt", BOTH, .since = V(7,1),
      .help = "asked-for pages overtake the others, on their own connection" },
    { "postcopy-ram", BOTH, .since = V(2,6),
      .help = "let the guest run on the destination before all is there" },
    { "rdma-pin-all", BOTH, .since = V(2,0),
      .help = "lock all memory at once, for rdma:" },
    { "release-ram", S, .since = V(2,9),
      .help = "free the source's memory as it is sent, in post-copy" },
    { "return-path", S, .since = V(2,10),
      .help = "the destination answers: the source knows that it has all" },
    { "switchover-ack", BOTH, .since = V(8,1),
      .help = "switch over only when the destination's devices are ready" },
    { "validate-uuid", S, .since = V(4,2),
      .help = "the destination refuses a guest of another UUID" },
    { "x-colo", BOTH, .since = V(2,8), .never_on =
      "it keeps both QEMUs running: that is no migration",
      .help = "keep a second guest in step with the first" },
    { "x-ignore-shared", BOTH, .since = V(4,0),
      .help = "do not send memory that both can see" },
    { "xbzrle", S, .since = V(1,2),
      .help = "send what changed in a page that was sent before" },
    { "zero-blocks", S, .since = V(1,6), .until = V(11,0),
      .deprecated = "9.2: without block it does nothing",
      .help = "do not send a disk's zeros, with block" },
    { "zero-copy-send", S, .since = V(7,1),
      .help = "the kernel sends pages from where they are" },
};

static const CapsRow parameters[] = {
    { "announce-initial", D, UNIT_MILLISECONDS, 0, 100000, .usual = "50",
      .since = V(4,0),
      .help = "until the second announcement of the guest's MAC addresses" },
    { "announce-max", D, UNIT_MILLISECONDS, 0, 100000, .usual = "550",
      .since = V(4,0), .help = "at most between two announcements" },
    { "announce-rounds", D, UNIT_NONE, 0, 1000, .usual = "5",
      .since = V(4,0), .help = "how many announcements" },
    { "announce-step", D, UNIT_MILLISECONDS, 1, 10000, .usual = "100",
      .since = V(4,0), .help = "by how much each waits longer" },
    /* QEMU counts in bytes for each millisecond, times at most 2000000 */
    { "avail-switchover-bandwidth", S, UNIT_BYTES_PER_SECOND, 1000,
      UINT64_C(9000000000000000), .or_zero = true, .taken_for = "nothing",
      .usual = "0", .since = V(8,2),
      .help = "what the link can do when the guest stands still; 0: guess" },
    { "block-bitmap-mapping", BOTH, UNIT_NONE, .since = V(5,2),
      .help = "names of nodes and bitmaps on the other side (JSON)" },
    { "block-incremental", S, UNIT_NONE, .usual = "false", .since = V(2,10),
      .until = V(9,1), .deprecated = "8.2: with block",
      .help = "send only a disk's top image" },
    { "compress-level", S, UNIT_NONE, 0, 9, .usual = "1", .since = V(2,4),
      .until = V(9,1), .deprecated = "8.2: with compress",
      .help = "of compress" },
    { "compress-threads", S, UNIT_NONE, 1, 255, .usual = "8",
      .since = V(2,4), .until = V(9,1), .deprecated = "8.2: with compress",
      .help = "of compress" },
    { "compress-wait-thread", S, UNIT_NONE, .usual = "true", .since = V(3,1),
      .until = V(9,1), .deprecated = "8.2: with compress",
      .help = "wait for a thread rather than send the page as it is" },
    { "cpr-exec-command", S, UNIT_NONE, .since = V(10,2),
      .help = "the new QEMU's command line, for mode=cpr-exec (JSON)" },
    { "cpu-throttle-increment", S, UNIT_PERCENT, 1, 99, .usual = "10",
      .since = V(2,7), .help = "how much more auto-converge takes each time" },
    { "cpu-throttle-initial", S, UNIT_PERCENT, 1, 99, .usual = "20",
      .since = V(2,7), .help = "what auto-converge begins with" },
    { "cpu-throttle-tailslow", S, UNIT_NONE, .usual = "false",
      .since = V(5,1), .help = "smaller steps of auto-converge at the end" },
    { "decompress-threads", D, UNIT_NONE, 1, 255, .usual = "2",
      .since = V(2,4), .until = V(9,1), .deprecated = "8.2: with compress",
      .help = "of compress" },
    { "direct-io", BOTH, UNIT_NONE, .usual = "false", .since = V(9,1),
      .help = "past the page cache, with mapped-ram and multifd" },
    { "downtime-limit", S, UNIT_MILLISECONDS, 0, 2000000, .usual = "300",
      .since = V(2,8), .help = "switch over when the rest takes so long" },
    /* QEMU counts in bytes for each tenth of a second */
    { "max-bandwidth", S, UNIT_BYTES_PER_SECOND, 10, .or_zero = true,
      .taken_for = "no limit", .usual = "134217728", .since = V(2,8),
      .help = "send at most so much; 0: no limit" },
    { "max-cpu-throttle", S, UNIT_PERCENT, 1, 99,
      .at_least = "cpu-throttle-initial", .usual = "99", .since = V(3,1),
      .help = "where auto-converge ends" },
    { "max-postcopy-bandwidth", S, UNIT_BYTES_PER_SECOND, 10,
      .or_zero = true, .taken_for = "no limit", .usual = "0",
      .since = V(3,0), .help = "the same in post-copy; 0: no limit" },
    { "mode", S, UNIT_NONE, .usual = "normal", .since = V(8,2),
      .help = "normal, or a restart of QEMU under the guest (cpr-...)" },
    { "multifd-channels", BOTH, UNIT_NONE, 1, 255, .usual = "2",
      .since = V(4,0), .help = "connections of multifd" },
    { "multifd-compression", BOTH, UNIT_NONE, .usual = "none",
      .since = V(5,0), .help = "how multifd compresses pages" },
    { "multifd-qatzip-level", S, UNIT_NONE, 1, 9, .usual = "1",
      .since = V(9,2), .help = "of multifd-compression=qatzip" },
    { "multifd-zlib-level", S, UNIT_NONE, 0, 9, .usual = "1",
      .since = V(5,0), .heeded_since = V(9,0),
      .help = "of multifd-compression=zlib" },
    { "multifd-zstd-level", S, UNIT_NONE, 0, 20, .usual = "1",
      .since = V(5,0), .heeded_since = V(9,0),
      .help = "of multifd-compression=zstd" },
    { "throttle-trigger-threshold", S, UNIT_PERCENT, 1, 100, .usual = "50",
      .since = V(5,0),
      .help = "throttle when so much of what was sent is dirty again" },
    { "tls-authz", D, UNIT_NONE, .usual = "", .since = V(4,0),
      .help = "the authz object that says who may connect" },
    { "tls-creds", BOTH, UNIT_NONE, .usual = "", .since = V(2,7),
      .help = "the tls-creds object; empty: no TLS" },
    { "tls-hostname", S, UNIT_NONE, .usual = "", .since = V(2,7),
      .help = "the name that the destination's certificate has to have" },
    { "vcpu-dirty-limit", S, UNIT_MIB_PER_SECOND, 1, 0, .usual = "1", .since = V(8,1),
      .help = "what dirty-limit leaves each vCPU" },
    { "x-checkpoint-delay", S, UNIT_MILLISECONDS, 0, UINT32_MAX,
      .usual = "20000", .since = V(2,8), .help = "of x-colo" },
    { "x-rdma-chunk-size", BOTH, UNIT_BYTES, .since = V(11,0),
      .help = "of rdma:" },
    { "x-vcpu-dirty-limit-period", S, UNIT_MILLISECONDS, 1, 1000,
      .usual = "1000", .since = V(8,1),
      .help = "how often dirty-limit measures" },
    /* QEMU takes more, and then fails for want of memory */
    { "xbzrle-cache-size", BOTH, UNIT_BYTES, 4096, UINT64_C(1) << 40, true,
      .usual = "67108864", .since = V(2,11),
      .help = "pages that xbzrle can compare with" },
    { "zero-page-detection", S, UNIT_NONE, .since = V(9,0),
      .help = "who looks for pages of zeros: none, legacy or multifd" },
};
/* clang-format on */

const CapsRow *caps_table_capabilities(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(capabilities);
    return capabilities;
}

const CapsRow *caps_table_parameters(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(parameters);
    return parameters;
}

static const CapsRow *find(const CapsRow *rows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const CapsRow *caps_table_capability(const char *name)
{
    return find(capabilities, G_N_ELEMENTS(capabilities), name);
}

const CapsRow *caps_table_parameter(const char *name)
{
    return find(parameters, G_N_ELEMENTS(parameters), name);
}

NeededBy caps_row_sides(const CapsRow *row)
{
    return row ? row->sides : NEEDED_BY_BOTH;
}

Unit caps_row_unit(const CapsRow *row)
{
    return row ? row->unit : UNIT_NONE;
}

const char *needed_by_name(NeededBy sides)
{
    return sides == NEEDED_BY_SOURCE        ? "source"
           : sides == NEEDED_BY_DESTINATION ? "destination"
                                            : "both";
}
