/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The signals of the program.  Those that ask it to end are requests on the main
 * loop; those that would end it for a write that failed do nothing, and the
 * write fails.  A child gets back what was set before, as always on exec().
 */
#include <glib.h>

typedef void InterruptFunc(gpointer user_data);

/* First thing in the program: a write may fail and never ends it. */
void interrupt_prepare(void);

/*
 * Calls @func for each request from now on, for the rest of the program.
 * Signals that come together are one request.  SIGHUP is one only before any
 * other, since a terminal that is closed reports it several times; where it was
 * ignored at the start, as by nohup, it stays ignored.
 */
void interrupt_watch(InterruptFunc *func, gpointer user_data);
