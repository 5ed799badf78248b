/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The options that say how a broken post-copy may be mended. */
#include <glib.h>

#include "orchestrator/migration.h"

/* As typed; each may be NULL. */
typedef struct {
    char *uri, *attempts, *timeout, *stall;
} RecoveryWords;

/* Fails in G_OPTION_ERROR_BAD_VALUE. */
gboolean recovery_take(const RecoveryWords *words, MigrationSettings *migration,
                       GError **error);
