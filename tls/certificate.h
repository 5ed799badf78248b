/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * X.509 certificates, private keys and revocation lists: PEM to facts, and what
 * only gnutls can answer of them.  Pure: times are facts to be compared by the
 * caller, and no verification looks at a clock.
 *
 * As QEMU does, PEM is read up to the first NUL, and text around it is skipped.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    TLS_CA_UNSAID, /* no basic constraints at all */
    TLS_CA_NO,
    TLS_CA_YES,
} TlsCa;

typedef struct {
    GBytes *der;
    char *subject; /* as QEMU compares it with the rules of an authz object */
    int64_t from_s, until_s; /* since 1970; until: the last second of it */
    TlsCa ca;
    /* key usage; all, where the certificate does not say */
    bool usage_is_critical;
    bool may_sign, may_encipher, may_sign_certificates;
    /* extended key usage; all, where it does not say */
    bool purpose_is_critical;
    bool for_server, for_client;
    char *key; /* "RSA of 1024 bits" */
    bool key_is_weak;
    char *signature; /* "RSA-SHA1" */
    bool signature_is_weak;
    bool is_self_issued;
    char *key_id; /* of the public key */
} TlsCertificate;

typedef struct {
    char *key_id; /* NULL: encrypted */
    bool is_encrypted;
} TlsKey;

typedef struct {
    GBytes *der;
    int64_t until_s; /* when the next one is due, -1: it does not say */
} TlsCrl;

typedef enum {
    TLS_TRUSTED,
    TLS_TRUSTED_WEAKLY, /* with an algorithm that gnutls calls insecure */
    TLS_UNTRUSTED,
} TlsTrust;

/* At least one TlsCertificate, or NULL.  Free with g_ptr_array_unref(). */
GPtrArray *tls_certificates_parse(GBytes *pem, GError **error);

/* At least one TlsCrl, or NULL. */
GPtrArray *tls_crls_parse(GBytes *pem, GError **error);

TlsKey *tls_key_parse(GBytes *pem, GError **error);
void tls_key_free(TlsKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsKey, tls_key_free)

/* Is @host, a name or an address, one that it is for? */
bool tls_certificate_is_for(const TlsCertificate *certificate,
                            const char *host);

/* The names and addresses that it is for: "a.example, 10.0.0.1".  Free with
 * g_free(). */
char *tls_certificate_names(const TlsCertificate *certificate);

/* The first certificate of @chain against these (TlsCertificate), by way of the
 * @n - 1 next ones, whatever the time. */
TlsTrust tls_certificate_trust(const GPtrArray *chain, guint n,
                               const GPtrArray *cas);

bool tls_crl_is_of(const TlsCrl *crl, const GPtrArray *cas);
bool tls_crl_lists(const TlsCrl *crl, const TlsCertificate *certificate);

/* All errors are in this domain: what gnutls says. */
#define TLS_ERROR_DOMAIN (tls_error_quark())
GQuark tls_error_quark(void);
