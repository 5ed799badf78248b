/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/certificate.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

G_DEFINE_QUARK(tls - error - quark, tls_error)

static void certificate_free(TlsCertificate *certificate)
{
    g_clear_pointer(&certificate->der, g_bytes_unref);
    g_free(certificate->subject);
    g_free(certificate->key);
    g_free(certificate->signature);
    g_free(certificate->key_id);
    g_free(certificate);
}

static gboolean fail(GError **error, int status)
{
    g_set_error_literal(error, TLS_ERROR_DOMAIN, status,
                        gnutls_strerror(status));
    return FALSE;
}

/* What QEMU's strlen() leaves of it. */
static gnutls_datum_t text_of(GBytes *pem)
{
    gsize n;
    const char *text = g_bytes_get_data(pem, &n);
    gnutls_datum_t datum = { (unsigned char *)text,
                             text ? (unsigned)strnlen(text, n) : 0 };
    return datum;
}

static char *hex(const unsigned char *bytes, size_t n)
{
    GString *text = g_string_sized_new(2 * n);
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%02x", bytes[i]);
    }
    return g_string_free(text, FALSE);
}

/* gnutls_x509_crt_get_dn() is what QEMU asks too: other functions write the same
 * name in another order. */
static char *subject_of(gnutls_x509_crt_t crt)
{
    size_t n = 0;
    if (gnutls_x509_crt_get_dn(crt, NULL, &n) != GNUTLS_E_SHORT_MEMORY_BUFFER) {
        return g_strdup("");
    }
    char *subject = g_malloc0(n + 1);
    if (gnutls_x509_crt_get_dn(crt, subject, &n) < 0) {
        subject[0] = '\0';
    }
    return subject;
}

static void take_usage(TlsCertificate *certificate, gnutls_x509_crt_t crt)
{
    unsigned usage = 0, critical = 0;
    if (gnutls_x509_crt_get_key_usage(crt, &usage, &critical) < 0) {
        usage = ~0u;
    }
    certificate->usage_is_critical = critical;
    certificate->may_sign = usage & GNUTLS_KEY_DIGITAL_SIGNATURE;
    certificate->may_encipher = usage & GNUTLS_KEY_KEY_ENCIPHERMENT;
    certificate->may_sign_certificates = usage & GNUTLS_KEY_KEY_CERT_SIGN;
}

static void take_purpose(TlsCertificate *certificate, gnutls_x509_crt_t crt)
{
    bool server = false, client = false;
    unsigned i;

    for (i = 0;; i++) {
        char oid[128];
        size_t n = sizeof oid;
        unsigned critical = 0;
        int status =
            gnutls_x509_crt_get_key_purpose_oid(crt, i, oid, &n, &critical);
        if (status < 0 && status != GNUTLS_E_SHORT_MEMORY_BUFFER) {
            break;
        }
        certificate->purpose_is_critical |= critical;
        bool is_any = status == 0 && strcmp(oid, GNUTLS_KP_ANY) == 0;
        server |= is_any ||
                  (status == 0 && strcmp(oid, GNUTLS_KP_TLS_WWW_SERVER) == 0);
        client |= is_any ||
                  (status == 0 && strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) == 0);
    }
    certificate->for_server = i == 0 || server;
    certificate->for_client = i == 0 || client;
}

static void take_strength(TlsCertificate *certificate, gnutls_x509_crt_t crt)
{
    unsigned bits = 0;
    int algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
    const char *name = gnutls_pk_get_name(MAX(algorithm, 0));
    int sign = gnutls_x509_crt_get_signature_algorithm(crt);

    certificate->key =
        g_strdup_printf("%s of %u bits", name ? name : "an unknown key", bits);
    certificate->key_is_weak =
        algorithm <= 0 ||
        gnutls_pk_bits_to_sec_param(algorithm, bits) < GNUTLS_SEC_PARAM_MEDIUM;
    name = gnutls_sign_get_name(MAX(sign, 0));
    certificate->signature = g_strdup(name ? name : "unknown");
    /* Of a root nobody verifies it. */
    certificate->is_self_issued = gnutls_x509_crt_check_issuer(crt, crt);
    certificate->signature_is_weak =
        !certificate->is_self_issued &&
        (sign <= 0 ||
         !gnutls_sign_is_secure2(sign, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS));
}

static TlsCertificate *certificate_new(gnutls_x509_crt_t crt)
{
    TlsCertificate *certificate = g_new0(TlsCertificate, 1);
    unsigned char id[64];
    size_t n = sizeof id;
    gnutls_datum_t der = { 0 };
    int ca = gnutls_x509_crt_get_basic_constraints(crt, NULL, NULL, NULL);

    if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der) == 0) {
        certificate->der = g_bytes_new(der.data, der.size);
        gnutls_free(der.data);
    } else {
        certificate->der = g_bytes_new(NULL, 0);
    }
    certificate->subject = subject_of(crt);
    certificate->from_s = gnutls_x509_crt_get_activation_time(crt);
    certificate->until_s = gnutls_x509_crt_get_expiration_time(crt);
    certificate->ca = ca > 0 ? TLS_CA_YES : ca == 0 ? TLS_CA_NO : TLS_CA_UNSAID;
    take_usage(certificate, crt);
    take_purpose(certificate, crt);
    take_strength(certificate, crt);
    if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &n) < 0) {
        n = 0;
    }
    certificate->key_id = hex(id, n);
    return certificate;
}

GPtrArray *tls_certificates_parse(GBytes *pem, GError **error)
{
    gnutls_datum_t text = text_of(pem);
    gnutls_x509_crt_t *crts = NULL;
    unsigned n = 0;
    int status =
        gnutls_x509_crt_list_import2(&crts, &n, &text, GNUTLS_X509_FMT_PEM, 0);
    if (status < 0) {
        fail(error, status);
        return NULL;
    }
    GPtrArray *certificates =
        g_ptr_array_new_with_free_func((GDestroyNotify)certificate_free);
    for (unsigned i = 0; i < n; i++) {
        g_ptr_array_add(certificates, certificate_new(crts[i]));
        gnutls_x509_crt_deinit(crts[i]);
    }
    gnutls_free(crts);
    return certificates;
}

void tls_key_free(TlsKey *key)
{
    if (key) {
        g_free(key->key_id);
        g_free(key);
    }
}

static bool is_encrypted(int status)
{
    return status == GNUTLS_E_DECRYPTION_FAILED ||
           status == GNUTLS_E_PK_INVALID_PRIVKEY ||
           status == GNUTLS_E_NO_CERTIFICATE_FOUND;
}

TlsKey *tls_key_parse(GBytes *pem, GError **error)
{
    gnutls_datum_t text = text_of(pem);
    gnutls_x509_privkey_t privkey;
    unsigned char id[64];
    size_t n = sizeof id;
    int status = gnutls_x509_privkey_init(&privkey);

    if (status == 0) {
        status = gnutls_x509_privkey_import2(privkey, &text,
                                             GNUTLS_X509_FMT_PEM, NULL, 0);
        if (status == 0) {
            status = gnutls_x509_privkey_get_key_id(
                privkey, GNUTLS_KEYID_USE_SHA256, id, &n);
        }
        gnutls_x509_privkey_deinit(privkey);
    }
    bool says_so = text.size && g_strstr_len((const char *)text.data, text.size,
                                             "ENCRYPTED");
    if (status < 0 && !(says_so && is_encrypted(status))) {
        fail(error, status);
        return NULL;
    }
    TlsKey *key = g_new0(TlsKey, 1);
    key->is_encrypted = status < 0;
    key->key_id = status < 0 ? NULL : hex(id, n);
    return key;
}

/* It was written by gnutls, so it can be read again. */
static gnutls_x509_crt_t import(const TlsCertificate *certificate)
{
    gnutls_x509_crt_t crt;
    gsize n;
    gnutls_datum_t der;
    der.data = (unsigned char *)g_bytes_get_data(certificate->der, &n);
    der.size = n;
    g_assert(gnutls_x509_crt_init(&crt) == 0);
    gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER);
    return crt;
}

/* What QEMU asks when it has connected. */
bool tls_certificate_is_for(const TlsCertificate *certificate, const char *host)
{
    gnutls_x509_crt_t crt = import(certificate);
    bool is_for = gnutls_x509_crt_check_hostname(crt, host);
    gnutls_x509_crt_deinit(crt);
    return is_for;
}

static void add_name(GString *names, unsigned type, const unsigned char *bytes,
                     size_t n)
{
    g_autofree char *name = NULL;
    if (type == GNUTLS_SAN_DNSNAME) {
        name = g_strndup((const char *)bytes, n);
    } else if (type == GNUTLS_SAN_IPADDRESS && n == 4) {
        name = g_strdup_printf("%u.%u.%u.%u", bytes[0], bytes[1], bytes[2],
                               bytes[3]);
    } else if (type == GNUTLS_SAN_IPADDRESS && n == 16) {
        GString *address = g_string_new(NULL);
        for (size_t i = 0; i < n; i += 2) {
            g_string_append_printf(address, "%s%x", i ? ":" : "",
                                   bytes[i] << 8 | bytes[i + 1]);
        }
        name = g_string_free(address, FALSE);
    }
    if (name) {
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
    }
}

char *tls_certificate_names(const TlsCertificate *certificate)
{
    gnutls_x509_crt_t crt = import(certificate);
    GString *names = g_string_new(NULL);

    for (unsigned i = 0;; i++) {
        unsigned char name[1024];
        size_t n = sizeof name;
        unsigned type = 0;
        int status = gnutls_x509_crt_get_subject_alt_name2(crt, i, name, &n,
                                                           &type, NULL);
        if (status == GNUTLS_E_SHORT_MEMORY_BUFFER) {
            continue;
        }
        if (status < 0) {
            break;
        }
        add_name(names, type, name, n);
    }
    if (names->len == 0) {
        g_string_append(names, certificate->subject);
    }
    gnutls_x509_crt_deinit(crt);
    return g_string_free(names, FALSE);
}

static gnutls_x509_crt_t *import_all(const GPtrArray *certificates)
{
    gnutls_x509_crt_t *crts =
        g_new0(gnutls_x509_crt_t, MAX(certificates->len, 1));
    for (guint i = 0; i < certificates->len; i++) {
        crts[i] = import(certificates->pdata[i]);
    }
    return crts;
}

static void deinit_all(gnutls_x509_crt_t *crts, guint n)
{
    for (guint i = 0; i < n; i++) {
        gnutls_x509_crt_deinit(crts[i]);
    }
    g_free(crts);
}

TlsTrust tls_certificate_trust(const GPtrArray *chain, guint n,
                               const GPtrArray *cas)
{
    gnutls_x509_crt_t *crts = import_all(chain);
    gnutls_x509_crt_t *trusted = import_all(cas);
    unsigned found = 0;
    int status = gnutls_x509_crt_list_verify(
        crts, MIN(n, chain->len), trusted, cas->len, NULL, 0,
        GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &found);

    deinit_all(crts, chain->len);
    deinit_all(trusted, cas->len);
    if (status == 0 && found == 0) {
        return TLS_TRUSTED;
    }
    return status == 0 && found & GNUTLS_CERT_INSECURE_ALGORITHM
               ? TLS_TRUSTED_WEAKLY
               : TLS_UNTRUSTED;
}

static void crl_free(TlsCrl *crl)
{
    g_clear_pointer(&crl->der, g_bytes_unref);
    g_free(crl);
}

GPtrArray *tls_crls_parse(GBytes *pem, GError **error)
{
    gnutls_datum_t text = text_of(pem), der;
    gnutls_x509_crl_t *lists = NULL;
    unsigned n = 0;
    int status =
        gnutls_x509_crl_list_import2(&lists, &n, &text, GNUTLS_X509_FMT_PEM, 0);
    if (status < 0) {
        fail(error, status);
        return NULL;
    }
    GPtrArray *crls = g_ptr_array_new_with_free_func((GDestroyNotify)crl_free);
    for (unsigned i = 0; i < n; i++) {
        TlsCrl *crl = g_new0(TlsCrl, 1);
        if (gnutls_x509_crl_export2(lists[i], GNUTLS_X509_FMT_DER, &der) == 0) {
            crl->der = g_bytes_new(der.data, der.size);
            gnutls_free(der.data);
        } else {
            crl->der = g_bytes_new(NULL, 0);
        }
        crl->until_s = gnutls_x509_crl_get_next_update(lists[i]);
        g_ptr_array_add(crls, crl);
        gnutls_x509_crl_deinit(lists[i]);
    }
    gnutls_free(lists);
    return crls;
}

static gnutls_x509_crl_t import_crl(const TlsCrl *crl)
{
    gnutls_x509_crl_t list;
    gsize n;
    gnutls_datum_t der;
    der.data = (unsigned char *)g_bytes_get_data(crl->der, &n);
    der.size = n;
    g_assert(gnutls_x509_crl_init(&list) == 0);
    gnutls_x509_crl_import(list, &der, GNUTLS_X509_FMT_DER);
    return list;
}

bool tls_crl_is_of(const TlsCrl *crl, const GPtrArray *cas)
{
    gnutls_x509_crl_t list = import_crl(crl);
    gnutls_x509_crt_t *trusted = import_all(cas);
    unsigned found = 0;
    int status = gnutls_x509_crl_verify(
        list, trusted, cas->len, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &found);

    deinit_all(trusted, cas->len);
    gnutls_x509_crl_deinit(list);
    return status == 0 && !(found & (GNUTLS_CERT_SIGNER_NOT_FOUND |
                                     GNUTLS_CERT_SIGNATURE_FAILURE));
}

bool tls_crl_lists(const TlsCrl *crl, const TlsCertificate *certificate)
{
    gnutls_x509_crl_t list = import_crl(crl);
    gnutls_x509_crt_t crt = import(certificate);
    bool lists = gnutls_x509_crt_check_revocation(crt, &list, 1) == 1;

    gnutls_x509_crt_deinit(crt);
    gnutls_x509_crl_deinit(list);
    return lists;
}
