/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/pair.h"

static TlsKind seen(const TlsPair *pair, TlsRole role)
{
    const TlsCredentials *credentials = pair->credentials[role];
    return credentials ? tls_credentials_kind(credentials) : TLS_KIND_NONE;
}

TlsKind tls_pair_kind(const TlsPair *pair, TlsRole role)
{
    TlsRole other = role == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT;
    TlsKind kind = seen(pair, role);

    if (kind == TLS_KIND_NONE) {
        kind = seen(pair, other);
    }
    if (kind == TLS_KIND_NONE) {
        kind = pair->identity ? TLS_KIND_PSK : TLS_KIND_X509;
    }
    return kind;
}
