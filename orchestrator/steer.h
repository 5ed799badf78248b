/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The policy at the helm of a migration: what it is made of in preflight, and
 * what its verdicts become in transfer; nobody outside of the phases includes
 * this.  Through a file, and without a policy in the settings, nothing steers.
 */
#include "orchestrator/migration.h"

/* Adds to m->wishes what the policy wants to be set before migrate is sent. */
void steer_wish(Migration *m);

/* When migrate is sent. */
void steer_begin(Migration *m);

/* After each sample of a source that is active; the phase that the verdict
 * leads to. */
PhaseId steer_judge(Migration *m);
