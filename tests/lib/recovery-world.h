/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A model of both QEMUs as `qmigrate recover` finds them: they answer and obey, and
 * tell if they are asked to do what breaks a rule.
 */
#include "orchestrator/phases.h"

typedef struct {
    const char *status, *run_state; /* NULL: the process has ended */
    bool ran;                       /* it ran the guest since it was started */
} Qemu;

/* What happened to the source between the record and now. */
typedef enum {
    PAST_QUIET,   /* nothing but the recorded migration */
    PAST_UNKNOWN, /* the same, but the record has no evidence of it */
    PAST_ONWARD,  /* a person continued its guest, and moved it to a third QEMU,
                   * where it runs; or does so now */
    N_PASTS,
} Past;

#define STARTED_US (10 * G_USEC_PER_SEC) /* now_us, to begin with */

typedef struct {
    Qemu qemu[N_SIDES];
    const OwnerContext *context; /* NULL: there is no record */
    bool proves;                 /* the accelerator tells whether it ran */
    bool goes_on;                /* a pre-copy comes to its end meanwhile */
    Past past;
    bool was_running; /* on the source, when recover began */
    MigrationSettings settings;
    Migration *m;
    int64_t now_us;
    char what[160]; /* for a failure */
} World;

bool world_runs(const World *world, Side side);

/* Counts and prints each rule that does not hold, not only the first. */
void world_hold(const World *world, bool condition, const char *rule);
unsigned world_n_broken(void);

/* Runs recover in @world to its end, and checks that its outcome is true. */
Outcome world_recover(World *world);
