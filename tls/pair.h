/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What both ends of one connection are given.  Pure.
 */
#include "tls/authz.h"
#include "tls/files.h"

typedef struct {
    const TlsCredentials *credentials[N_TLS_ROLES];
    /* QEMU may be on another host: what cannot be seen here may be there. */
    bool is_elsewhere[N_TLS_ROLES];
    const char *host; /* what the source verifies: tls-hostname, or the host of
                       * the address; NULL: there is neither */
    const char *identity;  /* of a PSK; NULL: QEMU's own */
    const TlsAuthz *authz; /* whom the destination lets in; NULL: all whose
                            * certificate its CA signed */
    bool any_client;       /* the destination asks nobody for a certificate */
    int64_t now_s;         /* since 1970 */
} TlsPair;

/* What this end's credentials are taken for, never TLS_KIND_NONE: what they are;
 * where that cannot be seen, what the other end's are; and where neither can, a
 * PSK if an identity is wished. */
TlsKind tls_pair_kind(const TlsPair *pair, TlsRole role);
