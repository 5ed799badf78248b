/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The options that let the migration's stream go over TLS. */
#include <glib.h>

#include "orchestrator/secure.h"

/* As typed; each may be NULL. */
typedef struct {
    char *folder;           /* --tls=DIR; "": without a value */
    char *of_side[N_SIDES]; /* --tls-source, --tls-destination */
    char *hostname, *identity;
    char **authz;
    gboolean any_client;
} SecureWords;

/*
 * Reads the credentials into @migration, whose wishes and address are there; what
 * is wrong with them the preflight finds.  @ret_made: the kind that a lab shall
 * make for itself, "x509" or "psk", and then read, NULL: none; where that is NULL
 * itself, there must be a folder.  Fails in G_OPTION_ERROR_BAD_VALUE.
 */
gboolean secure_take(const SecureWords *words, MigrationSettings *migration,
                     const char **ret_made, GError **error);

/* Reads what a lab has made for both sides. */
void secure_load(Secure *secure, const char *folder);
