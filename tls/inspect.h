/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TLS credentials looked at: what QEMU will say of them, what the other side will,
 * and what is worth knowing.  Pure: the time is told.
 */
#include "tls/authz.h"
#include "tls/files.h"

/* One folder, for one end of a connection. */
typedef struct {
    const TlsCredentials *credentials;
    TlsRole role;
    const char *host;     /* of a server: a name that it must be for, or NULL */
    const char *identity; /* of a PSK: must be there; NULL: any */
    int64_t now_s;        /* since 1970 */
} TlsLook;

void tls_inspect(const TlsLook *look, GPtrArray *findings);

/* Both ends of one connection. */
typedef struct {
    const TlsCredentials *credentials[N_TLS_ROLES];
    const char *host; /* what the source verifies: tls-hostname, or the host of
                       * the address; NULL: there is neither */
    const char *identity;  /* of a PSK; NULL: QEMU's own */
    const TlsAuthz *authz; /* whom the destination lets in; NULL: all whose
                            * certificate its CA signed */
    int64_t now_s;
} TlsPair;

/* Each end by itself too. */
void tls_inspect_pair(const TlsPair *pair, GPtrArray *findings);
