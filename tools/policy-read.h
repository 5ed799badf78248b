/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Policies that users write, from their files. */
#include <stdbool.h>

#include "orchestrator/policy.h"

/* Is @name of --policy a file's, as it has a dot or a slash in it, and not that
 * of a built-in policy? */
bool policy_is_file(const char *name);

/* NULL: it cannot be read, or is wrong; G_OPTION_ERROR_BAD_VALUE.  It lives as
 * long as the program. */
const PolicySpec *policy_read(const char *path, GError **error);
