/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* SIGINT, SIGTERM and SIGHUP as requests on the main loop. */
#include <glib.h>

typedef void InterruptFunc(gpointer user_data);

/* Calls @func for each such signal from now on, for the rest of the program. */
void interrupt_watch(InterruptFunc *func, gpointer user_data);
