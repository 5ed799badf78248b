/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A recorded trace, fed to the machine again: its "event" lines are events, its
 * "phase" lines say what they led to, and its "qmp" lines what was told to QEMU.
 * A "settings" line before the start has "requested" of the result document.
 * What the machine sends, the QEMUs that its name ends in must take.
 */
#include "orchestrator/migration.h"

typedef struct {
    char *text; /* of the trace */
    char *version[N_SIDES];
    MigrationSettings settings;
    Migration *migration;
    GString *phases;          /* "inspect prepare ...", as it went now */
    GString *recorded_phases; /* as it went then */
    GString *told;            /* "source migrate\n..." without questions */
    GString *recorded_told;
} Replay;

/*
 * The @nth migration (from 0) of tests/data/traces/@name.jsonl; NULL if there are
 * not so many.  Only the events up to the @n_events-th are fed.  Aborts if a line
 * cannot be read.  @name ends in "-7.2", of both, or in "-7.2-to-10.0".
 */
Replay *replay_new(const char *name, guint nth, guint n_events);
void replay_free(Replay *replay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Replay, replay_free)
