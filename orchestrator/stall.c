/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/stall.h"

#include <glib.h>

/* Ticks come every 100 ms.  A longer gap: we were frozen or starved. */
#define LATE_US (G_USEC_PER_SEC / 2)
/* A side whose last answer belongs to an older question does not answer. */
#define FRESH_US G_USEC_PER_SEC

void stall_move(Stall *stall, int64_t now_us)
{
    *stall = (Stall){ .tick_us = stall->tick_us, .moved_us = now_us };
}

void stall_answer(Stall *stall, Side side, int64_t asked_us)
{
    if (asked_us > stall->moved_us) {
        stall->asked_us[side] = MAX(stall->asked_us[side], asked_us);
    }
}

static bool is_fresh(const Stall *stall, Side side)
{
    return stall->asked_us[side] > 0 &&
           stall->tick_us - stall->asked_us[side] <= FRESH_US;
}

void stall_tick(Stall *stall, int64_t now_us, int64_t limit_us)
{
    int64_t gap_us = stall->tick_us > 0 ? now_us - stall->tick_us : 0;

    stall->tick_us = now_us;
    if (gap_us > LATE_US) {
        return;
    }
    stall->awake_us += gap_us;
    if (is_fresh(stall, SIDE_SOURCE) && is_fresh(stall, SIDE_DESTINATION)) {
        stall->still_us += gap_us;
    }
    if (stall->still_us > limit_us && stall->due_us == 0) {
        stall->due_us = now_us;
    }
}

bool stall_is_proved(const Stall *stall)
{
    return stall->due_us > 0 && stall->asked_us[SIDE_SOURCE] >= stall->due_us &&
           stall->asked_us[SIDE_DESTINATION] >= stall->due_us;
}
