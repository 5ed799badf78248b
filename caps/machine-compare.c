/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Differences by what QEMU does with them, each tried with 7.2, 10.0 and both
 * ways between them (tests/qemu/machines.py): an error where the migration
 * fails or the guest loses something, a warning where it goes through.
 */
#include <string.h>

#include "caps/device.h"
#include "caps/machine-private.h"

/* clang-format off */
static const char *const not_compared[N_CAPS_MACHINE_QUESTIONS] = {
    [CAPS_MACHINE_TYPE] = "machine type",
    [CAPS_MACHINE_UUID] = "UUID",
    [CAPS_MACHINE_MEMORY] = "memory",
    [CAPS_MACHINE_SLOTS] = "memory slots",
    [CAPS_MACHINE_BACKENDS] = "memory backends",
    [CAPS_MACHINE_BLOCKS] = "blocks of memory",
    [CAPS_MACHINE_LAYOUT] = "guest addresses of memory",
    [CAPS_MACHINE_MEMORY_DEVICES] = "memory devices",
    [CAPS_MACHINE_CPUS] = "vCPUs",
    [CAPS_MACHINE_TOPOLOGY] = "topology of vCPUs",
    [CAPS_MACHINE_CPU_MODEL] = "CPU model",
    [CAPS_MACHINE_CPU_FEATURES] = "CPU features",
    [CAPS_MACHINE_NAMED_DEVICES] = "devices with an id",
    [CAPS_MACHINE_OTHER_DEVICES] = "devices without an id",
    [CAPS_MACHINE_DEVICES] = "devices by bus",
    [CAPS_MACHINE_DISKS] = "disks",
};
/* clang-format on */

static char *not_told(const CapsMachine *machine)
{
    GString *words = g_string_new(NULL);
    for (int i = 0; i < N_CAPS_MACHINE_QUESTIONS; i++) {
        if (not_compared[i] && !machine->told[i]) {
            g_string_append_printf(words, "%s%s", words->len ? ", " : "",
                                   not_compared[i]);
        }
    }
    return g_string_free(words, FALSE);
}

static bool is_outside(const char *type)
{
    return g_str_has_prefix(type, "vhost-user-") ||
           g_str_has_prefix(type, "tpm-");
}

/* What a backend keeps (virtiofsd, swtpm) no command of QEMU shows. */
static void note_outside(const CapsMachine *source, GPtrArray *findings)
{
    for (guint i = 0; source->devices && i < source->devices->len; i++) {
        const CapsDevice *device = source->devices->pdata[i];
        if (is_outside(device->type) &&
            !(device->parent && is_outside(device->parent->type))) {
            findings_add(findings, FINDING_NOT_COMPARED, FINDING_NOTE,
                         SIDE_SOURCE,
                         g_strdup("see that the backend on the destination "
                                  "has the same"),
                         "not compared, as QEMU does not show it: what the "
                         "backend of %s%s%s keeps",
                         device->type, device->id ? " " : "",
                         device->id ? device->id : "");
        }
    }
}

static void note_not_told(const CapsMachine machines[N_SIDES],
                          GPtrArray *findings)
{
    g_autofree char *source = not_told(&machines[SIDE_SOURCE]);
    g_autofree char *destination = not_told(&machines[SIDE_DESTINATION]);
    bool same = strcmp(source, destination) == 0;

    if (*source) {
        findings_add(findings, FINDING_NOT_COMPARED, FINDING_NOTE,
                     same ? N_SIDES : SIDE_SOURCE, NULL,
                     "not compared, as not told: %s", source);
    }
    if (*destination && !same) {
        findings_add(findings, FINDING_NOT_COMPARED, FINDING_NOTE,
                     SIDE_DESTINATION, NULL, "not compared, as not told: %s",
                     destination);
    }
}

/* An alias like "q35" is another machine in each version of QEMU. */
static char *hint_to_type(const CapsMachine *source,
                          const CapsMachine *destination)
{
    if (!destination->types) {
        return g_strdup_printf("start the destination with -machine %s",
                               source->type);
    }
    if (!g_hash_table_contains(destination->types, source->type)) {
        return g_strdup_printf("the destination's QEMU has no %s; start the "
                               "guest with a machine type that both have",
                               source->type);
    }
    const char *alias =
        g_hash_table_lookup(destination->types, destination->type);
    return alias && *alias
               ? g_strdup_printf("start the destination with -machine %s; "
                                 "'%s' is %s there",
                                 source->type, alias, destination->type)
               : g_strdup_printf("start the destination with -machine %s",
                                 source->type);
}

static void compare_types(const CapsMachine machines[N_SIDES],
                          GPtrArray *findings)
{
    const CapsMachine *source = &machines[SIDE_SOURCE];
    const CapsMachine *destination = &machines[SIDE_DESTINATION];

    if (machines_tell(machines, CAPS_MACHINE_TYPE) &&
        strcmp(source->type, destination->type) != 0) {
        findings_add(findings, FINDING_MACHINE, FINDING_ERROR, N_SIDES,
                     hint_to_type(source, destination),
                     "the machine types differ: the source is %s, "
                     "the destination is %s",
                     source->type, destination->type);
    }
}

/*
 * What the guest read about the machine in tables in memory, or may use
 * through them.  QEMU compares none of it.
 */
static void compare_settings(const CapsMachine machines[N_SIDES],
                             GPtrArray *findings)
{
    /* clang-format off */
    static const struct {
        CapsMachineQuestion question;
        const char *name, *option, *automatic;
    } rows[] = {
        { CAPS_MACHINE_SMM, "SMM", "-machine smm", "on" },
        { CAPS_MACHINE_S3, "disable_s3", "-global DEVICE.disable_s3" },
        { CAPS_MACHINE_S4, "disable_s4", "-global DEVICE.disable_s4" },
        { CAPS_MACHINE_PCI_HOTPLUG, "PCI hotplug by ACPI",
          "-global DEVICE.acpi-pci-hotplug-with-bridge-support" },
    };
    /* clang-format on */
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *values[N_SIDES];
        if (!machines_tell(machines, rows[i].question)) {
            continue;
        }
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            const char *value = machines[side].settings[rows[i].question];
            bool is_automatic = strcmp(value, "auto") == 0;
            values[side] =
                is_automatic && rows[i].automatic ? rows[i].automatic : value;
        }
        if (strcmp(values[SIDE_SOURCE], values[SIDE_DESTINATION]) != 0) {
            findings_add(findings, FINDING_MACHINE, FINDING_WARNING, N_SIDES,
                         g_strdup_printf("start the destination with the %s "
                                         "of the source",
                                         rows[i].option),
                         "%s is %s on the source, %s on the destination, which "
                         "the guest has seen",
                         rows[i].name, values[SIDE_SOURCE],
                         values[SIDE_DESTINATION]);
        }
    }
}

static void compare_uuids(const CapsMachine machines[N_SIDES], bool are_checked,
                          GPtrArray *findings)
{
    const CapsMachine *source = &machines[SIDE_SOURCE];
    const CapsMachine *destination = &machines[SIDE_DESTINATION];

    if (machines_tell(machines, CAPS_MACHINE_UUID) &&
        strcmp(source->uuid, destination->uuid) != 0) {
        findings_add(
            findings, FINDING_UUID,
            are_checked ? FINDING_ERROR : FINDING_WARNING, N_SIDES,
            g_strdup_printf("start the destination with -uuid %s",
                            source->uuid),
            "the UUIDs differ: %s on the source, %s on the destination%s",
            source->uuid, destination->uuid,
            are_checked ? ", and QEMU compares them" : "");
    }
}

/* QEMU looks for them when it connects, and says what there is not. */
static void find_credentials(const CapsMachine *machine,
                             const CapsInventory *wanted, Side side,
                             GPtrArray *findings)
{
    g_autofree char *id = caps_inventory_value(wanted, "tls-creds");

    if (id && *id && machine->told[CAPS_MACHINE_OBJECTS] &&
        !g_hash_table_contains(machine->objects, id)) {
        findings_add(findings, FINDING_UNKNOWN_NAME, FINDING_ERROR, side,
                     g_strdup_printf("start it with -object "
                                     "tls-creds-x509,id=%s,..., or make one by "
                                     "object-add",
                                     id),
                     "tls-creds: it has no object '%s'", id);
    }
}

void caps_machine_compare(const CapsMachine machines[N_SIDES],
                          const CapsInventory wanted[N_SIDES],
                          GPtrArray *findings)
{
    const CapsInventory *source = &wanted[SIDE_SOURCE];
    CapsVersion version = source->version;
    bool same_version = version && version == wanted[SIDE_DESTINATION].version;
    guint n_before = findings->len;

    compare_types(machines, findings);
    /* Of another machine everything is different. */
    if (findings->len == n_before) {
        compare_settings(machines, findings);
        machine_compare_cpus(machines, version, findings);
        machine_compare_devices(machines, same_version, findings);
        machine_compare_memory(machines, wanted, findings); /* after devices */
        machine_compare_layout(machines, findings);
    }
    compare_uuids(machines,
                  caps_inventory_is_on(source, "validate-uuid") ||
                      caps_inventory_is_on(source, "multifd"),
                  findings);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        find_credentials(&machines[side], &wanted[side], side, findings);
    }
    note_outside(&machines[SIDE_SOURCE], findings);
    note_not_told(machines, findings);
}
