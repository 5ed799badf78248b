/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The first serial port.  Output goes through a ring, so that a reader who is
 * slow or away for a while stops nobody; only the boot vCPU may call these.
 */
#include "tools/guest/text.h"

#include <stdbool.h>

void serial_init(void);

/*
 * Adds LF and sends; waits while there is no room.  A line is whole on the wire
 * whoever else sends.  Not for interrupts, which must not wait.
 */
void serial_send(Line *line);

/* The same for an interrupt: false if the ring is nearly full. */
bool serial_try_send(Line *line);

/* Moves bytes between the rings and the port; for the timer interrupt. */
void serial_poll(void);

/* The next byte that came in; -1 if there is none. */
int serial_read(void);
bool serial_has_input(void);

/* Has all that was sent left the ring? */
bool serial_is_empty(void);

/*
 * Sends "panic WORDS" and stops the boot vCPU for good, and the one that calls.
 * Unlike the rest, any vCPU may call these; the first is heard.
 */
void panic(const char *words) __attribute__((noreturn));
void panic_line(Line *words) __attribute__((noreturn));
