/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ACPI PM timer is the standard: its rate is fixed and it stands still with
 * the guest.  It costs an exit to read, so it is only read at the start.
 */
#include "tools/guest/clock.h"

#include "tools/guest/apic.h"
#include "tools/guest/serial.h"
#include "tools/guest/x86.h"

#define PM_HZ             3579545u
#define PM_MASK           0xffffffu /* 24 bits everywhere */
#define CALIBRATION_TICKS (PM_HZ / 50)
#define SET_BACK_TSC      (1u << 20) /* less is an interrupt in between */
#define ARM_MAX_NS        1000000000u

typedef struct Sample {
    uint64_t tsc;
    uint32_t pm;
    uint32_t apic; /* counts down */
} Sample;

static uint64_t start_tsc;
static uint64_t ns_per_tsc;  /* shifted left by 32 */
static uint64_t apic_per_ns; /* shifted left by 24 */

/* The quickest of a few readings, so that a vCPU put off costs no accuracy. */
static Sample sample_take(uint16_t pm_timer_port)
{
    Sample best = { 0 };
    uint64_t best_width = UINT64_MAX;

    for (unsigned i = 0; i < 8; i++) {
        uint64_t before = x86_tsc();
        uint32_t pm = x86_in32(pm_timer_port);
        uint32_t apic = apic_timer_left();
        uint64_t width = x86_tsc() - before;

        if (width < best_width) {
            best_width = width;
            best = (Sample){ before + width / 2, pm, apic };
        }
    }
    return best;
}

void clock_calibrate(uint16_t pm_timer_port)
{
    Sample start, end;
    uint32_t pm;

    start_tsc = x86_tsc();
    if (pm_timer_port == 0) {
        panic("no ACPI PM timer");
    }
    apic_timer_start(UINT32_MAX);
    start = sample_take(pm_timer_port);
    do {
        end = sample_take(pm_timer_port);
        pm = (end.pm - start.pm) & PM_MASK;
        if (end.tsc - start.tsc > 1ull << 40) {
            panic("the ACPI PM timer stands still");
        }
    } while (pm < CALIBRATION_TICKS);
    apic_timer_start(0);
    ns_per_tsc = (1000000000ull << 32) / ((end.tsc - start.tsc) * PM_HZ / pm);
    apic_per_ns =
        ((uint64_t)(start.apic - end.apic) * PM_HZ / pm << 24) / 1000000000u;
}

uint64_t clock_ns_from_tsc(uint64_t tsc)
{
    return (uint64_t)((unsigned __int128)tsc * ns_per_tsc >> 32);
}

uint64_t clock_now_ns(Clock *clock)
{
    uint64_t tsc = x86_tsc();

    if (tsc >= clock->last_tsc) {
        clock->last_tsc = tsc;
    } else if (clock->last_tsc - tsc > SET_BACK_TSC) {
        clock->offset += clock->last_tsc - tsc;
        clock->last_tsc = tsc;
    } else {
        tsc = clock->last_tsc;
    }
    return clock_ns_from_tsc(tsc + clock->offset - start_tsc);
}

void clock_arm(uint64_t ns)
{
    uint64_t ticks;

    if (ns > ARM_MAX_NS) {
        ns = ARM_MAX_NS;
    }
    ticks = ns * apic_per_ns >> 24;
    apic_timer_start(ticks > 0 ? (uint32_t)ticks : 1);
}
