/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the guest's memory is.  The stream has each block by its name, and QEMU
 * does not look at which guest address the destination has it: a guest whose
 * blocks have changed places dies at once.
 */
#include <inttypes.h>
#include <string.h>

#include "caps/machine-private.h"

static const CapsMemoryDevice *find_device(const CapsMachine *machine,
                                           const char *backend)
{
    for (guint i = 0; i < machine->memory_devices->len; i++) {
        const CapsMemoryDevice *device = machine->memory_devices->pdata[i];
        if (strcmp(device->backend, backend) == 0) {
            return device;
        }
    }
    return NULL;
}

/* The guest knows each module by its slot number, and unplugs it by that. */
static void compare_slots(const CapsMemoryDevice *source,
                          const CapsMemoryDevice *destination,
                          GPtrArray *findings)
{
    if (source->slot != destination->slot) {
        findings_add(
            findings, FINDING_MEMORY_BACKENDS, FINDING_WARNING, N_SIDES,
            g_strdup_printf("add slot=%" PRId64 " to the destination's "
                            "-device for '%s'",
                            source->slot, source->backend),
            "the memory '%s' is in slot %" PRId64 " on the source, in "
            "slot %" PRId64 " on the destination; the guest could "
            "not unplug it",
            source->backend, source->slot, destination->slot);
    }
    if (source->node != destination->node) {
        findings_add(
            findings, FINDING_MEMORY_BACKENDS, FINDING_WARNING, N_SIDES,
            g_strdup_printf("add node=%" PRId64 " to the destination's "
                            "-device for '%s'",
                            source->node, source->backend),
            "the memory '%s' is on NUMA node %" PRId64 " on the "
            "source, on node %" PRId64 " on the destination",
            source->backend, source->node, destination->node);
    }
}

static void report_address(const char *block, const char *source,
                           const char *destination, const char *hint,
                           GPtrArray *findings)
{
    findings_add(findings, FINDING_MEMORY_LAYOUT, FINDING_ERROR, N_SIDES,
                 g_strdup(hint),
                 "the guest has the memory '%s' at %s on the source, at %s on "
                 "the destination, and would find other memory there",
                 block, source, destination);
}

/* Memory that is plugged in; what is missing is found with the devices. */
static void compare_devices(const CapsMachine machines[N_SIDES],
                            GPtrArray *findings)
{
    const GPtrArray *devices = machines[SIDE_SOURCE].memory_devices;
    for (guint i = 0; i < devices->len; i++) {
        const CapsMemoryDevice *device = devices->pdata[i];
        const CapsMemoryDevice *other =
            find_device(&machines[SIDE_DESTINATION], device->backend);
        if (!other) {
            continue;
        }
        if (device->address != other->address) {
            g_autofree char *at =
                g_strdup_printf("0x%" PRIx64, device->address);
            g_autofree char *other_at =
                g_strdup_printf("0x%" PRIx64, other->address);
            g_autofree char *hint =
                g_strdup_printf("add %s=%s to the destination's -device for "
                                "'%s'",
                                device->address_property, at, device->backend);
            report_address(device->backend, at, other_at, hint, findings);
        }
        compare_slots(device, other, findings);
    }
}

static bool is_plugged(const CapsMachine machines[N_SIDES], const char *backend)
{
    return machines_tell(machines, CAPS_MACHINE_MEMORY_DEVICES) &&
           find_device(&machines[SIDE_SOURCE], backend) &&
           find_device(&machines[SIDE_DESTINATION], backend);
}

/* Memory that only one side maps yet is a device's, and the guest moves it. */
static bool is_elsewhere(const CapsMachine machines[N_SIDES], const char *block)
{
    const GPtrArray *source = machines[SIDE_SOURCE].layout;
    const GPtrArray *destination = machines[SIDE_DESTINATION].layout;

    return caps_layout_has(source, block) &&
           caps_layout_has(destination, block) &&
           !(caps_layout_is_in(source, destination, block) &&
             caps_layout_is_in(destination, source, block));
}

static void compare_mappings(const CapsMachine machines[N_SIDES],
                             GPtrArray *findings)
{
    const GPtrArray *blocks = machines[SIDE_SOURCE].blocks;
    for (guint i = 0; i < blocks->len; i++) {
        const CapsBlock *block = blocks->pdata[i];
        const char *backend =
            caps_machine_backend_of(&machines[SIDE_SOURCE], block);
        if (!backend || is_plugged(machines, backend) ||
            !is_elsewhere(machines, block->name)) {
            continue;
        }
        g_autofree char *at =
            caps_layout_to_text(machines[SIDE_SOURCE].layout, block->name);
        g_autofree char *other_at =
            caps_layout_to_text(machines[SIDE_DESTINATION].layout, block->name);
        report_address(
            backend, at, other_at,
            "give both the same -m and -machine, and the -numa nodes "
            "and memory devices of the source, in its order",
            findings);
    }
}

void machine_compare_layout(const CapsMachine machines[N_SIDES],
                            GPtrArray *findings)
{
    if (machines_tell(machines, CAPS_MACHINE_MEMORY_DEVICES)) {
        compare_devices(machines, findings);
    }
    if (machines_tell(machines, CAPS_MACHINE_LAYOUT) &&
        machines_tell(machines, CAPS_MACHINE_BLOCKS) &&
        machines_tell(machines, CAPS_MACHINE_BACKENDS)) {
        compare_mappings(machines, findings);
    }
}
