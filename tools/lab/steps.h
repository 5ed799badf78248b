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

typedef struct Steps Steps;

typedef struct {
    /* Both monitors are there, and what is needed too. */
    void (*ready)(gpointer user_data);
    /* A monitor cannot be reached; one phrase.  It ends here. */
    void (*unreachable)(const char *what, gpointer user_data);
    /* Something is missing that it needs; one phrase.  It ends here. */
    void (*unmet)(const char *what, gpointer user_data);
    void (*cancel)(gpointer user_data);
    void (*kill)(gpointer user_data);    /* qmigrate itself */
    void (*recover)(gpointer user_data); /* by another process */
    /* It was killed, and no step is left that could recover it. */
    void (*abandoned)(gpointer user_data);
    void (*finished)(gpointer user_data); /* steps_finish() is done */
} StepsHandlers;

/* @scenario must outlive it. */
Steps *steps_new(const Scenario *scenario, const StepsHandlers *handlers,
                 gpointer user_data);
void steps_free(Steps *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Steps, steps_free)

/* @qemu is up; ready comes when both are. */
void steps_watch(Steps *script, Side side, Qemu *qemu);
/* The QEMU of @side ended, or is to be ended. */
void steps_forget(Steps *script, Side side);
/* The destination is the source now: a destination is to be watched. */
void steps_turn(Steps *script);

/* NULL: the scenario has none.  It is between both. */
Link *steps_link(Steps *script);

/* From here on steps are taken; then a migration may start. */
void steps_start(Steps *script);
/* What the migration hears, before it hears it. */
void steps_see(Steps *script, const Event *event);
/* What it knows, after that. */
void steps_see_progress(Steps *script, const Migration *m);
void steps_see_beats(Steps *script, uint64_t n);
/* A line of the guest's that is no heartbeat. */
void steps_see_line(Steps *script, const char *line);
/* Nobody hears it any more but the script. */
void steps_see_orphan(Steps *script);
/* It is over. */
void steps_see_end(Steps *script);

/* Shall there be one more?  Then it is forgotten that it was asked for. */
bool steps_wants_again(Steps *script);

/* What this host must have; NULL: it has, else what is missing, static. */
const char *steps_host_lacks(const Scenario *scenario);

/* Asks both for the last time. */
void steps_finish(Steps *script, Side guest);

/* The member "script" of the result; free with json_object_unref(). */
JsonObject *steps_to_json(const Steps *script);
