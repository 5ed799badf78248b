/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ticks go to the heart, exceptions end the program. */
#include "tools/guest/interrupt.h"

#include "tools/guest/apic.h"
#include "tools/guest/beat.h"
#include "tools/guest/layout.h"
#include "tools/guest/serial.h"
#include "tools/guest/x86.h"

#define VECTOR_PAGE_FAULT 14
#define VECTOR_SPURIOUS   255
#define STUB_BYTES        16
#define CODE_SEGMENT      0x18
#define INTERRUPT_GATE    0x8e00u

typedef struct Gate {
    uint16_t offset_low;
    uint16_t segment;
    uint16_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t zero;
} Gate;

typedef struct TablePointer {
    uint16_t limit;
    Gate *base;
} __attribute__((packed)) TablePointer;

extern const char interrupt_stubs[], interrupt_ignore[];
void interrupt_handle(uint64_t vector);
void interrupt_panic(uint64_t vector, uint64_t rip);

static Gate gates[256];

static void gate_set(unsigned vector, const char *handler)
{
    uintptr_t at = (uintptr_t)handler;

    gates[vector] = (Gate){
        .offset_low = (uint16_t)at,
        .segment = CODE_SEGMENT,
        .type = INTERRUPT_GATE,
        .offset_middle = (uint16_t)(at >> 16),
    };
}

void interrupt_init(void)
{
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        gate_set(vector, interrupt_stubs + vector * STUB_BYTES);
    }
    gate_set(VECTOR_SPURIOUS, interrupt_ignore);
}

void interrupt_init_cpu(void)
{
    TablePointer pointer = { sizeof(gates) - 1, gates };

    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void interrupt_panic(uint64_t vector, uint64_t rip)
{
    Line line = { .n = 0 };

    line_add(&line, "panic exception %lu at %lx", vector, rip);
    if (vector == VECTOR_PAGE_FAULT) {
        line_add(&line, " address %lx", x86_cr2());
    }
    panic_line(&line);
}

void interrupt_handle(uint64_t vector)
{
    if (vector == VECTOR_TICK) {
        beat_tick();
    }
    apic_end_of_interrupt();
}
