/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xAPIC by memory: every PC machine has it, up to 255 vCPUs. */
#include "tools/guest/apic.h"

#include "tools/guest/x86.h"

#define APIC           0xfee00000u
#define ID             0x020
#define TASK_PRIORITY  0x080
#define EOI            0x0b0
#define SPURIOUS       0x0f0
#define COMMAND        0x300
#define LVT_TIMER      0x320
#define LVT_LINT0      0x350
#define TIMER_INITIAL  0x380
#define TIMER_CURRENT  0x390
#define TIMER_DIVIDE   0x3e0
#define MASKED         0x10000u
#define DIVIDE_BY_1    0xbu
#define TO_ALL_OTHERS  0xc0000u
#define ASSERT         0x4000u
#define DELIVERY_INIT  0x500u
#define DELIVERY_START 0x600u

static void apic_write(unsigned reg, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)(APIC + reg) = value;
}

static uint32_t apic_read(unsigned reg)
{
    return *(volatile uint32_t *)(uintptr_t)(APIC + reg);
}

void apic_init(unsigned vector)
{
    x86_out8(0x21, 0xff); /* both PICs: all masked */
    x86_out8(0xa1, 0xff);
    apic_write(SPURIOUS, 0x1ff); /* enabled */
    apic_write(TASK_PRIORITY, 0);
    apic_write(LVT_LINT0, MASKED);
    apic_write(TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(LVT_TIMER, vector);
}

unsigned apic_id(void)
{
    return apic_read(ID) >> 24;
}

void apic_end_of_interrupt(void)
{
    apic_write(EOI, 0);
}

void apic_timer_start(uint32_t ticks)
{
    apic_write(TIMER_INITIAL, ticks);
}

uint32_t apic_timer_left(void)
{
    return apic_read(TIMER_CURRENT);
}

void apic_send_init(void)
{
    apic_write(COMMAND, TO_ALL_OTHERS | ASSERT | DELIVERY_INIT);
}

void apic_send_startup(uint32_t address)
{
    apic_write(COMMAND,
               TO_ALL_OTHERS | ASSERT | DELIVERY_START | address >> 12);
}

void apic_send_interrupt(unsigned vector)
{
    apic_write(COMMAND, TO_ALL_OTHERS | ASSERT | vector);
}
