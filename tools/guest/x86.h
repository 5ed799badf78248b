/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The instructions that C has no word for. */
#include <stdint.h>

static inline void x86_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t x86_in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void x86_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t x86_in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* The fence keeps the reading behind the memory accesses before it. */
static inline uint64_t x86_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void x86_cpuid(uint32_t leaf, uint32_t *ret_eax,
                             uint32_t *ret_edx)
{
    uint32_t ebx, ecx = 0;

    *ret_eax = leaf;
    __asm__ volatile("cpuid"
                     : "+a"(*ret_eax), "=b"(ebx), "+c"(ecx), "=d"(*ret_edx));
}

static inline uint64_t x86_cr2(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline void x86_tlb_flush(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(value) : : "memory");
}

static inline void x86_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

/* For good, as interrupts are off. */
static inline void x86_halt(void)
{
    __asm__ volatile("hlt" : : : "memory");
}
