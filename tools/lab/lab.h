/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A lab: two QEMUs of our own, a guest that works, a migration between them,
 * and the proof that nothing was lost; there and back as often as wanted.  It
 * is a walk along stages on the main loop, each ended by a fact: a line of the
 * guest, the end of the migration, the end of a process, or a deadline.
 */
#include "orchestrator/report.h"
#include "orchestrator/trace.h"
#include "tools/lab/options.h"
#include "tools/progress.h"

typedef struct {
    Outcome outcome; /* of the last migration */
    Failure failure;
    GPtrArray *results; /* of JsonNode, one for each migration */
    JsonNode *plan;     /* --dry-run: what would be sent; else NULL */
    char *kept;         /* --keep: what is where, for people; else NULL */
} LabResult;

void lab_result_clear(LabResult *result);

typedef struct Lab Lab;
typedef void LabDone(gpointer user_data);

/*
 * @done comes once, when @result is filled in; lab_free() may be called then.
 * What is passed must outlive the lab.  @kernel: the guest's image.
 */
Lab *lab_new(const LabOptions *options, const Settings *settings,
             const char *kernel, Trace *trace, LabResult *result);
void lab_start(Lab *lab, LabDone *done, gpointer user_data);
void lab_free(Lab *lab);

/* As run_cancel(); before and after the migration the lab just ends. */
void lab_cancel(Lab *lab);
