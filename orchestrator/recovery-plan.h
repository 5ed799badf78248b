/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What `qmigrate recover` does about two QEMUs as it finds them: one table, which
 * docs/recovery.rst prints.  Pure: it reads facts and the record that an
 * interrupted qmigrate left, and names the phase with which the machine goes on.
 */
#include "orchestrator/migration.h"
#include "orchestrator/recovery-found.h"

struct RecoveryPlan {
    unsigned source;      /* of FoundSource */
    unsigned destination; /* of FoundDestination */
    bool needs_record;    /* of this user, which matches both processes, and
                           * says that migrate was sent */
    bool needs_proof;     /* ... and that it is this migration: evidence.h */
    bool needs_settings;  /* the same, sent or not */
    bool is_unsent;       /* the record says that migrate was not sent */
    bool needs_file;      /* the guest was saved to a file */
    bool needs_adopt;     /* --adopt was given */
    bool runs_there;      /* the guest runs on the destination */
    bool is_paused_there; /* it is paused on the destination */
    PhaseId phase;        /* the machine goes on with; PHASE_DONE: it refuses */
    FailureCode failure;  /* why it is undone or refused; NONE: it goes on */
    const char *found;    /* for people: what there is */
    const char *does;     /* for people: what recover does about it */
};

/* The first row that fits; there always is one. */
const RecoveryPlan *recovery_plan(const Facts facts[N_SIDES],
                                  const RecoveryRecord *record, bool is_proved,
                                  bool adopt);

/* All rows, in order, for the documentation. */
const RecoveryPlan *recovery_plans(size_t *ret_n);
