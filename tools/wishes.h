/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The options that want something of capabilities and parameters, as wishes. */
#include "orchestrator/migration.h"

/* As typed; each may be NULL. */
typedef struct {
    char **enable, **disable, **set;
    char *max_bandwidth, *downtime_limit;
} WishWords;

/* Fills in @migration->wishes; its features are there.  Fails in G_OPTION_ERROR_BAD_VALUE for a value
 * that cannot be right, and for options that contradict each other. */
gboolean wishes_take(const WishWords *words, MigrationSettings *migration,
                     GError **error);
