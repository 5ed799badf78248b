/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The certificates of a folder, parsed as one end of a connection needs them. */
#include "tls/certificate.h"
#include "tls/files.h"

typedef struct {
    const TlsCredentials *credentials;
    TlsRole role;
    /* each NULL where it is not there or cannot be parsed */
    GPtrArray *cas;   /* TlsCertificate */
    GPtrArray *chain; /* TlsCertificate: the host's first */
    GPtrArray *crls;  /* TlsCrl */
    TlsKey *key;
} TlsX509;

/* What cannot be parsed is told. */
TlsX509 *tls_x509_new(const TlsCredentials *credentials, TlsRole role,
                      GPtrArray *findings);
void tls_x509_free(TlsX509 *x509);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsX509, tls_x509_free)

/* The host's certificate, NULL: there is none. */
const TlsCertificate *tls_x509_certificate(const TlsX509 *x509);

/* All about one side by itself.  @host: what the source verifies of a
 * destination, NULL: not looked at. */
void tls_x509_inspect(const TlsX509 *x509, const char *host, int64_t now_s,
                      GPtrArray *findings);

/* Is the certificate of @theirs trusted by @ours, and not revoked there? */
void tls_x509_inspect_other(const TlsX509 *ours, const TlsX509 *theirs,
                            GPtrArray *findings);
