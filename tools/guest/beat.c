/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Beats are due at multiples of the period since the first; a late one is sent
 * at once and the next is due when it always was.  Of several that were missed
 * one is sent, and numbers count what was sent: the reader takes a gap in the
 * numbers for a loss.
 */
#include "tools/guest/beat.h"

#include "tools/guest/clock.h"
#include "tools/guest/serial.h"

static Clock clock; /* apart from the writer's on the same vCPU */
static uint64_t period_ns, tick_max_ns, due_ns, number;

static void beat(uint64_t now_ns)
{
    Line line;

    line.n = 0;
    line_add(&line, "b %lu %lu", number, now_ns / 1000);
    if (serial_try_send(&line)) {
        number++;
    }
    due_ns += period_ns * (1 + (now_ns - due_ns) / period_ns);
}

void beat_tick(void)
{
    uint64_t now_ns = clock_now_ns(&clock);
    uint64_t wait_ns = tick_max_ns;

    if (period_ns > 0 && now_ns >= due_ns) {
        beat(now_ns);
    }
    serial_poll();
    now_ns = clock_now_ns(&clock);
    if (period_ns > 0 && due_ns < now_ns + wait_ns) {
        wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    }
    clock_arm(wait_ns);
}

void beat_start(uint64_t period_us, uint64_t tick_max_us)
{
    period_ns = period_us * 1000;
    tick_max_ns = tick_max_us * 1000;
    due_ns = clock_now_ns(&clock);
    clock_arm(0);
}
