/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What qmigrate status --watch shows meanwhile, on standard output: on a
 * terminal one block that stays in its place, elsewhere a line each time.  In a
 * switchover it is silent.
 */
#include "orchestrator/attached.h"

typedef struct {
    gboolean is_silent, is_terminal;
    guint n_lines; /* of the block on the terminal */
    int64_t interval_us, shown_us;
    Status status; /* as it was shown */
} Live;

Live live_start(gboolean is_silent, int64_t interval_us);
/* False: it cannot be written. */
gboolean live_show(Live *live, const Attached *a);
/* Wipes the block, before something else is printed. */
void live_end(Live *live);
