/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What two QEMUs, the clock and a person can tell the machine of a migration, for
 * the walk through its phases.
 */
#include "orchestrator/migration.h"

/* The total-time of a migration that began before any walk did. */
#define WALK_LONG_MS 100000000

typedef struct {
    Event event;
    JsonNode *value; /* owned: event.value or the holder of event.data */
} WalkStep;

/* Of WalkStep: each event that can come, truthful or not, in no order.  Free
 * with g_array_unref(). */
GArray *walk_alphabet(void);

/* Of WalkStep: how it goes with @settings if all goes well; a wish is
 * the one for post-copy. */
GArray *walk_straight(const MigrationSettings *settings);

/* What cannot come does not: an answer to what was never asked, a word of a
 * monitor that is not there. */
bool walk_can_come(const Migration *m, const Event *event);

/* As migration_feed(); and what it asks then of the guest's machine, all but the
 * first question, is refused. */
void walk_feed(Migration *m, const Event *event);
