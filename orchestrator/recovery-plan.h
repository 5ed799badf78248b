/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What `qmigrate recover` does about two QEMUs as it finds them: one table, which
 * docs/recovery.rst prints.  Pure: it reads facts and the record that an
 * interrupted qmigrate left, and names the phase with which the machine goes on.
 */
#include "orchestrator/migration.h"

/* How the source stands, as far as it matters here.  Bits, so that a row can
 * name several. */
typedef enum {
    FOUND_KEEPS = 1 << 0,  /* has the guest; no migration is in progress */
    FOUND_SENDS = 1 << 1,  /* setup, wait-unplug, active */
    FOUND_HOLDS = 1 << 2,  /* pre-switchover */
    FOUND_HANDS = 1 << 3,  /* device: sends the last state */
    FOUND_SENT = 1 << 4,   /* completed, and the guest does not run there */
    FOUND_ENDING = 1 << 5, /* cancelling, or a status that is new to us */
    FOUND_POSTCOPY = 1 << 6,
    FOUND_SPLIT = 1 << 7, /* post-copy, paused or being recovered */
    FOUND_GONE = 1 << 8,
    FOUND_SILENT = 1 << 9, /* does not answer, or cannot be reached */
    FOUND_ANY = (1 << 10) - 1,
} FoundSource;

typedef enum {
    FOUND_WAITS = 1 << 0,    /* nothing came to it so far */
    FOUND_RECEIVES = 1 << 1, /* listens, or receives memory, or loads a file */
    FOUND_LOADED = 1 << 2,   /* has all of the guest */
    FOUND_HALF = 1 << 3,     /* post-copy, active */
    FOUND_CUT = 1 << 4,      /* post-copy, paused or being recovered */
    FOUND_FAILED = 1 << 5,
    FOUND_DEAD = 1 << 6,
    FOUND_MUTE = 1 << 7,
    FOUND_WHATEVER = (1 << 8) - 1,
} FoundDestination;

struct RecoveryPlan {
    unsigned source;      /* of FoundSource */
    unsigned destination; /* of FoundDestination */
    bool needs_record;    /* of this user, which matches both processes, and
                           * says that migrate was sent */
    bool needs_settings;  /* the same, sent or not */
    bool needs_file;      /* the guest was saved to a file */
    bool needs_adopt;     /* --adopt was given */
    bool runs_there;      /* the guest runs on the destination */
    PhaseId phase;        /* the machine goes on with; PHASE_DONE: it refuses */
    FailureCode failure;  /* why it is undone or refused; NONE: it goes on */
    const char *found;    /* for people: what there is */
    const char *does;     /* for people: what recover does about it */
};

FoundSource recovery_found_source(const Facts *facts);
FoundDestination recovery_found_destination(const Facts *facts);

/* The first row that fits; there always is one. */
const RecoveryPlan *recovery_plan(const Facts facts[N_SIDES],
                                  const RecoveryRecord *record, bool adopt);

/* All rows, in order, for the documentation. */
const RecoveryPlan *recovery_plans(size_t *ret_n);
