/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the script asks both QEMUs before and after; shared by its own files. */
#include "tools/lab/steps-act.h"

/* Its settings, and whether it has what the scenario needs. */
void steps_ask_before(Steps *script, Side side);
