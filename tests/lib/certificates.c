/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/certificates.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>

#define must(call) assert_true((call) >= 0)

void certificate_clear(Certificate *certificate)
{
    g_clear_pointer(&certificate->certificate, g_free);
    g_clear_pointer(&certificate->key, g_free);
}

static gnutls_datum_t datum_of(const char *text)
{
    const gnutls_datum_t datum = { (unsigned char *)text, strlen(text) };
    return datum;
}

static char *take(gnutls_datum_t datum)
{
    char *text = g_strndup((const char *)datum.data, datum.size);
    gnutls_free(datum.data);
    return text;
}

static gnutls_x509_crt_t crt_of(const Certificate *certificate)
{
    const gnutls_datum_t datum = datum_of(certificate->certificate);
    gnutls_x509_crt_t crt;
    must(gnutls_x509_crt_init(&crt));
    must(gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_PEM));
    return crt;
}

static gnutls_x509_privkey_t key_of(const Certificate *certificate)
{
    const gnutls_datum_t datum = datum_of(certificate->key);
    gnutls_x509_privkey_t key;
    must(gnutls_x509_privkey_init(&key));
    must(gnutls_x509_privkey_import(key, &datum, GNUTLS_X509_FMT_PEM));
    return key;
}

static void set_usage(gnutls_x509_crt_t crt, unsigned usage, bool is_critical)
{
    gnutls_datum_t der;
    must(gnutls_x509_ext_export_key_usage(usage, &der));
    must(gnutls_x509_crt_set_extension_by_oid(crt, "2.5.29.15", der.data,
                                              der.size, is_critical));
    gnutls_free(der.data);
}

static void set_extensions(gnutls_x509_crt_t crt, const CertificateSpec *spec)
{
    if (spec->ca != -2) {
        must(gnutls_x509_crt_set_basic_constraints(crt, spec->ca == 1, -1));
    }
    if (spec->usage) {
        set_usage(crt, spec->usage, !spec->usage_is_lax);
    }
    if (spec->purpose && *spec->purpose) {
        must(gnutls_x509_crt_set_key_purpose_oid(crt, spec->purpose,
                                                 spec->purpose_is_strict));
    }
    if (spec->host) {
        must(gnutls_x509_crt_set_subject_alt_name(
            crt, GNUTLS_SAN_DNSNAME, spec->host, strlen(spec->host), 0));
    }
}

static Certificate make(const CertificateSpec *spec, const Certificate *ca)
{
    static unsigned char serial[] = { 1, 0 };
    Certificate made;
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
    gnutls_datum_t text;

    must(gnutls_x509_privkey_init(&key));
    must(gnutls_x509_privkey_generate(
        key, spec->rsa_bits ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA,
        spec->rsa_bits ? spec->rsa_bits
                       : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
        0));
    must(gnutls_x509_crt_init(&crt));
    must(gnutls_x509_crt_set_version(crt, 3));
    serial[1]++;
    must(gnutls_x509_crt_set_serial(crt, serial, sizeof serial));
    must(gnutls_x509_crt_set_key(crt, key));
    must(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
                                       spec->name, strlen(spec->name)));
    must(gnutls_x509_crt_set_activation_time(
        crt, CERTIFICATES_NOW_S + spec->from_d * CERTIFICATES_DAY_S));
    must(gnutls_x509_crt_set_expiration_time(
        crt, CERTIFICATES_NOW_S + spec->until_d * CERTIFICATES_DAY_S));
    set_extensions(crt, spec);
    gnutls_x509_crt_t ca_crt = ca ? crt_of(ca) : crt;
    gnutls_x509_privkey_t ca_key = ca ? key_of(ca) : key;
    must(gnutls_x509_crt_sign2(crt, ca_crt, ca_key,
                               spec->sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256,
                               0));
    must(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text));
    made.certificate = take(text);
    must(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text));
    made.key = take(text);
    if (ca) {
        gnutls_x509_crt_deinit(ca_crt);
        gnutls_x509_privkey_deinit(ca_key);
    }
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
    return made;
}

static CertificateSpec filled(const CertificateSpec *spec, const char *name)
{
    static const CertificateSpec nothing = { 0 };
    CertificateSpec full = spec ? *spec : nothing;
    full.name = full.name ? full.name : name;
    full.from_d = full.from_d ? full.from_d : -1;
    full.until_d = full.until_d ? full.until_d : 100;
    return full;
}

Certificate certificate_ca(const CertificateSpec *spec, const Certificate *ca)
{
    CertificateSpec full = filled(spec, "a CA");
    full.ca = full.ca ? full.ca : 1;
    full.usage = full.usage ? full.usage
                            : GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN;
    return make(&full, ca);
}

Certificate certificate_host(const CertificateSpec *spec, TlsRole role,
                             const Certificate *ca)
{
    CertificateSpec full = filled(spec, CERTIFICATES_HOST);
    full.ca = full.ca ? full.ca : -1;
    full.host = full.host ? full.host : CERTIFICATES_HOST;
    full.usage =
        full.usage ? full.usage
                   : GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT;
    full.purpose = full.purpose         ? full.purpose
                   : role == TLS_SERVER ? GNUTLS_KP_TLS_WWW_SERVER
                                        : GNUTLS_KP_TLS_WWW_CLIENT;
    return make(&full, ca);
}

char *certificate_crl(const Certificate *ca, const Certificate *revoked,
                      int until_d)
{
    gnutls_x509_crt_t ca_crt = crt_of(ca);
    gnutls_x509_privkey_t ca_key = key_of(ca);
    gnutls_x509_crl_t crl;
    gnutls_datum_t text;

    must(gnutls_x509_crl_init(&crl));
    must(gnutls_x509_crl_set_version(crl, 2));
    must(gnutls_x509_crl_set_this_update(crl, CERTIFICATES_NOW_S -
                                                  100 * CERTIFICATES_DAY_S));
    must(gnutls_x509_crl_set_next_update(
        crl, CERTIFICATES_NOW_S + until_d * CERTIFICATES_DAY_S));
    if (revoked) {
        gnutls_x509_crt_t crt = crt_of(revoked);
        must(gnutls_x509_crl_set_crt(crl, crt, CERTIFICATES_NOW_S));
        gnutls_x509_crt_deinit(crt);
    }
    must(gnutls_x509_crl_sign2(crl, ca_crt, ca_key, GNUTLS_DIG_SHA256, 0));
    must(gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &text));
    gnutls_x509_crl_deinit(crl);
    gnutls_x509_crt_deinit(ca_crt);
    gnutls_x509_privkey_deinit(ca_key);
    return take(text);
}

char *certificate_encrypt(const Certificate *certificate)
{
    gnutls_x509_privkey_t key = key_of(certificate);
    gnutls_datum_t text;
    must(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, "secret",
                                           GNUTLS_PKCS_PBES2_AES_256, &text));
    gnutls_x509_privkey_deinit(key);
    return take(text);
}

void certificates_put(TlsCredentials *credentials, TlsFileId id,
                      const char *text)
{
    tls_credentials_put(credentials, id, text, strlen(text), 0600);
}

TlsCredentials *certificates_folder(const CertificateSpec *ca_spec,
                                    const CertificateSpec *host_spec,
                                    Certificate *ret_ca)
{
    TlsCredentials *credentials = tls_credentials_new("/creds");
    Certificate ca = certificate_ca(ca_spec, NULL);

    certificates_put(credentials, TLS_FILE_CA_CERT, ca.certificate);
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        g_auto(Certificate) host = certificate_host(host_spec, role, &ca);
        certificates_put(credentials, tls_file_cert(role), host.certificate);
        certificates_put(credentials, tls_file_key(role), host.key);
    }
    if (ret_ca) {
        *ret_ca = ca;
    } else {
        certificate_clear(&ca);
    }
    return credentials;
}
