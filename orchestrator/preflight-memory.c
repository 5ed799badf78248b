/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is the guest's memory where the migration needs it?  From what the kernel
 * says of the files that both QEMUs have mapped.  Pure.
 */
#include "orchestrator/preflight-host.h"

#include <string.h>

#include "caps/block.h"
#include "caps/units.h"

/* By its length: of several files that are mapped it is one. */
static bool is_on_disk(const CapsBlock *block, const HostMapped *mapped)
{
    for (unsigned i = 0; i < mapped->n; i++) {
        if ((uint64_t)mapped->bytes[i] == block->total_bytes) {
            return true;
        }
    }
    return false;
}

/* And it can catch only those of memory that is in no file on a disk: 10.0
 * refuses it, 7.2 loses the guest. */
static void check_memory_on_disk(Migration *m)
{
    const GPtrArray *blocks = m->machines[SIDE_DESTINATION].blocks;
    if (!caps_inventory_is_on(&m->wanted[SIDE_DESTINATION], "postcopy-ram")) {
        return;
    }
    for (guint i = 0; blocks && i < blocks->len; i++) {
        const CapsBlock *block = blocks->pdata[i];
        if (is_on_disk(block, &m->processes[SIDE_DESTINATION].on_disk)) {
            findings_add(m->findings, FINDING_MEMORY_BACKENDS, FINDING_ERROR,
                         SIDE_DESTINATION,
                         g_strdup("give it a memory-backend-memfd, or a "
                                  "mem-path= in tmpfs or hugetlbfs"),
                         "the memory '%s' is a file on a disk, where post-copy "
                         "cannot wait for pages",
                         block->name);
        }
    }
}

static uint64_t left_out_bytes(const Migration *m)
{
    return caps_inventory_is_on(&m->wanted[SIDE_SOURCE], "x-ignore-shared")
               ? caps_machine_left_out_bytes(
                     &m->machines[SIDE_SOURCE],
                     m->inventories[SIDE_SOURCE].version)
               : 0;
}

static uint64_t common_bytes(const Migration *m)
{
    return host_common_bytes(&m->processes[SIDE_SOURCE],
                             &m->processes[SIDE_DESTINATION]);
}

/*
 * QEMU does not look whether the destination has the memory that x-ignore-shared
 * leaves out.  Without it the guest crashes, or the devices fail to load.
 */
static void check_left_out(Migration *m)
{
    bool is_known =
        m->processes[SIDE_SOURCE].known && m->processes[SIDE_DESTINATION].known;
    if (common_bytes(m) >= left_out_bytes(m)) {
        return;
    }
    g_autofree char *all = unit_format(left_out_bytes(m), UNIT_BYTES);
    g_autofree char *common = unit_format(common_bytes(m), UNIT_BYTES);
    findings_add(m->findings, FINDING_MEMORY_BACKENDS,
                 is_known ? FINDING_ERROR : FINDING_WARNING, N_SIDES,
                 g_strdup("give both the same file as mem-path= of a "
                          "memory-backend-file with share=on, on this host; or "
                          "leave --ignore-shared out"),
                 "x-ignore-shared leaves %s of shared memory out, and %s of it "
                 "are proved to be the same memory on both sides",
                 all, common);
}

/* Memory of a device (ivshmem) counts too: it is in the stream all the same. */
static bool is_sent(const Migration *m, const CapsBlock *block)
{
    const CapsMachine *source = &m->machines[SIDE_SOURCE];
    const char *id = caps_machine_backend_of(source, block);
    const CapsBackend *backend =
        id ? g_hash_table_lookup(source->backends, id) : NULL;
    bool ignores =
        caps_inventory_is_on(&m->wanted[SIDE_SOURCE], "x-ignore-shared");

    return backend && backend->share &&
           !(ignores && caps_machine_leaves_out(
                            source, m->inventories[SIDE_SOURCE].version, id));
}

/* The ids of shared backends that are sent page by page; NULL: there are none. */
static char *sent_shared(const Migration *m)
{
    const GPtrArray *blocks = m->machines[SIDE_SOURCE].blocks;
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; blocks && i < blocks->len; i++) {
        if (is_sent(m, blocks->pdata[i])) {
            g_ptr_array_add(
                ids, (char *)caps_machine_backend_of(&m->machines[SIDE_SOURCE],
                                                     blocks->pdata[i]));
        }
    }
    g_ptr_array_add(ids, NULL);
    return ids->len > 1 ? g_strjoinv("', '", (char **)ids->pdata) : NULL;
}

/* In the modes of CPR the guest stands still, or its memory is not sent. */
static bool is_of_cpr(const Migration *m)
{
    g_autofree char *mode =
        caps_inventory_value(&m->wanted[SIDE_SOURCE], "mode");
    return mode && strcmp(mode, "normal") != 0;
}

/*
 * Where both map the same pages, each page that arrives is an old one, written
 * over what the running guest has there now: its last writes are lost.  A guest
 * that stands still until it is loaded from a file loses nothing.
 */
static void check_same_memory(Migration *m)
{
    g_autofree char *ids = sent_shared(m);
    uint64_t bytes = host_overlap_bytes(&m->processes[SIDE_SOURCE],
                                        &m->processes[SIDE_DESTINATION]);
    uint64_t left_out = left_out_bytes(m);
    if (!ids || m->context.through_file || is_of_cpr(m) || bytes <= left_out) {
        return;
    }
    g_autofree char *common = unit_format(bytes - left_out, UNIT_BYTES);
    findings_add(
        m->findings, FINDING_MEMORY_BACKENDS, FINDING_ERROR, N_SIDES,
        g_strdup("add --ignore-shared, so that QEMU leaves this memory "
                 "out; or give the destination another file"),
        "both QEMUs have mapped the same %s of the shared memory '%s', "
        "and pages that arrive would overwrite what the guest writes",
        common, ids);
}

void preflight_check_memory(Migration *m)
{
    check_memory_on_disk(m);
    check_left_out(m);
    check_same_memory(m);
}
