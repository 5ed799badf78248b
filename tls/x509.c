/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What QEMU asks of a folder when tls-creds-x509 is made, in QEMU's order, and
 * what the other side will ask. */
#include "tls/x509.h"

#include <string.h>

#define SOON_S (30 * 24 * 3600)

typedef struct {
    const TlsX509 *x509;
    GPtrArray *findings;
    int64_t now_s;
} Look;

static void add(const Look *look, TlsFindingCode code, TlsSeverity severity,
                TlsFileId id, const char *text)
{
    g_autofree char *path = tls_credentials_path(look->x509->credentials, id);
    tls_findings_add(look->findings, code, severity, look->x509->role, path,
                     "%s", text);
}

static void add_taken(const Look *look, TlsFindingCode code,
                      TlsSeverity severity, TlsFileId id, char *text)
{
    add(look, code, severity, id, text);
    g_free(text);
}

/* NULL: it is not there, cannot be read, or is not what it should be. */
static gpointer parse(const Look *look, TlsFileId id,
                      gpointer (*parser)(GBytes *, GError **), const char *what)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = look->x509->credentials->files[id].bytes;
    gpointer parsed = bytes ? parser(bytes, &error) : NULL;

    if (bytes && !parsed) {
        /* The source's QEMU does not read a CRL. */
        bool is_needed =
            id != TLS_FILE_CA_CRL || look->x509->role == TLS_SERVER;
        add_taken(
            look, TLS_FINDING_UNPARSABLE, is_needed ? TLS_ERROR : TLS_WARNING,
            id,
            g_strdup_printf("it does not hold %s: %s", what, error->message));
    }
    return parsed;
}

TlsX509 *tls_x509_new(const TlsCredentials *credentials, TlsRole role,
                      GPtrArray *findings)
{
    TlsX509 *x509 = g_new0(TlsX509, 1);
    const Look look = { x509, findings, 0 };

    x509->credentials = credentials;
    x509->role = role;
    x509->cas = parse(&look, TLS_FILE_CA_CERT,
                      (gpointer(*)(GBytes *, GError **))tls_certificates_parse,
                      "certificates");
    x509->chain =
        parse(&look, tls_file_cert(role),
              (gpointer(*)(GBytes *, GError **))tls_certificates_parse,
              "a certificate");
    x509->key =
        parse(&look, tls_file_key(role),
              (gpointer(*)(GBytes *, GError **))tls_key_parse, "a private key");
    x509->crls = parse(&look, TLS_FILE_CA_CRL,
                       (gpointer(*)(GBytes *, GError **))tls_crls_parse,
                       "a list of revoked certificates");
    return x509;
}

void tls_x509_free(TlsX509 *x509)
{
    if (!x509) {
        return;
    }
    g_clear_pointer(&x509->cas, g_ptr_array_unref);
    g_clear_pointer(&x509->chain, g_ptr_array_unref);
    g_clear_pointer(&x509->crls, g_ptr_array_unref);
    tls_key_free(x509->key);
    g_free(x509);
}

const TlsCertificate *tls_x509_certificate(const TlsX509 *x509)
{
    return x509->chain ? x509->chain->pdata[0] : NULL;
}

static char *date(int64_t time_s)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_s);
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S UTC")
                : g_strdup("a time beyond all calendars");
}

static void look_at_times(const Look *look, const TlsCertificate *certificate,
                          TlsFileId id)
{
    g_autofree char *from = date(certificate->from_s);
    g_autofree char *until = date(certificate->until_s);
    int64_t left_s = certificate->until_s - look->now_s;

    if (left_s < 0) {
        add_taken(
            look, TLS_FINDING_EXPIRED, TLS_ERROR, id,
            g_strdup_printf("%s expired at %s", certificate->subject, until));
    } else if (certificate->from_s > look->now_s) {
        add_taken(look, TLS_FINDING_NOT_YET_VALID, TLS_ERROR, id,
                  g_strdup_printf("%s is not valid before %s",
                                  certificate->subject, from));
    } else if (left_s < SOON_S) {
        add_taken(
            look, TLS_FINDING_EXPIRES_SOON, TLS_WARNING, id,
            g_strdup_printf("%s expires at %s", certificate->subject, until));
    }
}

static void look_at_strength(const Look *look,
                             const TlsCertificate *certificate, TlsFileId id)
{
    if (certificate->key_is_weak) {
        add_taken(look, TLS_FINDING_WEAK_KEY, TLS_WARNING, id,
                  g_strdup_printf("%s has a key that is too short: %s",
                                  certificate->subject, certificate->key));
    }
    if (certificate->signature_is_weak) {
        add_taken(look, TLS_FINDING_WEAK_SIGNATURE, TLS_ERROR, id,
                  g_strdup_printf("%s is signed with %s", certificate->subject,
                                  certificate->signature));
    }
}

static bool is_a_ca(const TlsCertificate *ca)
{
    return ca->ca == TLS_CA_YES && ca->may_sign_certificates;
}

/* QEMU looks at all of them, also at those that have signed nothing here. */
static void look_at_cas(const Look *look)
{
    const GPtrArray *cas = look->x509->cas;
    for (guint i = 0; cas && i < cas->len; i++) {
        const TlsCertificate *ca = cas->pdata[i];
        look_at_times(look, ca, TLS_FILE_CA_CERT);
        if (ca->ca != TLS_CA_YES) {
            add_taken(look, TLS_FINDING_NOT_A_CA, TLS_ERROR, TLS_FILE_CA_CERT,
                      g_strdup_printf("%s is no CA", ca->subject));
        } else if (!is_a_ca(ca)) {
            add_taken(look, TLS_FINDING_USAGE, TLS_ERROR, TLS_FILE_CA_CERT,
                      g_strdup_printf("the key usage of %s does not allow "
                                      "signing certificates",
                                      ca->subject));
        }
        look_at_strength(look, ca, TLS_FILE_CA_CERT);
    }
}

/*
 * Where it is not critical, QEMU lets it pass, and nobody else is asked.  That of
 * enciphering keys is needed with RSA in TLS 1.2 only, and a certificate with
 * another algorithm rightly does not have it: some QEMUs ask for it all the same.
 */
static void look_at_usage(const Look *look, const TlsCertificate *certificate,
                          TlsFileId id)
{
    bool is_server = look->x509->role == TLS_SERVER;
    if (!certificate->may_sign) {
        add(look, TLS_FINDING_USAGE,
            certificate->usage_is_critical ? TLS_ERROR : TLS_WARNING, id,
            "the key usage does not allow digital signatures");
    } else if (!certificate->may_encipher && certificate->usage_is_critical) {
        add(look, TLS_FINDING_USAGE, TLS_WARNING, id,
            "the key usage does not allow enciphering keys, without which QEMU "
            "10.0 refuses the certificate");
    }
    if (is_server ? !certificate->for_server : !certificate->for_client) {
        add(look, TLS_FINDING_PURPOSE,
            certificate->purpose_is_critical ? TLS_ERROR : TLS_WARNING, id,
            is_server ? "it is not for a TLS server"
                      : "it is not for a TLS client");
    }
}

static void look_at_trust(const Look *look, TlsFileId id)
{
    const TlsX509 *x509 = look->x509;
    const TlsCertificate *certificate = tls_x509_certificate(x509);
    for (guint i = 0; x509->cas && i < x509->cas->len; i++) {
        if (!is_a_ca(x509->cas->pdata[i])) {
            return; /* that is said, and would be the reason */
        }
    }
    if (!x509->cas) {
        return;
    }
    /* QEMU verifies the first alone: one between it and the root has to be
     * among the CAs. */
    TlsTrust trust = tls_certificate_trust(x509->chain, 1, x509->cas);
    if (trust == TLS_UNTRUSTED) {
        add_taken(look, TLS_FINDING_UNTRUSTED, TLS_ERROR, id,
                  g_strdup_printf("%s is not signed by a CA of ca-cert.pem",
                                  certificate->subject));
    } else if (trust == TLS_TRUSTED_WEAKLY && !certificate->signature_is_weak) {
        add_taken(look, TLS_FINDING_WEAK_SIGNATURE, TLS_ERROR, id,
                  g_strdup_printf("the way from %s to its CA has a broken "
                                  "algorithm",
                                  certificate->subject));
    }
}

static void look_at_certificate(const Look *look, const char *host)
{
    TlsFileId id = tls_file_cert(look->x509->role);
    const TlsCertificate *certificate = tls_x509_certificate(look->x509);

    look_at_times(look, certificate, id);
    if (certificate->ca == TLS_CA_YES) {
        add_taken(look, TLS_FINDING_IS_A_CA, TLS_ERROR, id,
                  g_strdup_printf("%s is a CA", certificate->subject));
    }
    look_at_usage(look, certificate, id);
    look_at_strength(look, certificate, id);
    look_at_trust(look, id);
    if (look->x509->role == TLS_SERVER && host &&
        !tls_certificate_is_for(certificate, host)) {
        g_autofree char *names = tls_certificate_names(certificate);
        add_taken(look, TLS_FINDING_NAME, TLS_ERROR, id,
                  g_strdup_printf("it is not for %s, but for %s", host, names));
    }
}

static void look_at_key(const Look *look)
{
    const TlsKey *key = look->x509->key;
    const TlsCertificate *certificate = tls_x509_certificate(look->x509);
    TlsFileId id = tls_file_key(look->x509->role);

    if (key->is_encrypted) {
        add(look, TLS_FINDING_ENCRYPTED, TLS_ERROR, id,
            "the key has a passphrase");
    } else if (certificate && strcmp(key->key_id, certificate->key_id) != 0) {
        add_taken(look, TLS_FINDING_KEY_MISMATCH, TLS_ERROR, id,
                  g_strdup_printf(
                      "it is not the key of %s in %s", certificate->subject,
                      tls_file_name(tls_file_cert(look->x509->role))));
    }
}

/* Only the destination's QEMU reads it. */
static void look_at_crls(const Look *look)
{
    const TlsX509 *x509 = look->x509;
    const TlsCertificate *certificate = tls_x509_certificate(x509);

    for (guint i = 0; x509->crls && i < x509->crls->len; i++) {
        const TlsCrl *crl = x509->crls->pdata[i];
        if (x509->cas && !tls_crl_is_of(crl, x509->cas)) {
            add(look, TLS_FINDING_CRL_ISSUER, TLS_WARNING, TLS_FILE_CA_CRL,
                "it is not signed by a CA of ca-cert.pem");
        }
        if (crl->until_s != -1 && crl->until_s < look->now_s) {
            g_autofree char *until = date(crl->until_s);
            add_taken(look, TLS_FINDING_CRL_EXPIRED, TLS_WARNING,
                      TLS_FILE_CA_CRL,
                      g_strdup_printf("the next one was due at %s", until));
        }
        if (certificate && tls_crl_lists(crl, certificate)) {
            add_taken(look, TLS_FINDING_REVOKED, TLS_ERROR,
                      tls_file_cert(x509->role),
                      g_strdup_printf("%s is listed in ca-crl.pem",
                                      certificate->subject));
        }
    }
}

void tls_x509_inspect(const TlsX509 *x509, const char *host, int64_t now_s,
                      GPtrArray *findings)
{
    const Look look = { x509, findings, now_s };
    look_at_cas(&look);
    if (x509->chain) {
        look_at_certificate(&look, host);
    }
    if (x509->key) {
        look_at_key(&look);
    }
    look_at_crls(&look);
}

void tls_x509_inspect_other(const TlsX509 *ours, const TlsX509 *theirs,
                            GPtrArray *findings)
{
    const Look look = { theirs, findings, 0 };
    const TlsCertificate *certificate = tls_x509_certificate(theirs);
    TlsFileId id = tls_file_cert(theirs->role);

    if (!certificate || !ours->cas) {
        return;
    }
    if (tls_certificate_trust(theirs->chain, theirs->chain->len, ours->cas) ==
        TLS_UNTRUSTED) {
        add_taken(&look, TLS_FINDING_OTHER_CA, TLS_ERROR, id,
                  g_strdup_printf("%s is not signed by a CA of %s/%s",
                                  certificate->subject,
                                  ours->credentials->folder,
                                  tls_file_name(TLS_FILE_CA_CERT)));
    }
    for (guint i = 0; ours->crls && i < ours->crls->len; i++) {
        if (tls_crl_lists(ours->crls->pdata[i], certificate)) {
            add_taken(&look, TLS_FINDING_REVOKED, TLS_ERROR, id,
                      g_strdup_printf("%s is listed in ca-crl.pem",
                                      certificate->subject));
        }
    }
}
