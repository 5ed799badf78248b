/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties of devices that differ.  What the guest has seen of a device is
 * not in the stream, and QEMU compares little of it.
 */
#include <string.h>

#include "caps/machine-private.h"

typedef enum {
    SEEN,    /* the guest can see it, and may depend on it */
    BREAKS,  /* the guest uses it, and cannot run without it */
    REFUSED, /* QEMU notices, but only when everything has been sent */
} Effect;

/* Each tried on 7.2, 10.0 and 11.1, as far as they have it. */
/* clang-format off */
static const struct {
    const char *name;
    Effect effect;
    const char *type; /* NULL: of any device */
    const char *automatic; /* what "auto" stands for; NULL: not known */
} properties[] = {
    { "logical_block_size", BREAKS },

    { "serial", SEEN }, /* of disks and USB devices */
    { "wwn", SEEN },
    { "port_wwn", SEEN },
    { "write-cache", SEEN, NULL, "on" },
    { "config-wce", SEEN },
    { "discard", SEEN },
    { "write-zeroes", SEEN },
    { "queue-size", SEEN },
    { "virtqueue_size", SEEN },

    { "mac", SEEN }, /* of the stream, until the guest resets the device */
    { "host_mtu", SEEN },
    { "mq", SEEN },
    { "rx_queue_size", SEEN },
    { "tx_queue_size", SEEN },

    { "packed", SEEN },
    { "max_ports", SEEN },
    { "free-page-reporting", SEEN },
    { "name", SEEN, "virtserialport" },
    { "name", SEEN, "virtconsole" },
    { "acpi-index", SEEN },
    { "chassis", SEEN },
    { "chassis_nr", SEEN },
    { "acpi-root-pci-hotplug", SEEN },

    { "intremap", SEEN }, /* of an IOMMU, as those below */
    { "eim", SEEN },
    { "aw-bits", SEEN },
    { "caching-mode", SEEN },

    /* what the PCI configuration is made of, which QEMU does compare */
    { "vectors", REFUSED }, /* by default from the number of queues */
    { "multifunction", REFUSED },
    { "disable-legacy", REFUSED },
    { "disable-modern", REFUSED },
    { "class", REFUSED, "virtio-blk-pci" },
    { "msi", REFUSED, "pci-bridge", "on" },
    { "msi", REFUSED, "megasas", "on" },
    { "msi", REFUSED, "qemu-xhci", "on" },
    { "msix", REFUSED, "qemu-xhci", "on" },
    { "shpc", REFUSED, "pci-bridge" },
    { "mmio", REFUSED, "VGA" },
    { "qemu-extended-regs", REFUSED, "VGA" },
    { "hotplug", REFUSED, "pcie-root-port" },
    { "slot", REFUSED, "pcie-root-port" },
    { "port", REFUSED, "pcie-root-port" },
    { "bus-reserve", REFUSED },
    { "io-reserve", REFUSED },
    { "mem-reserve", REFUSED },
    { "pref32-reserve", REFUSED },
    { "pref64-reserve", REFUSED },
    { "x-speed", REFUSED },
    { "x-width", REFUSED },
    { "disable-acs", REFUSED },
    { "power_controller_present", REFUSED },
    { "x-do-not-expose-native-hotplug-cap", REFUSED },
    { "aer_log_max", REFUSED, "pcie-root-port" },

    { "num-queues", REFUSED, "virtio-blk-device" },
    { "num_queues", REFUSED, "virtio-scsi-device" },
    { "max_outputs", REFUSED },
    { "acpi-pci-hotplug-with-bridge-support", REFUSED, "PIIX4_PM" },
};

static const struct {
    Severity severity;
    const char *meaning;
} effects[] = {
    [SEEN] =    { FINDING_WARNING, "which the guest has seen" },
    [BREAKS] =  { FINDING_ERROR,   "which the guest has seen" },
    [REFUSED] = { FINDING_ERROR,   "and QEMU refuses to load that" },
};
/* clang-format on */

static const char *value_of(const CapsDevice *device, const char *name,
                            const char *automatic)
{
    const char *value = caps_device_property(device, name);
    return value && strcmp(value, "auto") == 0 ? automatic : value;
}

static void report(const CapsDevice *source, const char *property,
                   const char *value, const char *other, Effect effect,
                   GPtrArray *findings)
{
    const CapsDevice *device = caps_device_of_user(source);
    g_autofree char *name = caps_device_name(device);
    g_autofree char *place = caps_device_place(device);

    findings_add(
        findings, FINDING_DEVICES, effects[effect].severity, N_SIDES,
        g_strdup_printf("give it %s=%s on the destination", property, value),
        "%s on %s has %s=%s on the source, %s on the destination, %s", name,
        place, property, value, other, effects[effect].meaning);
}

/* What one version does not have, or does not tell, is not compared. */
void machine_compare_properties(const CapsDevice *source,
                                const CapsDevice *destination,
                                GPtrArray *findings)
{
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++) {
        const char *name = properties[i].name, *type = properties[i].type;
        if (type && strcmp(type, source->type) != 0) {
            continue;
        }
        const char *value = value_of(source, name, properties[i].automatic);
        const char *other =
            value_of(destination, name, properties[i].automatic);
        if (value && other && strcmp(value, other) != 0) {
            report(source, name, value, other, properties[i].effect, findings);
        }
    }
}
