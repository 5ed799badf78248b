/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Certificates, right and wrong ones, made on the spot: each member of a spec that
 * is left out is what a right one has.  Times are relative to CERTIFICATES_NOW_S,
 * which is not the time of the test.
 */
#include "tests/lib/check.h"
#include "tls/files.h"

#define CERTIFICATES_NOW_S G_GINT64_CONSTANT(1700000000)
#define CERTIFICATES_DAY_S (24 * 3600)
#define CERTIFICATES_HOST  "a.example"

typedef struct {
    const char *name;    /* common name */
    const char *host;    /* subject alternative name */
    int from_d, until_d; /* days from now */
    int ca;              /* 1: it is one, -1: it is none, -2: it does not say */
    unsigned usage;      /* GNUTLS_KEY_* */
    bool usage_is_lax;   /* not critical */
    const char *purpose; /* OID, "": none */
    bool purpose_is_strict; /* critical */
    unsigned rsa_bits;      /* 0: ECDSA */
    bool sha1;
} CertificateSpec;

typedef struct {
    char *certificate, *key; /* PEM */
} Certificate;

void certificate_clear(Certificate *certificate);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Certificate, certificate_clear)

/* NULL: it signs itself. */
Certificate certificate_ca(const CertificateSpec *spec, const Certificate *ca);
Certificate certificate_host(const CertificateSpec *spec, TlsRole role,
                             const Certificate *ca);

/* A list of CRL that is due at @until_d, with @revoked in it, or NULL.  Free with
 * g_free(). */
char *certificate_crl(const Certificate *ca, const Certificate *revoked,
                      int until_d);

/* The key with a passphrase.  Free with g_free(). */
char *certificate_encrypt(const Certificate *certificate);

/* Puts a text there, with the mode 0600. */
void certificates_put(TlsCredentials *credentials, TlsFileId id,
                      const char *text);

/* A folder "/creds" for both ends, of these specs (NULL: right ones); with
 * @ret_ca the CA is the caller's. */
TlsCredentials *certificates_folder(const CertificateSpec *ca_spec,
                                    const CertificateSpec *host_spec,
                                    Certificate *ret_ca);
