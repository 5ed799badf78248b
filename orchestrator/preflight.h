/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What stands in the way of a migration, all at once, from what both QEMUs said
 * in inspect; and the plan, if nothing does.  Pure.
 */
#include "orchestrator/migration.h"

/*
 * Fills in m->findings, and if there is no error among them m->steps,
 * m->wanted, m->wishes and m->will_pause.  Returns whether it can be done.
 */
bool preflight_judge(Migration *m);

/* What a finding that is an error comes to. */
FailureCode preflight_failure(FindingCode code);
