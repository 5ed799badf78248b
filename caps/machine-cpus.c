/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vCPUs: those of the source have to be on the destination, each under its
 * number in QEMU and its number for the guest, and know all that the guest has
 * seen.  QEMU does not compare features: the guest crashes some day.
 */
#include <inttypes.h>
#include <string.h>

#include "caps/cpu.h"
#include "caps/machine-private.h"

#define ACPI_TABLES "/rom@etc/acpi/tables"
#define NAMES_MAX   8 /* of a list that nobody reads to its end */

static unsigned width(uint64_t count)
{
    unsigned bits = 0;
    while (bits < 16 && UINT64_C(1) << bits < count) {
        bits++;
    }
    return bits;
}

/* The number of an x86 vCPU for the guest, and in the stream: a field for each
 * level, as wide as its count needs. */
static uint64_t apic_id(const CapsMachine *machine, const CapsCpu *cpu)
{
    uint64_t id = cpu->socket;
    id = id << width(machine->dies) | cpu->die;
    id = id << width(machine->modules) | cpu->module;
    id = id << width(machine->cores) | cpu->core;
    return id << width(machine->threads) | cpu->thread;
}

static bool has_cpu(const CapsMachine machines[N_SIDES], const CapsCpu *wanted)
{
    const CapsMachine *source = &machines[SIDE_SOURCE];
    const CapsMachine *destination = &machines[SIDE_DESTINATION];
    bool by_place = machines_tell(machines, CAPS_MACHINE_TOPOLOGY);

    for (guint i = 0; i < destination->cpus->len; i++) {
        const CapsCpu *cpu = &g_array_index(destination->cpus, CapsCpu, i);
        if (cpu->index == wanted->index) {
            return !by_place ||
                   apic_id(source, wanted) == apic_id(destination, cpu);
        }
    }
    return false;
}

static bool has_all_cpus(const CapsMachine machines[N_SIDES])
{
    const GArray *cpus = machines[SIDE_SOURCE].cpus;
    for (guint i = 0; i < cpus->len; i++) {
        if (!has_cpu(machines, &g_array_index(cpus, CapsCpu, i))) {
            return false;
        }
    }
    return true;
}

static bool is_same_topology(const CapsMachine *one, const CapsMachine *other)
{
    return one->dies == other->dies && one->modules == other->modules &&
           one->cores == other->cores && one->threads == other->threads;
}

static const char hint_to_smp[] =
    "start the destination with the -smp of the source";

/*
 * The state of CPU hotplug has a row for each vCPU that there can be, and no
 * number of them.  Until 10.0 it is only in the stream once the guest's ACPI
 * has used it, as Linux does at boot; 11.1 always has it there.
 */
static void compare_max_cpus(const CapsMachine machines[N_SIDES],
                             CapsVersion version, GPtrArray *findings)
{
    const CapsMachine *source = &machines[SIDE_SOURCE];
    const CapsMachine *destination = &machines[SIDE_DESTINATION];
    bool has_hotplug =
        source->type && g_str_has_prefix(source->type, "pc-") &&
        !(source->blocks && !caps_blocks_find(source->blocks, ACPI_TABLES));

    if (has_hotplug && source->max_cpus > 0 && destination->max_cpus > 0 &&
        source->max_cpus != destination->max_cpus) {
        findings_add(findings, FINDING_CPUS,
                     version >= CAPS_VERSION(11, 1) ? FINDING_ERROR
                                                    : FINDING_WARNING,
                     N_SIDES, g_strdup(hint_to_smp),
                     "the source can have %" PRIu64 " vCPUs (maxcpus), the "
                     "destination %" PRIu64 ", and the state of CPU hotplug "
                     "does not fit",
                     source->max_cpus, destination->max_cpus);
    }
}

static void compare_counts(const CapsMachine machines[N_SIDES],
                           GPtrArray *findings)
{
    const CapsMachine *source = &machines[SIDE_SOURCE];
    const CapsMachine *destination = &machines[SIDE_DESTINATION];
    guint n_source = source->cpus->len, n_destination = destination->cpus->len;

    if (n_source != n_destination) {
        findings_add(findings, FINDING_CPUS,
                     has_all_cpus(machines) ? FINDING_WARNING : FINDING_ERROR,
                     N_SIDES, g_strdup(hint_to_smp),
                     "the source has %u vCPU%s, the destination %u", n_source,
                     n_source == 1 ? "" : "s", n_destination);
    } else if (!has_all_cpus(machines)) {
        findings_add(
            findings, FINDING_CPUS, FINDING_ERROR, N_SIDES,
            g_strdup_printf("%s, and the same vCPUs plugged in", hint_to_smp),
            "the vCPUs do not have the same numbers on both sides");
    } else if (machines_tell(machines, CAPS_MACHINE_TOPOLOGY) &&
               !is_same_topology(source, destination)) {
        findings_add(findings, FINDING_CPUS, FINDING_WARNING, N_SIDES,
                     g_strdup(hint_to_smp),
                     "the vCPUs are not the same cores and threads on both "
                     "sides, which the guest has seen");
    }
}

static char *list_of(const GPtrArray *names)
{
    GString *list = g_string_new(NULL);
    guint n = MIN(names->len, NAMES_MAX);
    for (guint i = 0; i < n; i++) {
        g_string_append_printf(list, "%s%s", i ? ", " : "",
                               (const char *)names->pdata[i]);
    }
    if (names->len > n) {
        g_string_append_printf(list, " and %u more", names->len - n);
    }
    return g_string_free(list, FALSE);
}

static char *hint_to_model(const CapsMachine *source)
{
    return source->cpu_model
               ? g_strdup_printf("start both with the same -cpu, of features "
                                 "that both hosts and QEMUs have; the source "
                                 "has %s",
                                 source->cpu_model)
               : NULL;
}

/* Returns whether there was a difference: then their features differ in much that
 * is not the point. */
static bool compare_vendors(const CapsMachine machines[N_SIDES],
                            GPtrArray *findings)
{
    const char *source = machines[SIDE_SOURCE].cpu_vendor;
    const char *destination = machines[SIDE_DESTINATION].cpu_vendor;

    if (!machines_tell(machines, CAPS_MACHINE_CPU_VENDOR) ||
        strcmp(source, destination) == 0) {
        return false;
    }
    findings_add(findings, FINDING_CPU_MODEL, FINDING_ERROR, N_SIDES,
                 hint_to_model(&machines[SIDE_SOURCE]),
                 "the vCPUs are of two vendors: %s on the source, %s on the "
                 "destination",
                 source, destination);
    return true;
}

/* Returns whether there was a difference. */
static bool compare_features(const CapsMachine machines[N_SIDES],
                             GPtrArray *findings)
{
    const GArray *source = machines[SIDE_SOURCE].cpu_words;
    const GArray *destination = machines[SIDE_DESTINATION].cpu_words;
    g_autoptr(GPtrArray) missing = caps_cpu_words_missing(source, destination);
    g_autoptr(GPtrArray) more = caps_cpu_words_missing(destination, source);
    g_autofree char *missing_list = list_of(missing);
    g_autofree char *more_list = list_of(more);

    if (missing->len > 0) {
        findings_add(findings, FINDING_CPU_MODEL, FINDING_ERROR,
                     SIDE_DESTINATION, hint_to_model(&machines[SIDE_SOURCE]),
                     "its vCPUs lack what the guest may use: %s", missing_list);
    }
    if (more->len > 0) {
        findings_add(findings, FINDING_CPU_MODEL, FINDING_WARNING,
                     SIDE_DESTINATION, hint_to_model(&machines[SIDE_SOURCE]),
                     "its vCPUs have more than those of the source, and the "
                     "guest could not go back: %s",
                     more_list);
    }
    return missing->len + more->len > 0;
}

void machine_compare_cpus(const CapsMachine machines[N_SIDES],
                          CapsVersion version, GPtrArray *findings)
{
    const char *source = machines[SIDE_SOURCE].cpu_model;
    const char *destination = machines[SIDE_DESTINATION].cpu_model;

    if (machines_tell(machines, CAPS_MACHINE_CPUS)) {
        compare_counts(machines, findings);
        if (has_all_cpus(machines)) {
            compare_max_cpus(machines, version, findings);
        }
    }
    if (compare_vendors(machines, findings)) {
        return;
    }
    if (machines_tell(machines, CAPS_MACHINE_CPU_FEATURES) &&
        compare_features(machines, findings)) {
        return; /* then the name of the model is not the point */
    }
    if (machines_tell(machines, CAPS_MACHINE_CPU_MODEL) &&
        strcmp(source, destination) != 0) {
        findings_add(
            findings, FINDING_CPU_MODEL, FINDING_WARNING, N_SIDES,
            g_strdup_printf("start the destination with -cpu %s", source),
            "the CPU models differ: %s on the source, %s on the "
            "destination",
            source, destination);
    }
}
