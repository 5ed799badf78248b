/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Policies that are schedules: something is counted, and when it is over a limit
 * the next action is due.  As data; oVirt's, nova's and those that users write
 * (policy-file.h) differ in nothing else.
 */
#include "orchestrator/policies.h"

typedef enum {
    COUNT_PASSES,  /* that ended since the policy first looked, as oVirt does */
    COUNT_STALLED, /* in a row, that left no less than the least before them */
    COUNT_MS,      /* since migrate was sent */
    COUNT_MS_PER_GIB, /* the same, for each GiB of memory */
    N_COUNTS,
} ScheduleCount;

typedef struct {
    PolicyAction action; /* SET is of downtime-limit */
    uint64_t ms;         /* SET, STOP: the limit; STOP, 0: QEMU's greatest */
} ScheduleAction;

typedef struct {
    uint64_t limit; /* the action comes when the count is over it */
    ScheduleAction act;
} ScheduleStep;

/* The downtime-limit of the step at @index, where a formula has it. */
typedef uint64_t ScheduleFormula(const PolicyTerms *terms, size_t index);
/* What is done when the time is over, where the user's terms have it. */
typedef ScheduleAction ScheduleChoice(const PolicyTerms *terms);

typedef struct {
    uint64_t start_ms; /* 0: QEMU's own is left as it is */
    ScheduleCount count;
    const ScheduleStep *steps; /* by rising limits */
    size_t n_steps;
    ScheduleFormula *formula;   /* NULL: what the steps say */
    const ScheduleAction *last; /* then, one each time that the count grew,
                                 * and is over the last limit */
    size_t n_last;
    uint64_t timeout_ms,
        timeout_ms_per_gib; /* 0: none; the sooner one counts */
    uint64_t gib_min;       /* a smaller guest counts as much */
    ScheduleAction at_timeout;
    ScheduleChoice *choice; /* NULL: at_timeout it is */
} Schedule;

/* What it remembers; Policy.own begins with it. */
typedef struct {
    bool has_looked;
    bool is_timed_out;
    int64_t first_passes; /* that had ended when it first looked */
    uint64_t count;       /* at the last look */
    size_t next;          /* of the steps, and then of the last actions */
    guint n_boundaries;   /* that are counted in what follows */
    int64_t least_bytes;  /* that a pass left */
    uint64_t n_stalled;
} ScheduleState;

/* Of a PolicySpec whose data is a Schedule and whose own is a ScheduleState. */
uint64_t schedule_start_ms(const PolicySpec *spec, const PolicyTerms *terms);
Verdict schedule_judge(Policy *policy, const Sample *sample);
