/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/make.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <string.h>

#include "tls/certificate.h"

#define CURVE           GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1)
#define DIGEST          GNUTLS_DIG_SHA256
#define OID_KEY_USAGE   "2.5.29.15"
#define SERIAL_BYTES    16
#define COMMON_NAME_MAX 64 /* RFC 5280, ub-common-name */
#define PSK_BYTES       32

typedef struct {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
} Pair;

static void pair_clear(Pair *pair)
{
    g_clear_pointer(&pair->crt, gnutls_x509_crt_deinit);
    g_clear_pointer(&pair->key, gnutls_x509_privkey_deinit);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

void tls_made_clear(TlsMade *made)
{
    g_clear_pointer(&made->certificate, g_free);
    if (made->key) {
        gnutls_memset(made->key, 0, strlen(made->key));
    }
    g_clear_pointer(&made->key, g_free);
}

static bool succeeded(int status, GError **error)
{
    if (status < 0) {
        g_set_error_literal(error, TLS_ERROR_DOMAIN, status,
                            gnutls_strerror(status));
    }
    return status >= 0;
}

static char *take_text(gnutls_datum_t *datum)
{
    char *text = g_strndup((const char *)datum->data, datum->size);
    gnutls_free(datum->data);
    return text;
}

static int init(Pair *pair)
{
    int status = gnutls_x509_crt_init(&pair->crt);
    return status < 0 ? status : gnutls_x509_privkey_init(&pair->key);
}

static int set_serial(gnutls_x509_crt_t crt)
{
    unsigned char serial[SERIAL_BYTES];
    int status = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
    serial[0] =
        (serial[0] & 0x7f) | 0x40; /* positive, and all its bytes count */
    return status < 0 ? status
                      : gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
}

/* gnutls_x509_crt_set_key_usage() would make it critical. */
static int set_usage(gnutls_x509_crt_t crt, unsigned usage, bool is_critical)
{
    gnutls_datum_t der = { 0 };
    int status = gnutls_x509_ext_export_key_usage(usage, &der);
    if (status == 0) {
        status = gnutls_x509_crt_set_extension_by_oid(
            crt, OID_KEY_USAGE, der.data, der.size, is_critical);
        gnutls_free(der.data);
    }
    return status;
}

/* What a certificate of any kind has. */
static int fill(const Pair *pair, const char *name, TlsSpan span)
{
    gnutls_x509_crt_t crt = pair->crt;
    unsigned char id[64];
    size_t n_id = sizeof id;
    int status = gnutls_x509_privkey_generate(pair->key, GNUTLS_PK_ECDSA, CURVE,
                                              /* flags= */ 0);
    if (status >= 0) {
        status = gnutls_x509_crt_set_key(crt, pair->key);
    }
    if (status >= 0) {
        status = gnutls_x509_crt_set_version(crt, 3);
    }
    if (status >= 0) {
        status = set_serial(crt);
    }
    if (status >= 0) {
        status = gnutls_x509_crt_set_dn_by_oid(
            crt, GNUTLS_OID_X520_COMMON_NAME, /* raw= */ 0, name,
            MIN(strlen(name), COMMON_NAME_MAX));
    }
    if (status >= 0) {
        status = gnutls_x509_crt_set_activation_time(crt, span.from_s);
    }
    if (status >= 0) {
        status = gnutls_x509_crt_set_expiration_time(crt, span.until_s);
    }
    if (status >= 0) {
        status = gnutls_x509_crt_get_key_id(crt, 0, id, &n_id);
    }
    return status < 0 ? status
                      : gnutls_x509_crt_set_subject_key_id(crt, id, n_id);
}

static int sign(gnutls_x509_crt_t crt, const Pair *ca)
{
    return gnutls_x509_crt_sign2(crt, ca->crt, ca->key, DIGEST, /* flags= */ 0);
}

static int export(const Pair *pair, TlsMade *ret_made)
{
    gnutls_datum_t certificate = { 0 }, key = { 0 };
    int status =
        gnutls_x509_crt_export2(pair->crt, GNUTLS_X509_FMT_PEM, &certificate);
    if (status < 0) {
        return status;
    }
    status = gnutls_x509_privkey_export2_pkcs8(pair->key, GNUTLS_X509_FMT_PEM,
                                               NULL, GNUTLS_PKCS_PLAIN, &key);
    if (status < 0) {
        gnutls_free(certificate.data);
        return status;
    }
    ret_made->certificate = take_text(&certificate);
    ret_made->key = take_text(&key);
    return 0;
}

bool tls_make_ca(const char *name, TlsSpan span, TlsMade *ret_made,
                 GError **error)
{
    g_auto(Pair) pair = { 0 };
    int status = init(&pair);
    if (status >= 0) {
        status = fill(&pair, name, span);
    }
    if (status >= 0) {
        /* It signs hosts, and no further CAs. */
        status = gnutls_x509_crt_set_basic_constraints(pair.crt, 1, 0);
    }
    if (status >= 0) {
        status =
            set_usage(pair.crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN,
                      /* is_critical= */ true);
    }
    if (status >= 0) {
        status = sign(pair.crt, &pair);
    }
    if (status >= 0) {
        status = export(&pair, ret_made);
    }
    return succeeded(status, error);
}

static int import(const TlsMade *made, Pair *pair)
{
    const gnutls_datum_t certificate = { (unsigned char *)made->certificate,
                                         strlen(made->certificate) };
    const gnutls_datum_t key = { (unsigned char *)made->key,
                                 strlen(made->key) };
    int status = init(pair);
    if (status >= 0) {
        status = gnutls_x509_crt_import(pair->crt, &certificate,
                                        GNUTLS_X509_FMT_PEM);
    }
    return status < 0 ? status
                      : gnutls_x509_privkey_import2(
                            pair->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
}

static int set_names(gnutls_x509_crt_t crt, const GPtrArray *names)
{
    int status = 0;
    for (guint i = 0; i < names->len && status >= 0; i++) {
        const TlsName *name = names->pdata[i];
        bool is_address = name->n_bytes > 0;
        status = gnutls_x509_crt_set_subject_alt_name(
            crt, is_address ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
            is_address ? (const void *)name->bytes : name->text,
            is_address ? name->n_bytes : strlen(name->text),
            GNUTLS_FSAN_APPEND);
    }
    return status;
}

static int set_authority(gnutls_x509_crt_t crt, const Pair *ca)
{
    unsigned char id[64];
    size_t n = sizeof id;
    int status = gnutls_x509_crt_get_subject_key_id(ca->crt, id, &n, NULL);
    /* One that somebody else made may have none. */
    return status < 0 ? 0 : gnutls_x509_crt_set_authority_key_id(crt, id, n);
}

static int make_host(const Pair *pair, const Pair *ca, const GPtrArray *names,
                     TlsRole role, TlsSpan span)
{
    int64_t last_s = gnutls_x509_crt_get_expiration_time(ca->crt);
    const TlsName *first = names->pdata[0];

    span.until_s = MIN(span.until_s, last_s);
    int status = fill(pair, first->text, span);
    if (status >= 0) {
        status = gnutls_x509_crt_set_basic_constraints(pair->crt, 0, -1);
    }
    if (status >= 0) {
        status = set_usage(pair->crt, GNUTLS_KEY_DIGITAL_SIGNATURE,
                           /* is_critical= */ false);
    }
    if (status >= 0) {
        status = gnutls_x509_crt_set_key_purpose_oid(
            pair->crt,
            role == TLS_SERVER ? GNUTLS_KP_TLS_WWW_SERVER
                               : GNUTLS_KP_TLS_WWW_CLIENT,
            /* critical= */ 0);
    }
    if (status >= 0) {
        status = set_names(pair->crt, names);
    }
    if (status >= 0) {
        status = set_authority(pair->crt, ca);
    }
    return status < 0 ? status : sign(pair->crt, ca);
}

bool tls_make_host(const TlsMade *ca_made, const GPtrArray *names, TlsRole role,
                   TlsSpan span, TlsMade *ret_made, GError **error)
{
    g_auto(Pair) pair = { 0 };
    g_auto(Pair) ca = { 0 };
    int status = import(ca_made, &ca);
    if (status >= 0) {
        status = init(&pair);
    }
    if (status >= 0) {
        status = make_host(&pair, &ca, names, role, span);
    }
    if (status >= 0) {
        status = export(&pair, ret_made);
    }
    return succeeded(status, error);
}

char *tls_make_psk(const char *identity, GError **error)
{
    unsigned char key[PSK_BYTES];
    if (!succeeded(gnutls_rnd(GNUTLS_RND_KEY, key, sizeof key), error)) {
        return NULL;
    }
    GString *line = g_string_new(identity);
    g_string_append_c(line, ':');
    for (size_t i = 0; i < sizeof key; i++) {
        g_string_append_printf(line, "%02x", key[i]);
    }
    g_string_append_c(line, '\n');
    gnutls_memset(key, 0, sizeof key);
    return g_string_free(line, FALSE);
}
