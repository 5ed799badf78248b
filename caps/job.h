/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The block jobs of one QEMU, and which of them a migration must not leave
 * behind: a copy that is not complete, or a job that keeps writing to a disk.
 * From query-jobs and query-block-jobs.  Pure; orchestrator/jobs.c asks.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "caps/finding.h"

typedef struct {
    char *id;
    char *type;      /* "mirror", "stream"... */
    char *status;    /* "running", "ready"... */
    char *error;     /* why it failed; NULL: it did not */
    char *io_status; /* of a block job; NULL: not reported */
    uint64_t done_bytes, total_bytes;
} CapsJob;

/* An array of CapsJob that owns them; NULL: @query_jobs is no such answer.
 * @query_block_jobs adds what it knows, and may be NULL. */
GPtrArray *caps_jobs_parse(JsonNode *query_jobs, JsonNode *query_block_jobs);

/* Adds an error for each job that must end first, a warning for any other.
 * @waits: the switchover waits until a mirror is in step.  @jobs may be NULL. */
void caps_jobs_judge(const GPtrArray *jobs, Side side, bool waits,
                     GPtrArray *findings);

/* Is it a mirror that would lose what the guest wrote last? */
bool caps_job_is_behind(const CapsJob *job);

/* Does it run, or can it still run? */
bool caps_job_is_alive(const CapsJob *job);
