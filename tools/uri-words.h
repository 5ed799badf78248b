/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The options that say where the stream goes, and how QEMU is told. */
#include "orchestrator/migration.h"

typedef struct {
    char *uri, *source;
    gboolean channels, live;
} UriWords;

/* Fails in G_OPTION_ERROR_BAD_VALUE. */
gboolean uri_words_take(const UriWords *words, MigrationSettings *migration,
                        GError **error);
