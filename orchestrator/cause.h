/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which side ended a migration: the side that ended first, or whose end cannot
 * follow from the other's.  Pure: one table; no text of QEMU is read.
 */
#include <stdbool.h>
#include <stdint.h>

#include "caps/side.h"

/* How one side of a migration ended. */
typedef enum {
    CAUSE_FINE,      /* it did not */
    CAUSE_FAILED,    /* QEMU reports failed, and lives */
    CAUSE_CANCELLED, /* by another client */
    CAUSE_GUEST, /* the guest powered off, reset or panicked, and QEMU ended */
    CAUSE_TOLD,  /* another process ended it: quit, or a signal */
    CAUSE_DIED,  /* the process ended without a word */
    N_CAUSES,
} Cause;

typedef struct {
    Cause cause;
    int64_t us; /* when, by one clock for both sides; 0: not known */
} CauseEnd;

typedef struct {
    Side side;       /* to name; N_SIDES: neither, or not known */
    Side first;      /* of two that ended; N_SIDES: not known */
    int64_t lead_us; /* how long before the other; -1: not known */
} CauseVerdict;

CauseVerdict cause_judge(const CauseEnd ends[N_SIDES]);

const char *cause_name(Cause cause);
