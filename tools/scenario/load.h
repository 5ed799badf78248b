/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Scenario files from the disk, and the cells of them that are wanted. */
#include "tools/scenario/matrix.h"
#include "tools/scenario/parse.h"

/* Each of @paths, or the *.ini files of a folder, sorted.  @keys as in
 * scenario/parse.h.  Fails in G_OPTION_ERROR. */
ScenarioFile *load_scenarios(char **paths, const char *const *keys,
                             GError **error);

/* NULL: there is none of that name. */
const Scenario *load_find(const ScenarioFile *file, const char *name);

/*
 * Of Cell, in order, each cell of a scenario as often as it says; where it repeats,
 * the rounds follow each other, so that drift hits all cells alike.  @only: a
 * pattern with * and ?, =NAME, or a part of a name; NULL: all.  Fails in G_OPTION_ERROR if
 * there are too many, or none in @paths, where @file came from.
 */
GPtrArray *load_cells(const ScenarioFile *file, char **paths, const char *only,
                      const char *const *overridden, GError **error);
