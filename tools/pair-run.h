/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One run on two QEMUs that are there already, from the options read to the
 * exit code. */
#include "tools/pair-options.h"

int pair_run(PairOptions *options);
