/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * How long the stream of a post-copy has stood still, and whether both sides
 * prove it (I13): a slow network, a frozen QEMU or a frozen qmigrate is no reason
 * to break a connection that will go on by itself.  Pure.
 *
 * Stall time counts only while we are scheduled and both sides answer.
 */
#include <stdbool.h>
#include <stdint.h>

#include "caps/side.h"

/* All zero: the stream has just moved. */
typedef struct {
    int64_t still_us; /* stall time that both sides have confirmed */
    int64_t awake_us; /* stall time, whether they answered or not */
    int64_t tick_us;  /* when the last tick came; 0: none yet */
    int64_t due_us;   /* when still_us exceeded the limit; 0: it has not */
    int64_t moved_us; /* when the stream last moved */
    int64_t asked_us[N_SIDES]; /* when each side was sent the question that it
                                * answered last; 0: none since the move */
} Stall;

/* The stream moved, or a side changed its status: everything starts anew. */
void stall_move(Stall *stall, int64_t now_us);

/* @side answered a question that it was sent at @asked_us. */
void stall_answer(Stall *stall, Side side, int64_t asked_us);

/* A tick came.  The time since the last one does not count if it came late. */
void stall_tick(Stall *stall, int64_t now_us, int64_t limit_us);

/* The limit is exceeded, and both sides have answered questions that they were
 * sent after that. */
bool stall_is_proved(const Stall *stall);
