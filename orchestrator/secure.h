/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TLS for the migration's stream: what is found in the credentials before
 * anything is sent, and what both QEMUs are told.  Pure: tls/ has the knowledge,
 * the caller has read the files.
 */
#include "orchestrator/migration.h"
#include "tls/authz.h"
#include "tls/files.h"

/* What the user wants of it. */
struct Secure {
    TlsCredentials *credentials[N_SIDES];
    char *hostname;  /* what the source verifies; NULL: the address's host, or
                     * over a unix socket what the destination's certificate is
                     * for */
    char *identity;  /* of a PSK; NULL: QEMU's own */
    TlsAuthz *authz; /* whom the destination lets in; NULL: all whose
                      * certificate its CA signed */
    bool any_client; /* the destination asks nobody for a certificate */
    int64_t now_s;   /* since 1970, when the credentials were read */
};

Secure *secure_new(void);
Secure *secure_ref(Secure *secure); /* takes NULL */
void secure_unref(Secure *secure);  /* takes NULL */

/* What the source will hold the destination's certificate against: NULL: nothing
 * is known, or it is no certificate.  Free with g_free(). */
char *secure_host(const MigrationSettings *settings);

/* "x509; the destination is verified as localhost".  Free with g_free(). */
char *secure_describe(const MigrationSettings *settings);

/* For the result; NULL: no TLS of ours. */
JsonObject *secure_to_json(const MigrationSettings *settings);

/* Whose end of the connection that is; N_SIDES: of both, or of none. */
Side secure_side(TlsRole role);

/* Adds findings (TlsFinding) to others (Finding), each with its own word. */
void secure_add_findings(const GPtrArray *found, GPtrArray *findings);

/* What is wrong with them, the first error of all, and what to do: for a QEMU
 * that was left to find it.  NULL: nothing that can be seen from here, or no TLS
 * of ours.  @side: whose it is, N_SIDES: both's.  Free with g_free(). */
char *secure_cause(const Migration *m, Side *side);

/* Adds the parameters to m->wishes, as wishes of ours. */
void secure_wish(Migration *m);

/* Behind the agreement: adds what is found, and puts the objects in front of
 * m->steps. */
void secure_judge(Migration *m);
