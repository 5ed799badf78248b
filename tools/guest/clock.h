/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Guest time from the TSC, in nanoseconds since the program's start.  Each vCPU
 * has a clock of its own and asks no other, so a TSC that a migration set back
 * on one of them makes no negative interval anywhere.
 */
#include <stdint.h>

typedef struct Clock {
    uint64_t last_tsc;
    uint64_t offset; /* what the TSC was set back */
} Clock;

/* Finds the rates of TSC and APIC timer; takes some 20 ms. */
void clock_calibrate(uint16_t pm_timer_port);

uint64_t clock_now_ns(Clock *clock);
uint64_t clock_ns_from_tsc(uint64_t tsc);

/* One timer interrupt on this vCPU, @ns from now. */
void clock_arm(uint64_t ns);
