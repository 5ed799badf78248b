/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/fake-ca.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

#include "tests/lib/folder.h"

#define DAY_S 86400

#define check_gnutls(call)                                                     \
    do {                                                                       \
        int check_code = (call);                                               \
        if (check_code < 0) {                                                  \
            fail_msg(#call ": %s", gnutls_strerror(check_code));               \
        }                                                                      \
    } while (0)

static gnutls_x509_privkey_t key_new(void)
{
    gnutls_x509_privkey_t key;

    check_gnutls(gnutls_x509_privkey_init(&key));
    check_gnutls(gnutls_x509_privkey_generate(
        key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
        0));
    return key;
}

/* Not signed yet. */
static gnutls_x509_crt_t certificate_new(FakeCa *ca, gnutls_x509_privkey_t key,
                                         const FakeCertificate *what)
{
    time_t now = time(NULL);
    unsigned char serial = ++ca->n_issued;
    gnutls_x509_crt_t certificate;

    check_gnutls(gnutls_x509_crt_init(&certificate));
    check_gnutls(gnutls_x509_crt_set_version(certificate, 3));
    check_gnutls(gnutls_x509_crt_set_serial(certificate, &serial, 1));
    check_gnutls(gnutls_x509_crt_set_key(certificate, key));
    check_gnutls(gnutls_x509_crt_set_activation_time(
        certificate, now - 60 + what->from_days * DAY_S));
    check_gnutls(gnutls_x509_crt_set_expiration_time(
        certificate,
        now - 60 + (what->until_days ? what->until_days : 1) * DAY_S));
    return certificate;
}

static void write_pem(const char *folder, const char *stem, const char *ending,
                      gnutls_datum_t *pem)
{
    g_autofree char *name = g_strconcat(stem, ending, NULL);
    g_autofree char *text = g_strndup((char *)pem->data, pem->size);

    folder_put(folder, name, text);
    gnutls_free(pem->data);
}

static void write_certificate(const char *folder, const char *stem,
                              gnutls_x509_crt_t certificate)
{
    gnutls_datum_t pem;

    check_gnutls(
        gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem));
    write_pem(folder, stem, "-cert.pem", &pem);
}

static void write_key(const char *folder, const char *stem,
                      gnutls_x509_privkey_t key)
{
    gnutls_datum_t pem;

    check_gnutls(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem));
    write_pem(folder, stem, "-key.pem", &pem);
}

FakeCa *fake_ca_new(void)
{
    static const char dn[] = "CN=an authority for tests";
    FakeCa *ca = g_new0(FakeCa, 1);

    ca->key = key_new();
    ca->certificate = certificate_new(ca, ca->key, &(FakeCertificate){ 0 });
    check_gnutls(gnutls_x509_crt_set_dn(ca->certificate, dn, NULL));
    check_gnutls(gnutls_x509_crt_set_basic_constraints(ca->certificate, 1, -1));
    check_gnutls(gnutls_x509_crt_set_key_usage(
        ca->certificate, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
    check_gnutls(gnutls_x509_crt_sign2(ca->certificate, ca->certificate,
                                       ca->key, GNUTLS_DIG_SHA256, 0));
    return ca;
}

void fake_ca_free(FakeCa *ca)
{
    gnutls_x509_crt_deinit(ca->certificate);
    gnutls_x509_privkey_deinit(ca->key);
    g_free(ca);
}

void fake_ca_put(const FakeCa *ca, const char *folder)
{
    write_certificate(folder, "ca", ca->certificate);
}

static void put_crl(const FakeCa *ca, const char *folder,
                    gnutls_x509_crt_t revoked)
{
    time_t now = time(NULL);
    gnutls_x509_crl_t crl;
    gnutls_datum_t pem;

    check_gnutls(gnutls_x509_crl_init(&crl));
    check_gnutls(gnutls_x509_crl_set_version(crl, 2));
    check_gnutls(gnutls_x509_crl_set_crt(crl, revoked, now - DAY_S));
    check_gnutls(gnutls_x509_crl_set_this_update(crl, now - DAY_S));
    check_gnutls(gnutls_x509_crl_set_next_update(crl, now + DAY_S));
    check_gnutls(gnutls_x509_crl_sign2(crl, ca->certificate, ca->key,
                                       GNUTLS_DIG_SHA256, 0));
    check_gnutls(gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &pem));
    write_pem(folder, "ca", "-crl.pem", &pem);
    gnutls_x509_crl_deinit(crl);
}

static void name(gnutls_x509_crt_t certificate, const FakeCertificate *what)
{
    unsigned char ip[sizeof(struct in_addr)];

    check_gnutls(gnutls_x509_crt_set_dn(certificate, "CN=of a test", NULL));
    if (what->dns) {
        check_gnutls(gnutls_x509_crt_set_subject_alt_name(
            certificate, GNUTLS_SAN_DNSNAME, what->dns, strlen(what->dns),
            GNUTLS_FSAN_APPEND));
    }
    if (what->ip) {
        assert_int_equal(inet_pton(AF_INET, what->ip, ip), 1);
        check_gnutls(gnutls_x509_crt_set_subject_alt_name(
            certificate, GNUTLS_SAN_IPADDRESS, ip, sizeof(ip),
            GNUTLS_FSAN_APPEND));
    }
}

void fake_ca_issue(FakeCa *ca, const char *folder, const char *stem,
                   const FakeCertificate *what)
{
    gnutls_x509_privkey_t key = key_new();
    gnutls_x509_crt_t certificate = certificate_new(ca, key, what);

    name(certificate, what);
    check_gnutls(gnutls_x509_crt_set_key_purpose_oid(
        certificate,
        what->is_client ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER,
        0));
    check_gnutls(gnutls_x509_crt_sign2(
        certificate, ca->certificate, ca->key,
        what->is_weak ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, 0));
    write_certificate(folder, stem, certificate);
    write_key(folder, stem, key);
    if (what->is_revoked) {
        put_crl(ca, folder, certificate);
    }
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
}
