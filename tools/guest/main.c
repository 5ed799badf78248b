/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The test guest's life: from the firmware's hands to the writers, and the
 * answers to what the serial port asks.  docs/guest.rst is the contract.
 */
#include "tools/guest/acpi.h"
#include "tools/guest/apic.h"
#include "tools/guest/beat.h"
#include "tools/guest/content.h"
#include "tools/guest/interrupt.h"
#include "tools/guest/layout.h"
#include "tools/guest/memory.h"
#include "tools/guest/options.h"
#include "tools/guest/proof.h"
#include "tools/guest/serial.h"
#include "tools/guest/smp.h"
#include "tools/guest/suspend.h"
#include "tools/guest/writer.h"
#include "tools/guest/x86.h"

#define TICK_MAX_US      1000u
#define TICK_MAX_IDLE_US 10000u

void guest_main(const uint64_t *info);

/* What the last reports said, since the counters themselves run on. */
static uint64_t reported_ns;
static uint64_t reported_pages[CPUS_MAX];
static uint64_t reported_writes[HISTOGRAM_SLOTS];

static void report_rates(bool silent)
{
    uint64_t now_ns = clock_now_ns(&smp_cpu(0)->clock);

    for (unsigned i = 0; i < smp_count(); i++) {
        uint64_t pages = smp_cpu(i)->pages;
        Line line;

        line.n = 0;
        line_add(&line, "rate cpu=%lu pages=%lu us=%lu", (uint64_t)i,
                 pages - reported_pages[i], (now_ns - reported_ns) / 1000);
        reported_pages[i] = pages;
        if (!silent) {
            serial_send(&line);
        }
    }
    reported_ns = now_ns;
}

static void report_writes(void)
{
    Line line = { .n = 0 };

    line_add(&line, "writes");
    for (unsigned slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
        uint64_t count = 0;

        for (unsigned i = 0; i < smp_count(); i++) {
            count += smp_cpu(i)->histogram[slot];
        }
        if (count > reported_writes[slot]) {
            line_add(&line, " %lu=%lu", (uint64_t)slot,
                     count - reported_writes[slot]);
            reported_writes[slot] = count;
        }
    }
    serial_send(&line);
}

static void nothing(Cpu *cpu)
{
}

/* What a "d" began: its digits come until a line feed. */
static uint64_t rate_wanted;
static bool is_rate;

static void take_digit(int byte)
{
    Line line = { .n = 0 };

    if (byte >= '0' && byte <= '9') {
        rate_wanted = rate_wanted * 10 + (uint64_t)(byte - '0');
        return;
    }
    is_rate = false;
    writer_set_rate(rate_wanted);
    line_add(&line, "dirties bytes-per-s=%lu", rate_wanted);
    serial_send(&line);
    smp_run(nothing); /* wakes the other writers */
}

static void answer(int byte)
{
    Line line = { .n = 0 };

    if (is_rate) {
        take_digit(byte);
        return;
    }
    switch (byte) {
    case 'd':
        rate_wanted = 0;
        is_rate = true;
        break;
    case 'o':
        suspend_power_off();
        break;
    case 's':
        suspend_to_ram();
        break;
    case 'r':
        report_rates(false);
        break;
    case 'h':
        report_writes();
        break;
    case 'v':
        proof_verify(&line);
        serial_send(&line);
        break;
    default:
        break;
    }
}

bool guest_is_wanted(const Cpu *cpu)
{
    return cpu->index == 0 ? serial_has_input() : smp_has_job(cpu);
}

/* The first vCPU has its ticks; the others arm their timer if they must. */
static void sleep_ns(Cpu *cpu, uint64_t ns)
{
    if (guest_is_wanted(cpu)) {
        return;
    }
    if (cpu->index > 0 && ns != WRITER_NOTHING_DUE) {
        clock_arm(ns);
    }
    interrupts_wait();
}

void guest_cpu_main(Cpu *cpu)
{
    for (;;) {
        uint64_t ns = writer_run(cpu);

        interrupts_take();
        if (cpu->index > 0 && smp_has_job(cpu)) {
            smp_take_part(cpu);
        } else if (cpu->index == 0 && serial_has_input()) {
            answer(serial_read());
        } else if (ns > 0) {
            sleep_ns(cpu, ns);
        }
    }
}

static void say_hello(void)
{
    Line line = { .n = 0 };

    line_add(&line,
             "hello 1 cpus=%lu memory-bytes=%lu working-set-bytes=%lu "
             "above-4g-bytes=%lu",
             (uint64_t)smp_count(), memory_test_pages() * PAGE_BYTES,
             proof_working_set_pages() * PAGE_BYTES,
             memory_test_pages_above_4g() * PAGE_BYTES);
    serial_send(&line);
}

/* @info: struct hvm_start_info; words 3 and 4 are command line and RSDP */
void guest_main(const uint64_t *info)
{
    Line ready = { .n = 0 };
    Options options;
    Acpi acpi;

    serial_init();
    interrupt_init();
    interrupt_init_cpu();
    options = options_parse(info[3] != 0 ? (const char *)info[3] : "");
    memory_flushes_tlb = options.tlb_flush != 0;
    memory_init(info);
    acpi = acpi_read(info[4]);
    suspend_init(&acpi);
    apic_init(VECTOR_TICK);
    clock_calibrate(acpi.pm_timer_port);
    smp_start(acpi.cpus);
    proof_init();
    memory_begin_test();
    proof_set_working_set(options.working_set_bytes);
    content_init(options.content, options.seed);
    writer_init(&options);
    say_hello();
    beat_start(options.beat_us,
               options.rate_bytes_per_s > 0 ? TICK_MAX_US : TICK_MAX_IDLE_US);
    proof_fill();
    writer_start();
    report_rates(true);
    line_add(&ready, "ready");
    serial_send(&ready);
    smp_run(nothing); /* wakes the other writers */
    guest_cpu_main(smp_cpu(0));
}
