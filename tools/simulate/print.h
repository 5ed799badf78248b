/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a simulation found, for people, on standard output. */
#include "tools/simulate/cells.h"
#include "tools/simulate/play.h"

/* What the policy decided in the model, and how it ended. */
void print_play(const Scene *scene, const Play *play);

/* One row for each; of Play. */
void print_plays(const GPtrArray *plays);

/* What the policy says of each sample of a migration that was, and how that
 * ended. */
void print_rejudged(const Recorded *recorded, const Play *play);

/* One row for each; of Play. */
void print_all_rejudged(const Recorded *recorded, const GPtrArray *plays);

/* The table of policies, and how good the default one is. */
void print_cells(const Cells *cells);

/* What each policy did in the cells that @pattern fits. */
void print_some(const Cells *cells, const char *pattern);
