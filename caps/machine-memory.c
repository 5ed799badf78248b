/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory: its size, and the blocks that it is made of.  The stream begins with
 * a list of the source's blocks, and the destination has to have each, under
 * its name and of its length: also the ROM of a network card.
 */
#include <inttypes.h>
#include <string.h>

#include "caps/block.h"
#include "caps/device.h"
#include "caps/machine-private.h"
#include "caps/units.h"

/* Both in words that show the difference. */
void machine_size_words(uint64_t one, uint64_t other, char **ret_one,
                        char **ret_other)
{
    *ret_one = unit_format(one, UNIT_BYTES);
    *ret_other = unit_format(other, UNIT_BYTES);
    if (strcmp(*ret_one, *ret_other) == 0) {
        g_free(*ret_one);
        g_free(*ret_other);
        *ret_one = g_strdup_printf("%" PRIu64 " B", one);
        *ret_other = g_strdup_printf("%" PRIu64 " B", other);
    }
}

static void compare_size(uint64_t source, uint64_t destination,
                         const char *what, bool may_be_more, const char *hint,
                         GPtrArray *findings)
{
    g_autofree char *source_words = NULL;
    g_autofree char *destination_words = NULL;

    if (source == destination) {
        return;
    }
    machine_size_words(source, destination, &source_words, &destination_words);
    findings_add(
        findings, FINDING_MEMORY,
        may_be_more && destination > source ? FINDING_WARNING : FINDING_ERROR,
        N_SIDES, g_strdup(hint), "the source has %s of %s, the destination %s",
        source_words, what, destination_words);
}

static void compare_sizes(const CapsMachine machines[N_SIDES],
                          GPtrArray *findings)
{
    const CapsMachine *source = &machines[SIDE_SOURCE];
    const CapsMachine *destination = &machines[SIDE_DESTINATION];

    if (machines_tell(machines, CAPS_MACHINE_MEMORY)) {
        compare_size(
            source->memory_bytes - source->plugged_bytes,
            destination->memory_bytes - destination->plugged_bytes, "memory",
            false, "start the destination with the -m of the source", findings);
        compare_size(source->plugged_bytes, destination->plugged_bytes,
                     "memory plugged in", true,
                     "plug the same memory in on both sides", findings);
    }
    if (machines_tell(machines, CAPS_MACHINE_SLOTS) &&
        source->n_slots != destination->n_slots) {
        findings_add(findings, FINDING_MEMORY, FINDING_ERROR, N_SIDES,
                     g_strdup("start the destination with the slots= of the "
                              "source's -m"),
                     "the source has %" PRIu64 " slots for memory, the "
                     "destination %" PRIu64,
                     source->n_slots, destination->n_slots);
    } else if (machines_tell(machines, CAPS_MACHINE_SLOTS) &&
               source->max_bytes != destination->max_bytes) {
        g_autofree char *most = NULL, *other_most = NULL;
        machine_size_words(source->max_bytes, destination->max_bytes, &most,
                           &other_most);
        findings_add(findings, FINDING_MEMORY, FINDING_WARNING, N_SIDES,
                     g_strdup("start the destination with the maxmem= of the "
                              "source's -m"),
                     "the source can have %s of memory (maxmem), the "
                     "destination %s, which the guest has seen",
                     most, other_most);
    }
}

/* A PCI device's block begins with the device's address. */
static bool is_of_device(const CapsBlock *block)
{
    return strchr(block->name, '/') && *block->name != '/';
}

/*
 * What firmware tables are in is made as long as the source's if there is room;
 * everything else has to be as long as it is.
 */
static bool fits(const CapsBlock *source, const CapsBlock *destination)
{
    bool can_grow = destination->used_bytes < destination->total_bytes ||
                    g_str_has_prefix(destination->name, "/rom@");
    return can_grow ? source->used_bytes <= destination->total_bytes
                    : source->used_bytes == destination->used_bytes;
}

static bool is_refused(const GPtrArray *findings, FindingCode code)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (finding->code == code && finding->severity == FINDING_ERROR) {
            return true;
        }
    }
    return false;
}

static bool has_primary(const CapsMachine *machine)
{
    const GPtrArray *devices = machine->devices;
    for (guint i = 0; devices && i < devices->len; i++) {
        if (((const CapsDevice *)devices->pdata[i])->is_primary) {
            return true;
        }
    }
    return false;
}

static char *hint_to_block(const CapsMachine *machine, const CapsBlock *block)
{
    if (is_of_device(block) && g_str_has_suffix(block->name, ".rom") &&
        has_primary(machine)) {
        return g_strdup("give the device the same romfile= on both sides; the "
                        "primary device of a failover pair needs an empty "
                        "romfile=, as the destination still hides it");
    }
    return g_strdup(
        caps_machine_backend_of(machine, block)
            ? "start both with the same memory backends, by id and size"
        : is_of_device(block)
            ? "give the device the same romfile= and memory on both sides"
            : "start both with the same firmware and options");
}

static void report_missing(const CapsMachine *source, const CapsBlock *block,
                           GPtrArray *findings)
{
    g_autofree char *size = unit_format(block->used_bytes, UNIT_BYTES);

    if (is_of_device(block) && is_refused(findings, FINDING_DEVICES)) {
        return; /* the device is missing, or elsewhere */
    }
    findings_add(findings, FINDING_MEMORY_BACKENDS, FINDING_ERROR,
                 SIDE_DESTINATION, hint_to_block(source, block),
                 "lacks the memory '%s' of the source (%s)", block->name, size);
}

static void compare_lengths(const CapsMachine *source, const CapsBlock *block,
                            const CapsBlock *other, GPtrArray *findings)
{
    g_autofree char *size = NULL, *other_size = NULL;

    /* Where the whole differs that is said already. */
    if (fits(block, other) || (caps_machine_backend_of(source, block) &&
                               is_refused(findings, FINDING_MEMORY))) {
        return;
    }
    machine_size_words(block->used_bytes, other->used_bytes, &size,
                       &other_size);
    findings_add(findings, FINDING_MEMORY_BACKENDS, FINDING_ERROR, N_SIDES,
                 hint_to_block(source, block),
                 "the memory '%s' is %s on the source, %s on the destination",
                 block->name, size, other_size);
}

static void compare_page_sizes(const CapsBlock *block, const CapsBlock *other,
                               GPtrArray *findings)
{
    if (strcmp(block->page_size, other->page_size) != 0) {
        findings_add(findings, FINDING_MEMORY_BACKENDS, FINDING_ERROR, N_SIDES,
                     g_strdup("use huge pages of the same size on both sides"),
                     "post-copy needs pages of one size, and those of '%s' "
                     "are %s on the source, %s on the destination",
                     block->name, block->page_size, other->page_size);
    }
}

/* Whether both share the same is seen in their processes, if at all. */
static void compare_sharing(const CapsMachine machines[N_SIDES],
                            const CapsInventory wanted[N_SIDES], const char *id,
                            GPtrArray *findings)
{
    bool left_out[N_SIDES];

    for (int side = 0; side < N_SIDES; side++) {
        left_out[side] =
            caps_machine_leaves_out(&machines[side], wanted[side].version, id);
    }
    if (left_out[SIDE_SOURCE] != left_out[SIDE_DESTINATION]) {
        findings_add(
            findings, FINDING_MEMORY_BACKENDS, FINDING_ERROR, N_SIDES,
            g_strdup("give the backend the same type and share= on "
                     "both sides; before 8.1, QEMU leaves out every "
                     "shared backend, later only memory-backend-file"),
            "x-ignore-shared leaves the memory '%s' out on the %s "
            "only",
            id,
            side_name(left_out[SIDE_SOURCE] ? SIDE_SOURCE : SIDE_DESTINATION));
    }
}

static void compare_block(const CapsMachine machines[N_SIDES],
                          const CapsInventory wanted[N_SIDES],
                          const CapsBlock *block, const CapsBlock *other,
                          GPtrArray *findings)
{
    const CapsMachine *source = &machines[SIDE_SOURCE];
    const char *id = caps_machine_backend_of(source, block);

    compare_lengths(source, block, other, findings);
    if (caps_inventory_is_on(&wanted[SIDE_SOURCE], "postcopy-ram")) {
        compare_page_sizes(block, other, findings);
    }
    if (id && caps_inventory_is_on(&wanted[SIDE_SOURCE], "x-ignore-shared") &&
        caps_machine_backend_of(&machines[SIDE_DESTINATION], other)) {
        compare_sharing(machines, wanted, id, findings);
    }
}

static const CapsBlock *first_block(const GPtrArray *blocks)
{
    for (guint i = 0; i < blocks->len; i++) {
        const CapsBlock *block = blocks->pdata[i];
        if (block->offset == 0) {
            return block;
        }
    }
    return NULL;
}

/*
 * QEMU 10.0 under TCG takes an offset in one block for one among all blocks
 * when it drops TLB entries of pages that the guest wrote, and aborts if the
 * block that lies there ends too early; the guest is lost.  7.2 drops no entry
 * there.  Only the version tells.
 */
static void find_short_block(const CapsMachine *source,
                             const CapsInventory *wanted, GPtrArray *findings)
{
    const CapsBlock *first = first_block(source->blocks);

    if (!first || wanted->version < CAPS_VERSION(8, 0) || !wanted->accel ||
        strcmp(wanted->accel, "kvm") == 0) {
        return;
    }
    bool is_known = wanted->version >= CAPS_VERSION(10, 0); /* and 11.1 */
    for (guint i = 0; i < source->blocks->len; i++) {
        const CapsBlock *block = source->blocks->pdata[i];
        if (!caps_machine_backend_of(source, block) ||
            block->used_bytes <= first->total_bytes) {
            continue;
        }
        findings_add(findings, FINDING_BREAKS,
                     is_known ? FINDING_ERROR : FINDING_WARNING, SIDE_SOURCE,
                     g_strdup("leave out memory backends that nothing uses, "
                              "and plug in modules of at least -m; or use KVM"),
                     "QEMU without KVM aborts when the memory '%s' comes "
                     "after shorter memory (%s)",
                     block->name,
                     *first->name ? first->name : "that no device uses");
        return;
    }
}

void machine_compare_memory(const CapsMachine machines[N_SIDES],
                            const CapsInventory wanted[N_SIDES],
                            GPtrArray *findings)
{
    const CapsMachine *source = &machines[SIDE_SOURCE];

    compare_sizes(machines, findings);
    if (source->told[CAPS_MACHINE_BLOCKS]) {
        find_short_block(source, &wanted[SIDE_SOURCE], findings);
    }
    if (!machines_tell(machines, CAPS_MACHINE_BLOCKS)) {
        return;
    }
    for (guint i = 0; i < source->blocks->len; i++) {
        const CapsBlock *block = source->blocks->pdata[i];
        const CapsBlock *other =
            caps_blocks_find(machines[SIDE_DESTINATION].blocks, block->name);
        if (!*block->name) {
            continue;
        } else if (!other) {
            report_missing(source, block, findings);
        } else {
            compare_block(machines, wanted, block, other, findings);
        }
    }
}
