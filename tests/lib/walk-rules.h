/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The safety rules I1 to I14 as assertions, for the walk: against what the
 * machine wants to be sent, and the outcome that it came to.
 */
#include "orchestrator/migration.h"

/* @before: its plain members, as they were before the event. */
void walk_check_action(const Migration *before, const Migration *m,
                       const Action *action);

/* How often a stall was paused: so often I13 was put to the test. */
guint walk_n_stalls_paused(void);

/* Once it is decided. */
void walk_check_outcome(const Migration *m);
