/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What we need from the firmware's ACPI tables. */
#include <stdint.h>

typedef struct Acpi {
    unsigned cpus;          /* that may be started, the boot vCPU among them */
    uint16_t pm_timer_port; /* 0: none */
    uint16_t pm_control_port; /* PM1a_CNT; 0: none */
    uint8_t *facs;            /* NULL: none */
} Acpi;

/* @rsdp: the root pointer's physical address. */
Acpi acpi_read(uint64_t rsdp);
