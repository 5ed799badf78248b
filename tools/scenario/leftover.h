/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a cell leaves behind in its temporary folder, or running with it. */
#include "tools/scenario/verdict.h"

/* Adds each file in @tmp, and each process that has it as TMPDIR, which is
 * killed. */
void leftover_check(const char *tmp, ScenarioVerdict *verdict);
