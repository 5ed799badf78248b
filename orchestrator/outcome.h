/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * How a run ended and where the guest is now: the one table behind the exit
 * code, the result document and the man page.
 */
#include <stddef.h>

typedef enum {
    OUTCOME_MIGRATED,
    OUTCOME_ERROR,
    OUTCOME_USAGE,
    OUTCOME_REFUSED,
    OUTCOME_FAILED,
    OUTCOME_CANCELLED,
    OUTCOME_POSTCOPY_PAUSED,
    OUTCOME_UNRESOLVED,
    OUTCOME_LOST,
    OUTCOME_VERDICT,
    OUTCOME_SKIP,
    N_OUTCOMES,
} Outcome;

typedef struct {
    const char *name;    /* the word in the result document */
    int exit_code;       /* of the program */
    const char *guest;   /* source, destination, split, none or unknown */
    const char *meaning; /* a phrase for people */
} OutcomeRow;

/* Never NULL for an Outcome. */
const OutcomeRow *outcome_row(Outcome outcome);
