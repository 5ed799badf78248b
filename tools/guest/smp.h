/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The vCPUs: number 0 is the one that booted, and alone has the serial port.
 * Each runs its writer, and all together do a job when the first calls for it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tools/guest/clock.h"

#define CPUS_MAX        255u
#define HISTOGRAM_SLOTS 64u

/* Written by its own vCPU; the others read. */
typedef struct Cpu {
    unsigned index;
    unsigned job_seen;
    Clock clock;
    uint64_t due_ps;   /* the next write */
    uint64_t position; /* in its slice of the working set */
    uint64_t random;
    volatile uint64_t pages; /* written */
    volatile uint64_t histogram[HISTOGRAM_SLOTS];
    uint64_t counted; /* published for the proof: what XMM15 holds */
    uint64_t known;   /* writes that the memory knows of */
} __attribute__((aligned(64))) Cpu;

typedef void (*Job)(Cpu *cpu);

/* Starts @count - 1 further vCPUs; they come to guest_cpu_main(). */
void smp_start(unsigned count);
unsigned smp_count(void);
Cpu *smp_cpu(unsigned index);

/* What each vCPU does for ever after. */
void guest_cpu_main(Cpu *cpu) __attribute__((noreturn));

/* On the first vCPU: all do @job, beginning only when all have left off. */
void smp_run(Job job);

/* On the others: whether there is a job, and doing it. */
bool smp_has_job(const Cpu *cpu);
void smp_take_part(Cpu *cpu);
