/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/guest/suspend.h"

#include "tools/guest/apic.h"
#include "tools/guest/beat.h"
#include "tools/guest/interrupt.h"
#include "tools/guest/layout.h"
#include "tools/guest/memory.h"
#include "tools/guest/serial.h"
#include "tools/guest/smp.h"
#include "tools/guest/x86.h"

#define SLEEP_ENABLE       0x2000u
#define SLEEP_SOFT_OFF     0x0000u /* QEMU's types of S5 and S3, */
#define SLEEP_TO_RAM       0x0400u /* which its DSDT says too */
#define FACS_WAKING_VECTOR 12

/* Of start.S; the second returns by way of the first. */
extern const char resume_trampoline[], resume_trampoline_end[];
extern char data_start[], image_end[]; /* of guest.ld */
void suspend_enter(uint16_t port, uint16_t value);

static uint16_t control_port;
static uint8_t *facs;
static char *data_copy;

void suspend_init(const Acpi *acpi)
{
    data_copy = memory_allocate((size_t)(image_end - data_start));
    control_port = acpi->pm_control_port;
    facs = acpi->facs;
}

static void say_last(const char *word)
{
    Line line = { .n = 0 };

    line_add(&line, "%s", word);
    serial_send(&line);
    while (!serial_is_empty()) {
        interrupts_wait();
    }
}

void suspend_power_off(void)
{
    say_last("off");
    x86_out16(control_port, SLEEP_ENABLE | SLEEP_SOFT_OFF);
}

static void set_waking_vector(void)
{
    volatile uint64_t *note = (volatile uint64_t *)SLEEP_NOTE;

    for (const char *c = resume_trampoline; c < resume_trampoline_end; c++) {
        ((char *)TRAMPOLINE)[c - resume_trampoline] = *c;
    }
    note[0] = (uint64_t)data_copy;
    note[1] = (uint64_t)data_start;
    note[2] = (uint64_t)(image_end - data_start);
    *(volatile uint32_t *)(facs + FACS_WAKING_VECTOR) = TRAMPOLINE;
}

void suspend_to_ram(void)
{
    Line line = { .n = 0 };

    if (smp_count() > 1 || facs == NULL) {
        panic("only one vCPU can be suspended, with an ACPI FACS");
    }
    set_waking_vector();
    say_last("suspended");
    suspend_enter(control_port, SLEEP_ENABLE | SLEEP_TO_RAM);
    serial_init();
    interrupt_init_cpu();
    apic_init(VECTOR_TICK);
    line_add(&line, "awake");
    serial_send(&line);
    beat_tick(); /* and so the next */
}
