/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the script's own files share; nobody outside of them includes this. */
#include "qmp/client.h"
#include "qmp/schema.h"
#include "tools/lab/steps.h"

#define STEPS_MS      10000u /* for an answer */
#define STEPS_LAST_MS 2000u  /* ... when all is over: it may be frozen */

typedef struct {
    Steps *script;
    Side side;
    Qemu *qemu;         /* NULL: none */
    QmpClient *client;  /* NULL: not there */
    JsonObject *before; /* its parameters and capabilities, by name */
    QmpSchema *schema;  /* where a need asks for it; else NULL */
} StepsSide;

struct Steps {
    const Scenario *scenario;
    StepsHandlers handlers;
    gpointer user_data;
    GCancellable *cancellable;
    Engine engine;
    StepsSide *sides[N_SIDES];
    Link *link;
    int64_t heard_us[N_SIDES]; /* QEMU's clock, of the last event */
    guint clock_source;
    unsigned n_migrations, n_asking;
    Side guest;       /* who has it in the end */
    uint64_t n_beats; /* since the migration began */
    bool is_running, wants_again, is_ready;
    bool is_orphan, is_recovering; /* qmigrate was killed; a fresh one mends */
    JsonArray *refused;            /* of what QEMU said no to */
    char *changed; /* settings that were not put back; NULL: none */
};

/* QEMU said no to an action: that may be what is wanted. */
void steps_note_refused(Steps *script, const ScenarioAction *action,
                        const char *why);

/* A status that nobody told, but an answer. */
void steps_see_status(Steps *script, Side side, const char *status);

/* Does it, or begins to. */
void steps_act(Steps *script, const ScenarioAction *action);
