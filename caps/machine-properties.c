/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties of devices that differ.  What the guest has seen of a device is
 * not in the stream, and QEMU compares little of it.
 */
#include <string.h>

#include "caps/machine-private.h"

/* clang-format off */
static const struct {
    const char *name;
    Severity severity;
} properties[] = {
    /* the guest reads and writes at wrong places of its disk */
    { "logical_block_size", FINDING_ERROR },
    /* of an IOMMU */
    { "intremap",           FINDING_WARNING },
    { "eim",                FINDING_WARNING },
    { "aw-bits",            FINDING_WARNING },
    { "caching-mode",       FINDING_WARNING },
};
/* clang-format on */

/* A property that one version does not have is not compared. */
void machine_compare_properties(const CapsDevice *source,
                                const CapsDevice *destination,
                                GPtrArray *findings)
{
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++) {
        const char *property = properties[i].name;
        const char *value = caps_device_property(source, property);
        const char *other = caps_device_property(destination, property);
        if (!value || !other || strcmp(value, other) == 0) {
            continue;
        }
        const CapsDevice *device = caps_device_of_user(source);
        g_autofree char *name = caps_device_name(device);
        g_autofree char *place = caps_device_place(device);
        findings_add(findings, FINDING_DEVICES, properties[i].severity, N_SIDES,
                     g_strdup_printf("give it %s=%s on the destination",
                                     property, value),
                     "%s on %s has %s=%s on the source, %s on the destination, "
                     "which the guest has seen",
                     name, place, property, value, other);
    }
}
