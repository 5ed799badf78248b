/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Whose migration the source reports, from the events of a walk alone and apart
 * from what the machine itself keeps of it; and the rules that hang on that: I5,
 * I12 and I14.
 */
#include "orchestrator/migration.h"

typedef struct {
    bool is_sent;     /* migrate */
    bool is_accepted; /* it was answered well */
    bool is_external; /* another client's was seen */
    bool has_gap;     /* events were missed, and nothing proves it since */
    bool is_sending;  /* what the source reported last: "active" */
    Status ended;     /* STATUS_UNKNOWN: not so far */
} WalkTruth;

/* @event was fed; m->actions are not performed so far. */
void walk_truth_take(WalkTruth *truth, const Migration *m, const Event *event);
void walk_truth_check(WalkTruth *truth, const Migration *m);
