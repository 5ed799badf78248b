/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A scenario's steps, taken in a lab: what is seen of both QEMUs goes to the engine
 * (scenario/engine.h), and what is due then is done.  Each QEMU has a second
 * monitor for it, so that what is done comes from somebody else than qmigrate, as
 * by a person beside it.
 */
#include "orchestrator/run.h"
#include "tools/scenario/engine.h"
#include "tools/lab/link.h"
#include "tools/lab/qemu.h"

typedef struct Script Script;

typedef struct {
    /* Both monitors are there, and what is needed too. */
    void (*ready)(gpointer user_data);
    /* Something is missing that it needs; one phrase.  It ends here. */
    void (*unmet)(const char *what, gpointer user_data);
    void (*cancel)(gpointer user_data);
    void (*kill)(gpointer user_data);     /* qmigrate itself */
    void (*recover)(gpointer user_data);  /* by another process */
    void (*finished)(gpointer user_data); /* script_finish() is done */
} ScriptHandlers;

/* @scenario must outlive it. */
Script *script_new(const Scenario *scenario, const ScriptHandlers *handlers,
                   gpointer user_data);
void script_free(Script *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Script, script_free)

/* @qemu is up; ready comes when both are. */
void script_watch(Script *script, Side side, Qemu *qemu);
/* The QEMU of @side ended, or is to be ended. */
void script_forget(Script *script, Side side);
/* The destination is the source now: a destination is to be watched. */
void script_turn(Script *script);

/* NULL: the scenario has none.  It is between both. */
Link *script_link(Script *script);

/* From here on steps are taken; then a migration may start. */
void script_start(Script *script);
/* What the migration hears, before it hears it. */
void script_see(Script *script, const Event *event);
/* What it knows, after that. */
void script_see_progress(Script *script, const Migration *m);
void script_see_beats(Script *script, uint64_t n);
/* Nobody hears it any more but the script. */
void script_see_orphan(Script *script);
/* It is over. */
void script_see_end(Script *script);

/* Shall there be one more?  Then it is forgotten that it was asked for. */
bool script_wants_again(Script *script);

/* What this host must have; NULL: it has, else what is missing, static. */
const char *script_host_lacks(const Scenario *scenario);

/* Asks both for the last time. */
void script_finish(Script *script, Side guest);

/* The member "script" of the result; free with json_object_unref(). */
JsonObject *script_to_json(const Script *script);
