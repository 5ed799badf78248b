/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* --dry-run: what a run would send to both QEMUs, in the notation of the QMP
 * specification. */
#include "orchestrator/run.h"
#include "tools/settings.h"

/*
 * @run has ended after inspect and is used up.  A document of schema
 * qmigrate.plan/1, without a command where it was refused; free with
 * json_node_unref().  NULL: no dry run, or it ended before that was known.
 * Warns of what the preflight warns of.
 */
JsonNode *dry_run_plan(const Settings *settings, Run *run);

/* Prints the refusal, if @failure is one, to standard error, and @plan; writes
 * --json, and returns the exit code. */
int dry_run_conclude(const Settings *settings, const Failure *failure,
                     JsonNode *plan);
