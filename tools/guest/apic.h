/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The local interrupt controller of the vCPU that calls. */
#include <stdint.h>

/* @vector: what its timer raises. */
void apic_init(unsigned vector);
unsigned apic_id(void);
void apic_end_of_interrupt(void);

/* One interrupt after @ticks of the timer, whose rate clock.h knows. */
void apic_timer_start(uint32_t ticks);
uint32_t apic_timer_left(void);

/* To all other vCPUs. */
void apic_send_init(void);
void apic_send_startup(uint32_t address);
void apic_send_interrupt(unsigned vector);
