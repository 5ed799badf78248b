/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which step of a scenario is due, from what is seen of a migration, in its order: a
 * step is looked for once the one before it was taken.  Pure: the clock comes with
 * what is seen.
 */
#include "tools/scenario/scenario.h"

typedef struct {
    MomentKind kind; /* MOMENT_STEP: the clock alone */
    int64_t time_us; /* monotonic */
    Side side;
    const char *word;
    uint64_t number;
} Sight;

typedef struct {
    const Scenario *scenario;
    guint next;                /* step */
    int64_t due_us;            /* of it, -1: its moment has not come */
    int64_t start_us, last_us; /* the start, and when the last step was taken */
    GArray *taken_us; /* int64_t, of each step so far since the start */
    GPtrArray *statuses[N_SIDES]; /* of char *: each, once when it changed */
    guint n_before[N_SIDES];      /* of them are of earlier migrations */
    guint64 passes, beats, remaining_bytes;
    bool has_started, has_ended;
    bool is_told;        /* an event or a line, which no step has taken yet */
    bool waits_for_next; /* migration: a step has asked for it */
} Engine;

void engine_init(Engine *engine, const Scenario *scenario);
void engine_clear(Engine *engine);

/* Adds the steps that are due now to @due (ScenarioStep, not owned). */
void engine_take(Engine *engine, const Sight *sight, GPtrArray *due);

/* When the clock must be looked at again; -1: it need not. */
int64_t engine_due_us(const Engine *engine);

/* A migration begins once more: passes, beats, statuses and the end are anew. */
void engine_again(Engine *engine);

/* The first step that was not taken, NULL: all were. */
const ScenarioStep *engine_missing(const Engine *engine);

/* The member "script" of the result. */
JsonObject *engine_to_json(const Engine *engine);
