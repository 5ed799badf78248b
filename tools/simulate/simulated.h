/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a simulation found, for programs: schema qmigrate.simulation/1
 * (docs/result-format.rst).  Pure. */
#include <json-glib/json-glib.h>

#include "tools/simulate/cells.h"
#include "tools/simulate/play.h"

/* Free with json_node_unref().  @plays are of Play. */
JsonNode *simulated_model(const Scene *scene, const GPtrArray *plays);
JsonNode *simulated_grid(const Cells *cells);

/* @all: for each of the @recorded an array of Play. */
JsonNode *simulated_trace(const GPtrArray *recorded, const GPtrArray *all);
