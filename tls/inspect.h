/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TLS credentials looked at: what QEMU will say of them, what the other side will,
 * and what is worth knowing.  Pure: the time is told.
 */
#include "tls/pair.h"

/* One folder, for one end of a connection. */
typedef struct {
    const TlsCredentials *credentials;
    TlsRole role;
    const char *host;     /* of a server: a name that it must be for, or NULL */
    const char *identity; /* of a PSK: must be there; NULL: any */
    int64_t now_s;        /* since 1970 */
    bool is_elsewhere;    /* the files may be on another host */
    bool is_anonymous;    /* this end may do without a certificate */
} TlsLook;

void tls_inspect(const TlsLook *look, GPtrArray *findings);

/* Both ends of one connection, and each by itself. */
void tls_inspect_pair(const TlsPair *pair, GPtrArray *findings);
