/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices, by type and place.  Ids do not count: the stream does not have them,
 * and a device that -vga or -nic made is as good as one of -device.
 */
#include <string.h>

#include "caps/device.h"
#include "caps/machine-private.h"

typedef enum {
    UNSEEN,
    PAIRED,
    REPORTED, /* itself, or what it sits on */
} State;

typedef struct {
    const CapsMachine *machines;
    GPtrArray *findings;
    GHashTable *states; /* of CapsDevice, of both sides */
    bool same_version;
} Comparison;

static State state_of(const Comparison *comparison, const CapsDevice *device)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(comparison->states, device));
}

static void set_state(const Comparison *comparison, CapsDevice *device,
                      State state)
{
    g_hash_table_insert(comparison->states, device, GINT_TO_POINTER(state));
}

static bool is_made_by_user(const CapsMachine *machine,
                            const CapsDevice *device)
{
    GPtrArray *others = machine->made[CAPS_MADE_OTHER];
    return device->id ||
           (others && g_ptr_array_find_with_equal_func(others, device->type,
                                                       g_str_equal, NULL));
}

/*
 * Types that are not in the stream at all: QEMU 7.2, 10.0 and 11.1 migrate to a
 * destination without them.  Of all devices of -device help that start without
 * a backend, no others do.
 */
static bool has_no_state(const char *type)
{
    static const char *const types[] = {
        "edu",
        "hyperv-testdev",
        "i2c-echo",
        "isa-applesmc",
        "isa-debug-exit",
        "nvme-subsys",
        "pc-testdev",
        "pci-testdev",
        "pvpanic",
        "ramfb",
        NULL,
    };
    return g_strv_contains(types, type);
}

/*
 * What the board itself has is a device of its own in one version of QEMU and
 * part of another, or renamed, in the next: microvm's acpi-ged-x86 is acpi-ged
 * in 10.0, and migrates.
 */
static Severity severity_of(const Comparison *comparison, Side side,
                            const CapsDevice *device)
{
    bool may_be_internal =
        !device->parent &&
        !is_made_by_user(&comparison->machines[side], device) &&
        !comparison->same_version;
    return may_be_internal || has_no_state(device->type) ? FINDING_WARNING
                                                         : FINDING_ERROR;
}

/* The first of @device's type that has no pair yet; NULL: none is left. */
static CapsDevice *find_like(const Comparison *comparison,
                             const CapsDevice *device, bool at_same_place)
{
    const GPtrArray *devices = comparison->machines[SIDE_DESTINATION].devices;
    for (guint i = 0; i < devices->len; i++) {
        CapsDevice *other = devices->pdata[i];
        if (strcmp(other->type, device->type) == 0 &&
            state_of(comparison, other) == UNSEEN &&
            (!at_same_place || strcmp(other->place, device->place) == 0)) {
            return other;
        }
    }
    return NULL;
}

static void pair_devices(const Comparison *comparison)
{
    const GPtrArray *devices = comparison->machines[SIDE_SOURCE].devices;
    for (guint i = 0; i < devices->len; i++) {
        CapsDevice *other = find_like(comparison, devices->pdata[i], true);
        if (other) {
            set_state(comparison, devices->pdata[i], PAIRED);
            set_state(comparison, other, PAIRED);
            machine_compare_properties(devices->pdata[i], other,
                                       comparison->findings);
            machine_compare_disk(comparison->machines, devices->pdata[i], other,
                                 comparison->findings);
        }
    }
}

/*
 * Of a device that is reported all that sits on it is not where it was.  The
 * primary device of a failover pair need not be on both sides: QEMU unplugs it
 * before the guest goes, and the destination hides it until the guest is there.
 */
static bool is_new(const Comparison *comparison, CapsDevice *device)
{
    if (state_of(comparison, device) != UNSEEN) {
        return false;
    }
    set_state(comparison, device, REPORTED);
    if (device->is_primary) {
        return false;
    }
    return !device->parent || state_of(comparison, device->parent) == PAIRED;
}

static void report_source(const Comparison *comparison, CapsDevice *device)
{
    CapsDevice *other = find_like(comparison, device, false);
    Severity severity = severity_of(comparison, SIDE_SOURCE, device);
    g_autofree char *name = caps_device_name(device);
    g_autofree char *place = caps_device_place(device);

    if (other && is_new(comparison, other)) {
        g_autofree char *other_place = caps_device_place(other);
        findings_add(comparison->findings, FINDING_DEVICES, severity, N_SIDES,
                     g_strdup("give it the same place on both sides (bus=, "
                              "addr= and the like of -device)"),
                     "%s is on %s on the source, on %s on the destination",
                     name, place, other_place);
        return;
    }
    findings_add(comparison->findings, FINDING_DEVICES, severity,
                 SIDE_DESTINATION,
                 g_strdup("start the destination with the devices of the "
                          "source"),
                 "lacks %s, which the source has on %s", name, place);
}

static void report_destination(const Comparison *comparison,
                               const CapsDevice *device)
{
    g_autofree char *name = caps_device_name(device);
    g_autofree char *place = caps_device_place(device);

    findings_add(comparison->findings, FINDING_DEVICES, FINDING_WARNING,
                 SIDE_DESTINATION,
                 g_strdup("start the destination without it: the guest does "
                          "not know of it, and it is as after a reset"),
                 "has %s on %s, which the source does not have", name, place);
}

static void compare_buses(const Comparison *comparison)
{
    const CapsMachine *machines = comparison->machines;
    const GPtrArray *source = machines[SIDE_SOURCE].devices;
    const GPtrArray *destination = machines[SIDE_DESTINATION].devices;

    pair_devices(comparison);
    for (guint i = 0; i < source->len; i++) {
        if (is_new(comparison, source->pdata[i])) {
            report_source(comparison, source->pdata[i]);
        }
    }
    for (guint i = 0; i < destination->len; i++) {
        if (is_new(comparison, destination->pdata[i])) {
            report_destination(comparison, destination->pdata[i]);
        }
    }
}

static bool is_on_a_bus(const CapsMachine machines[N_SIDES], const char *type)
{
    for (int side = 0; side < N_SIDES; side++) {
        const GPtrArray *devices = machines[side].devices;
        for (guint i = 0; i < devices->len; i++) {
            const CapsDevice *device = devices->pdata[i];
            if (strcmp(device->type, type) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* How often a type is there that sits on no bus; vCPUs are counted apart. */
static GHashTable *count_busless(const CapsMachine machines[N_SIDES], Side side)
{
    GHashTable *counts = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < N_CAPS_MADE; i++) {
        const GPtrArray *made = machines[side].made[i];
        for (guint j = 0; j < made->len; j++) {
            char *type = made->pdata[j];
            if (!g_str_has_suffix(type, "-cpu") &&
                !is_on_a_bus(machines, type)) {
                int n = GPOINTER_TO_INT(g_hash_table_lookup(counts, type));
                g_hash_table_insert(counts, type, GINT_TO_POINTER(n + 1));
            }
        }
    }
    return counts;
}

/* What one side has more of than the other. */
static void compare_busless(GHashTable *ones, GHashTable *others, bool missing,
                            GPtrArray *findings)
{
    g_autoptr(GList) types = g_hash_table_get_keys(ones);
    types = g_list_sort(types, (GCompareFunc)strcmp);
    for (GList *at = types; at; at = at->next) {
        int n = GPOINTER_TO_INT(g_hash_table_lookup(ones, at->data));
        int n_other = GPOINTER_TO_INT(g_hash_table_lookup(others, at->data));
        if (n <= n_other) {
            continue;
        }
        findings_add(findings, FINDING_DEVICES,
                     missing && !has_no_state(at->data) ? FINDING_ERROR
                                                        : FINDING_WARNING,
                     SIDE_DESTINATION,
                     g_strdup("start the destination with the devices of the "
                              "source"),
                     "has %d %s, the source has %d", missing ? n_other : n,
                     (char *)at->data, missing ? n : n_other);
    }
}

void machine_compare_devices(const CapsMachine machines[N_SIDES],
                             bool same_version, GPtrArray *findings)
{
    if (!machines_tell(machines, CAPS_MACHINE_DEVICES)) {
        return;
    }
    g_autoptr(GHashTable) states = g_hash_table_new(NULL, NULL);
    Comparison comparison = { machines, findings, states, same_version };
    compare_buses(&comparison);

    if (machines_tell(machines, CAPS_MACHINE_NAMED_DEVICES) &&
        machines_tell(machines, CAPS_MACHINE_OTHER_DEVICES)) {
        g_autoptr(GHashTable) ours = count_busless(machines, SIDE_SOURCE);
        g_autoptr(GHashTable) theirs =
            count_busless(machines, SIDE_DESTINATION);
        compare_busless(ours, theirs, true, findings);
        compare_busless(theirs, ours, false, findings);
    }
}
