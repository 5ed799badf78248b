/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* qmigrate recover --dry-run: what would be done, and why. */
#include "orchestrator/migration.h"
#include "tools/settings.h"

/* Prints it; returns the exit code: 0 if recover would do something or report
 * that all is well. */
int recovery_explain(const Settings *settings, const Migration *m);
