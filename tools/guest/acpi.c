/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks the RSDT: QEMU gives one on every PC.  Fields are read by their offset
 * in the ACPI specification; tables stand at any address.
 */
#include "tools/guest/acpi.h"

#include "tools/guest/serial.h"

#include <stddef.h>

#define RSDP_RSDT         16
#define TABLE_LENGTH      4
#define TABLE_HEADER      36
#define FADT_FACS         36
#define FADT_PM1A_CONTROL 64
#define FADT_PM_TIMER     76
#define MADT_ENTRIES      44
#define MADT_LOCAL_APIC   0
#define MADT_LOCAL_X2APIC 9
#define MADT_ENABLED      1u

static uint32_t read32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static unsigned madt_count_cpus(const uint8_t *madt)
{
    uint32_t length = read32(madt + TABLE_LENGTH);
    unsigned cpus = 0;

    for (uint32_t at = MADT_ENTRIES; at + 2 <= length && madt[at + 1] > 0;
         at += madt[at + 1]) {
        const uint8_t *entry = madt + at;

        if (entry[0] == MADT_LOCAL_APIC) {
            cpus += read32(entry + 4) & MADT_ENABLED;
        } else if (entry[0] == MADT_LOCAL_X2APIC) {
            cpus += read32(entry + 8) & MADT_ENABLED;
        }
    }
    return cpus;
}

Acpi acpi_read(uint64_t rsdp)
{
    Acpi acpi = { 0 };
    const uint8_t *rsdt;

    if (rsdp == 0) {
        panic("no ACPI tables");
    }
    rsdt = (const uint8_t *)(uintptr_t)read32((uint8_t *)rsdp + RSDP_RSDT);
    if (rsdt == NULL) {
        panic("no ACPI RSDT");
    }
    for (uint32_t at = TABLE_HEADER; at < read32(rsdt + TABLE_LENGTH);
         at += 4) {
        const uint8_t *table = (const uint8_t *)(uintptr_t)read32(rsdt + at);

        if (read32(table) == 0x43495041) { /* "APIC" */
            acpi.cpus = madt_count_cpus(table);
        } else if (read32(table) == 0x50434146) { /* "FACP" */
            acpi.facs = (uint8_t *)(uintptr_t)read32(table + FADT_FACS);
            acpi.pm_control_port = (uint16_t)read32(table + FADT_PM1A_CONTROL);
            acpi.pm_timer_port = (uint16_t)read32(table + FADT_PM_TIMER);
        }
    }
    return acpi;
}
