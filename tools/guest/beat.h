/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The boot vCPU's timer: heartbeats, and the serial port's turn. */
#include <stdint.h>

/* @period_us 0: no heartbeats.  @tick_max_us: how long the port may wait. */
void beat_start(uint64_t period_us, uint64_t tick_max_us);

/* The timer interrupt. */
void beat_tick(void);
