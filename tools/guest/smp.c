/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/guest/smp.h"

#include "tools/guest/apic.h"
#include "tools/guest/interrupt.h"
#include "tools/guest/layout.h"
#include "tools/guest/memory.h"
#include "tools/guest/serial.h"
#include "tools/guest/x86.h"

#define INIT_NS        10000000u /* as the specification has it */
#define STARTUP_NS     10000000u
#define START_ATTEMPTS 1000u

extern const char trampoline[], trampoline_end[];
void guest_ap_main(unsigned index);

/* For start.S: vCPUs that drew a number, and where their stacks are. */
unsigned smp_started = 1;
char *smp_stacks;

static Cpu *cpus;
static unsigned cpu_count;

static Job current_job;
static unsigned job_number, arrived, finished;

static void wait_ns(uint64_t ns)
{
    Clock *clock = &cpus[0].clock;
    uint64_t end = clock_now_ns(clock) + ns;

    while (clock_now_ns(clock) < end) {
        x86_pause();
    }
}

static unsigned started(void)
{
    return __atomic_load_n(&smp_started, __ATOMIC_ACQUIRE);
}

static void wait_for_started(void)
{
    uint64_t end = clock_now_ns(&cpus[0].clock) + STARTUP_NS;

    while (started() < cpu_count && clock_now_ns(&cpus[0].clock) < end) {
        x86_pause();
    }
}

void smp_start(unsigned count)
{
    if (count > CPUS_MAX) {
        panic("more than 255 vCPUs");
    }
    cpu_count = count;
    cpus = memory_allocate(count * sizeof(Cpu));
    smp_stacks = memory_allocate((size_t)count * STACK_BYTES);
    for (unsigned i = 0; i < count; i++) {
        cpus[i].index = i;
    }
    if (count == 1) {
        return;
    }
    for (const char *c = trampoline; c < trampoline_end; c++) {
        ((char *)TRAMPOLINE)[c - trampoline] = *c;
    }
    apic_send_init();
    wait_ns(INIT_NS);
    for (unsigned i = 0; started() < count; i++) {
        if (i == START_ATTEMPTS) {
            panic("a vCPU did not start");
        }
        apic_send_startup(TRAMPOLINE);
        wait_for_started();
    }
}

void guest_ap_main(unsigned index)
{
    interrupt_init_cpu();
    apic_init(VECTOR_WAKE);
    guest_cpu_main(&cpus[index]);
}

unsigned smp_count(void)
{
    return cpu_count;
}

Cpu *smp_cpu(unsigned index)
{
    return &cpus[index];
}

void smp_run(Job job)
{
    current_job = job;
    __atomic_store_n(&arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&finished, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&job_number, job_number + 1, __ATOMIC_RELEASE);
    if (cpu_count > 1) {
        apic_send_interrupt(VECTOR_WAKE);
    }
    smp_take_part(&cpus[0]);
    while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < cpu_count) {
        interrupts_take();
    }
}

bool smp_has_job(const Cpu *cpu)
{
    return __atomic_load_n(&job_number, __ATOMIC_ACQUIRE) != cpu->job_seen;
}

void smp_take_part(Cpu *cpu)
{
    cpu->job_seen = __atomic_load_n(&job_number, __ATOMIC_ACQUIRE);
    __atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < cpu_count) {
        interrupts_take();
    }
    current_job(cpu);
    __atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
}
