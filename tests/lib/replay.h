/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A recorded trace, fed to the machine again: its "event" lines are events, its
 * "phase" lines say what they led to, and its "qmp" lines what was told to QEMU.
 * A "settings" line before the start has "requested" of the result document.
 */
#include "orchestrator/migration.h"

typedef struct {
    MigrationSettings settings;
    Migration *migration;
    GString *phases;          /* "inspect prepare ...", as it went now */
    GString *recorded_phases; /* as it went then */
    GString *told;            /* "source migrate\n..." without questions */
    GString *recorded_told;
} Replay;

/*
 * The @nth migration (from 0) of @text; NULL if there are not so many.  Only the
 * events up to the @n_events-th are fed.  Aborts if a line cannot be read.
 */
Replay *replay_new(const char *text, guint nth, guint n_events);
void replay_free(Replay *replay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Replay, replay_free)

/* tests/data/traces/@name.jsonl; free with g_free(). */
char *replay_read(const char *name);
