/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How `qmigrate recover` finds each of both QEMUs, as far as it matters to it.
 * Pure. */
#include "orchestrator/facts.h"

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
    FOUND_RECEIVES = 1 << 1, /* receives memory, or loads a file */
    FOUND_LOADED = 1 << 2,   /* has all of the guest */
    FOUND_HALF = 1 << 3,     /* post-copy, active */
    FOUND_CUT = 1 << 4,      /* post-copy, paused or being recovered */
    FOUND_FAILED = 1 << 5,
    FOUND_DEAD = 1 << 6,
    FOUND_MUTE = 1 << 7,
    FOUND_LISTENS = 1 << 8, /* and nothing came to it so far */
    FOUND_WHATEVER = (1 << 9) - 1,
} FoundDestination;

FoundSource recovery_found_source(const Facts *facts);
FoundDestination recovery_found_destination(const Facts *facts);
