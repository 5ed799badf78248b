/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp/tls-credentials.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <string.h>

#include "qmp/error.h"

#define IDENTITY   "qemu" /* QEMU's own, where it is told none */
#define NAME_BYTES 256

static bool refuse(const char *path, const char *why, GError **error)
{
    g_set_error(error, QMP_ERROR, QMP_ERROR_USAGE, "%s: %s", path, why);
    return false;
}

static bool is_there(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* --- certificates --- */

static bool load_ca(const char *folder, QmpTlsCredentials *credentials,
                    GError **error)
{
    g_autofree char *ca = g_build_filename(folder, "ca-cert.pem", NULL);
    g_autofree char *crl = g_build_filename(folder, "ca-crl.pem", NULL);
    int n = gnutls_certificate_set_x509_trust_file(credentials->x509, ca,
                                                   GNUTLS_X509_FMT_PEM);
    if (n <= 0) {
        return refuse(ca, n < 0 ? gnutls_strerror(n) : "has no certificate",
                      error);
    }
    n = is_there(folder, "ca-crl.pem")
            ? gnutls_certificate_set_x509_crl_file(credentials->x509, crl,
                                                   GNUTLS_X509_FMT_PEM)
            : 0;
    return n < 0 ? refuse(crl, gnutls_strerror(n), error) : true;
}

/* A server may do without. */
static bool load_own(const char *folder, QmpTlsCredentials *credentials,
                     GError **error)
{
    g_autofree char *certificate =
        g_build_filename(folder, "client-cert.pem", NULL);
    g_autofree char *key = g_build_filename(folder, "client-key.pem", NULL);
    if (!is_there(folder, "client-cert.pem")) {
        return true;
    }
    int result = gnutls_certificate_set_x509_key_file(
        credentials->x509, certificate, key, GNUTLS_X509_FMT_PEM);
    return result < 0 ? refuse(certificate, gnutls_strerror(result), error)
                      : true;
}

/* --- keys of PSK --- */

/* The key behind "IDENTITY:", of QEMU's own identity if it is there, else of the
 * first line; NULL: none. */
static char *find_key(const char *text, char **ret_identity)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *found = NULL;
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        const char *colon = strchr(*line, ':');
        if (**line == '#' || !colon || colon == *line) {
            continue;
        }
        if (!found || g_str_has_prefix(*line, IDENTITY ":")) {
            found = *line;
        }
    }
    if (!found) {
        return NULL;
    }
    const char *colon = strchr(found, ':');
    *ret_identity = g_strndup(found, colon - found);
    return g_strdup(colon + 1);
}

static bool load_psk(const char *folder, QmpTlsCredentials *credentials,
                     GError **error)
{
    g_autofree char *path = g_build_filename(folder, "keys.psk", NULL);
    g_autoptr(GError) local = NULL;
    g_autofree char *text = NULL, *identity = NULL;

    if (!g_file_get_contents(path, &text, NULL, &local)) {
        return refuse(path, g_strerror(errno), error);
    }
    g_autofree char *key = find_key(text, &identity);
    if (!key) {
        return refuse(path, "has no line of IDENTITY:KEY", error);
    }
    const gnutls_datum_t hex = { (unsigned char *)key, (unsigned)strlen(key) };
    int result = gnutls_psk_set_client_credentials(credentials->psk, identity,
                                                   &hex, GNUTLS_PSK_KEY_HEX);
    return result < 0 ? refuse(path, gnutls_strerror(result), error) : true;
}

/* --- both --- */

bool qmp_tls_credentials_load(const char *folder, QmpTlsCredentials *ret,
                              GError **error)
{
    *ret = (QmpTlsCredentials){ 0 };
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        return refuse(folder, "is no folder", error);
    }
    if (is_there(folder, "ca-cert.pem")) {
        gnutls_certificate_allocate_credentials(&ret->x509);
        return load_ca(folder, ret, error) && load_own(folder, ret, error);
    }
    if (is_there(folder, "keys.psk")) {
        gnutls_psk_allocate_client_credentials(&ret->psk);
        return load_psk(folder, ret, error);
    }
    return refuse(folder, "has neither ca-cert.pem nor keys.psk", error);
}

void qmp_tls_credentials_clear(QmpTlsCredentials *credentials)
{
    g_clear_pointer(&credentials->x509, gnutls_certificate_free_credentials);
    g_clear_pointer(&credentials->psk, gnutls_psk_free_client_credentials);
}

bool qmp_tls_credentials_use(const QmpTlsCredentials *credentials,
                             gnutls_session_t session)
{
    const char *priority =
        credentials->psk ? "NORMAL:+ECDHE-PSK:+DHE-PSK:+PSK" : "NORMAL";
    int result =
        credentials->psk
            ? gnutls_credentials_set(session, GNUTLS_CRD_PSK, credentials->psk)
            : gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                     credentials->x509);
    return result == 0 &&
           gnutls_priority_set_direct(session, priority, NULL) == 0;
}

/* --- why not --- */

static void add_name(GString *names, unsigned kind, const char *name, size_t n)
{
    char text[INET6_ADDRSTRLEN];
    const char *word = NULL;
    if (kind == GNUTLS_SAN_DNSNAME) {
        word = name;
    } else if (kind == GNUTLS_SAN_IPADDRESS && (n == 4 || n == 16)) {
        word = inet_ntop(n == 4 ? AF_INET : AF_INET6, name, text, sizeof(text));
    }
    if (word) {
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", word);
    }
}

/* "a.example, 10.0.0.1" */
static char *names_of(const gnutls_datum_t *der)
{
    GString *names = g_string_new(NULL);
    gnutls_x509_crt_t certificate;

    gnutls_x509_crt_init(&certificate);
    if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) == 0) {
        char name[NAME_BYTES + 1];
        size_t n = NAME_BYTES;
        int kind;
        for (unsigned i = 0; (kind = gnutls_x509_crt_get_subject_alt_name(
                                  certificate, i, name, &n, NULL)) >= 0;
             i++, n = NAME_BYTES) {
            name[n] = '\0';
            add_name(names, kind, name, n);
        }
    }
    gnutls_x509_crt_deinit(certificate);
    return g_string_free(names, FALSE);
}

static char *explain_owner(gnutls_session_t session, const char *host)
{
    unsigned n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
    g_autofree char *names = n ? names_of(&chain[0]) : g_strdup("");
    return g_strdup_printf("its certificate is not for %s, but for %s", host,
                           *names ? names : "nobody");
}

static char *explain_certificate(gnutls_session_t session, const char *host)
{
    static const struct {
        unsigned flag;
        const char *words;
    } reasons[] = {
        { GNUTLS_CERT_REVOKED, "its certificate was revoked" },
        { GNUTLS_CERT_EXPIRED, "its certificate has expired" },
        { GNUTLS_CERT_NOT_ACTIVATED, "its certificate is not valid yet" },
        { GNUTLS_CERT_SIGNER_NOT_FOUND,
          "its certificate was not signed by our CA" },
        { GNUTLS_CERT_SIGNER_NOT_CA,
          "its certificate was signed by what is no CA" },
        { GNUTLS_CERT_INSECURE_ALGORITHM,
          "its certificate uses an insecure algorithm" },
        { GNUTLS_CERT_PURPOSE_MISMATCH, "its certificate is not for a server" },
    };
    unsigned status = gnutls_session_get_verify_cert_status(session);
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (status & reasons[i].flag) {
            return g_strdup(reasons[i].words);
        }
    }
    return status & GNUTLS_CERT_UNEXPECTED_OWNER
               ? explain_owner(session, host)
               : g_strdup("its certificate is not to be trusted");
}

char *qmp_tls_explain(gnutls_session_t session, int result, const char *host)
{
    switch (result) {
    case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
        return explain_certificate(session, host);
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
        return g_strdup_printf(
            "the peer refused us: %s",
            gnutls_alert_get_name(gnutls_alert_get(session)));
    case GNUTLS_E_PREMATURE_TERMINATION:
    case GNUTLS_E_PULL_ERROR:
    case GNUTLS_E_PUSH_ERROR:
        return g_strdup(host ? "the peer closed the connection"
                             : "the peer closed the connection: it has another "
                               "key, or wants a certificate");
    case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
    case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
    case GNUTLS_E_RECORD_OVERFLOW:
    case GNUTLS_E_UNEXPECTED_PACKET:
        return g_strdup("the peer does not speak TLS");
    default:
        return g_strdup(gnutls_strerror(result));
    }
}
