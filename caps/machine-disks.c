/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The disk behind each device.  The stream has nothing of it, and QEMU takes
 * any: a guest whose disk has become shorter or read-only loses what it writes.
 * A medium that can be ejected is only warned about: the guest may have done so.
 */
#include "caps/disk.h"
#include "caps/machine-private.h"

typedef struct {
    char *name, *place; /* of the device */
    GPtrArray *findings;
} Report;

static Severity severity_of(const CapsDisk *disk)
{
    return disk->is_removable ? FINDING_WARNING : FINDING_ERROR;
}

static void compare_media(const Report *report, const CapsDisk *source,
                          const CapsDisk *destination)
{
    Severity severity =
        destination->node ? FINDING_WARNING : severity_of(source);

    findings_add(report->findings, FINDING_DISKS, severity, N_SIDES,
                 g_strdup("give it the same medium on both sides"),
                 "%s on %s has %s on the source, %s on the destination",
                 report->name, report->place,
                 source->node ? "a medium" : "no medium",
                 destination->node ? "one" : "none");
}

/* A longer disk holds all that the guest wrote, and can hold what it writes. */
static void compare_sizes(const Report *report, const CapsDisk *source,
                          const CapsDisk *destination)
{
    bool is_shorter = destination->bytes < source->bytes;
    if (source->bytes == destination->bytes) {
        return;
    }
    g_autofree char *size = NULL, *other_size = NULL;
    machine_size_words(source->bytes, destination->bytes, &size, &other_size);
    findings_add(report->findings, FINDING_DISKS,
                 is_shorter ? severity_of(source) : FINDING_WARNING, N_SIDES,
                 g_strdup("give it the same disk on both sides; if it was "
                          "resized since, restart the destination"),
                 "%s on %s has a disk of %s on the source, %s on the "
                 "destination%s",
                 report->name, report->place, size, other_size,
                 is_shorter ? "; the guest would lose what is beyond" : "");
}

static void compare_access(const Report *report, const CapsDisk *source,
                           const CapsDisk *destination)
{
    if (source->read_only == destination->read_only) {
        return;
    }
    findings_add(report->findings, FINDING_DISKS,
                 destination->read_only ? severity_of(source) : FINDING_WARNING,
                 N_SIDES,
                 g_strdup_printf("start the destination with read-only=%s for "
                                 "this disk",
                                 source->read_only ? "on" : "off"),
                 "%s on %s has a disk that is %s on the source, %s on the "
                 "destination",
                 report->name, report->place,
                 source->read_only ? "read-only" : "writable",
                 destination->read_only ? "read-only" : "writable");
}

static const CapsDisk *disk_of(const CapsMachine *machine,
                               const CapsDevice *device)
{
    static const CapsDisk empty = { .is_removable = true };
    const char *drive = caps_device_property(device, "drive");
    const CapsDisk *disk =
        drive ? caps_disks_find(machine->disks, drive,
                                caps_device_of_user(device)->id)
              : NULL;

    /* a drive that never had a medium is listed by a path without its id */
    return drive && !*drive && !disk ? &empty : disk;
}

void machine_compare_disk(const CapsMachine machines[N_SIDES],
                          const CapsDevice *source,
                          const CapsDevice *destination, GPtrArray *findings)
{
    if (!machines_tell(machines, CAPS_MACHINE_DISKS)) {
        return;
    }
    const CapsDisk *ours = disk_of(&machines[SIDE_SOURCE], source);
    const CapsDisk *theirs = disk_of(&machines[SIDE_DESTINATION], destination);
    if (!ours || !theirs || (!ours->node && !theirs->node)) {
        return;
    }
    const CapsDevice *device = caps_device_of_user(source);
    g_autofree char *name = caps_device_name(device);
    g_autofree char *place = caps_device_place(device);
    Report report = { name, place, findings };
    if (!ours->node || !theirs->node) {
        compare_media(&report, ours, theirs);
        return;
    }
    compare_sizes(&report, ours, theirs);
    compare_access(&report, ours, theirs);
}
