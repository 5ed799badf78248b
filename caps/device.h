/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The devices of one QEMU and where each sits, from what "info qtree" prints
 * for people.  QMP has nothing like it: QOM shows the devices where the code of
 * that version keeps them (10.0 has moved some of the board's), and the stream
 * names a device by its buses.  Devices on no bus (vmgenid, pc-dimm, vCPUs) are
 * not in it.  Pure.
 */
#include <glib.h>
#include <stdbool.h>

typedef struct CapsDevice CapsDevice;

struct CapsDevice {
    char *type;               /* "virtio-net-pci" */
    char *id;                 /* as the user called it; NULL: not at all */
    const CapsDevice *parent; /* whose bus it is on; NULL: the board's own */
    char *bus;                /* "pcie.0": depends on ids, so only for people */
    char *where;              /* "addr 04.0"; "" where places do not count */
    char *place;              /* from the board on, to be compared */
    bool is_primary;          /* of a virtio-net failover pair */
    GHashTable *properties;   /* name -> value, without its quotes */
};

/*
 * An array of CapsDevice that owns them, a device after the one whose bus it
 * is on.  NULL: @text is not what QEMU 7.2 and 10.0 print.
 */
GPtrArray *caps_devices_parse(const char *text);

/* NULL: the device has no such property. */
const char *caps_device_property(const CapsDevice *device, const char *name);

/* For people: "scsi-hd 'disk0'", and "pcie.0 addr 04.0".  Free with g_free(). */
char *caps_device_name(const CapsDevice *device);
char *caps_device_place(const CapsDevice *device);

/* The device that -device made: of a virtio-blk-device, its virtio-blk-pci. */
const CapsDevice *caps_device_of_user(const CapsDevice *device);
