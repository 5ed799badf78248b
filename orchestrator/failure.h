/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Why a run did not go as asked: a short stable word, with its meaning, its
 * outcome and what a person can do next.  docs/errors.rst is this table.
 */
#include <glib.h>

#include "orchestrator/outcome.h"
#include "caps/side.h"

typedef enum {
    FAILURE_NONE,
    FAILURE_USAGE,
    FAILURE_ENVIRONMENT,
    FAILURE_MONITOR_UNREACHABLE,
    FAILURE_MONITOR_SILENT,
    FAILURE_MONITOR_TLS,
    FAILURE_MONITOR_LOST,
    FAILURE_NOT_QMP,
    FAILURE_QMP_REFUSED,
    FAILURE_CANNOT_MEASURE,
    FAILURE_SAME_QEMU,
    FAILURE_NOT_WAITING,
    FAILURE_BUSY,
    FAILURE_MIGRATING_ALREADY,
    FAILURE_SOURCE_STATE,
    FAILURE_NOT_PAUSED,
    FAILURE_NOT_A_PAIR,
    FAILURE_BLOCKED,
    FAILURE_BLOCK_JOB,
    FAILURE_INCOMPATIBLE,
    FAILURE_HOST,
    FAILURE_TLS,
    FAILURE_UNKNOWN_SETTING,
    FAILURE_SETTING_REFUSED,
    FAILURE_INCOMING_REFUSED,
    FAILURE_MIGRATE_REFUSED,
    FAILURE_MIGRATION_FAILED,
    FAILURE_DESTINATION_FAILED,
    FAILURE_SOURCE_LOST,
    FAILURE_GUEST_OFF,
    FAILURE_DESTINATION_LOST,
    FAILURE_POSTCOPY_BROKEN,
    FAILURE_DEADLINE,
    FAILURE_STALLED,
    FAILURE_TIMEOUT,
    FAILURE_DID_NOT_CONVERGE,
    FAILURE_CANCELLED,
    FAILURE_CANCELLED_ELSEWHERE,
    FAILURE_DETACHED,
    FAILURE_INTERRUPTED,
    FAILURE_NOT_RECORDED,
    FAILURE_NOT_PROVED,
    FAILURE_NO_MIGRATION,
    FAILURE_IN_POSTCOPY,
    FAILURE_NOT_ARMED,
    FAILURE_NO_QEMU,
    FAILURE_NEED_UNMET,
    FAILURE_GUEST_NOT_READY,
    FAILURE_MEMORY_NOT_INTACT,
    FAILURE_BEATS_LOST,
    FAILURE_GUEST_STATE,
    N_FAILURES,
} FailureCode;

typedef struct {
    const char *word;    /* error.code in the result */
    const char *meaning; /* one phrase */
    const char *hint;    /* what to do next; NULL: the message says it all */
    Outcome outcome;  /* while nothing was sent; later both sides are asked */
    gboolean is_ours; /* we gave up: what QEMU says then only follows from it */
} FailureRow;

/* The first failure of a run wins; what follows from it never replaces it. */
typedef struct {
    FailureCode code;
    const char *phase; /* the phase's name, static */
    gboolean has_side;
    Side side;
    char *message;   /* one phrase */
    char *hint;      /* instead of the row's, or NULL */
    GPtrArray *also; /* of char *: what else stood in the way; or NULL */
    char *qemu_text[N_SIDES]; /* QEMU's own words from each side, or NULL */
    gboolean has_first; /* both sides ended, and which was first is known */
    Side first;
    int64_t lead_us; /* how long before the other; -1: not known */
} Failure;

const FailureRow *failure_row(FailureCode code);

/* What a QMP_ERROR of the client library means; FAILURE_NONE: another error, or
 * QEMU's own refusal, which depends on what was refused. */
FailureCode failure_code_from_qmp(const GError *error);

const char *failure_hint(const Failure *failure); /* may be NULL */
void failure_clear(Failure *failure);

/* Free with failure_clear(). */
Failure failure_copy(const Failure *failure);

/* Another reason beside the first; @side N_SIDES: of none; @hint may be NULL. */
void failure_add(Failure *failure, Side side, const char *text,
                 const char *hint);

/*
 * For people: "error: PHASE: SIDE: MESSAGE", QEMU's words of both sides, the
 * hint, and a line for each further reason.  Ends in a line feed.
 */
char *failure_to_text(const Failure *failure);
