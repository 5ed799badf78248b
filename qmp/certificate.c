/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp/certificate.h"

#include <arpa/inet.h>
#include <glib.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

/* The peer's own; NULL: it cannot be read. */
static gnutls_x509_crt_t certificate_of(gnutls_session_t session)
{
    unsigned n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
    gnutls_x509_crt_t certificate;

    if (!n || gnutls_x509_crt_init(&certificate) < 0) {
        return NULL;
    }
    if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) <
        0) {
        gnutls_x509_crt_deinit(certificate);
        return NULL;
    }
    return certificate;
}

static void add_name(GString *names, int type, const char *name, size_t n)
{
    char text[INET6_ADDRSTRLEN];

    if (type == GNUTLS_SAN_IPADDRESS) {
        if (!inet_ntop(n == 4 ? AF_INET : AF_INET6, name, text, sizeof(text))) {
            return;
        }
    } else if (type != GNUTLS_SAN_DNSNAME) {
        return;
    }
    g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                           type == GNUTLS_SAN_IPADDRESS ? text : name);
}

/* The names that hold; where there are none, that of the subject does. */
static char *names_of(gnutls_x509_crt_t certificate)
{
    GString *names = g_string_new(NULL);
    char name[256];
    size_t n = sizeof(name) - 1;
    int type;

    for (unsigned i = 0; (type = gnutls_x509_crt_get_subject_alt_name(
                              certificate, i, name, &n, NULL)) !=
                         GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
         i++) {
        if (type >= 0) {
            name[n] = '\0';
            add_name(names, type, name, n);
        }
        n = sizeof(name) - 1;
    }
    if (!names->len &&
        gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME,
                                      0, 0, name, &n) >= 0) {
        g_string_append(names, name);
    }
    return g_string_free(names, FALSE);
}

static char *date_of(time_t time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);

    return date ? g_date_time_format(date, "%Y-%m-%d %H:%M UTC") : NULL;
}

static char *wrong_names(gnutls_x509_crt_t certificate, const char *host)
{
    g_autofree char *names = names_of(certificate);

    return g_strdup_printf("its certificate is for %s, not for %s",
                           *names ? names : "no host", host);
}

static char *wrong_date(gnutls_x509_crt_t certificate, bool is_over)
{
    time_t time = is_over ? gnutls_x509_crt_get_expiration_time(certificate)
                          : gnutls_x509_crt_get_activation_time(certificate);
    g_autofree char *date = date_of(time);

    return g_strdup_printf(is_over ? "its certificate expired at %s"
                                   : "its certificate is not valid before %s",
                           date ? date : "a date unknown");
}

/* What gnutls says, behind the sentence that it always begins with. */
static char *other_words(unsigned status)
{
    static const char known[] = "The certificate is NOT trusted. ";
    gnutls_datum_t text = { 0 };
    g_autofree char *words = NULL;

    gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text,
                                                 0);
    words = g_strdup(text.data ? (char *)text.data : "it is not trusted");
    gnutls_free(text.data);
    g_strchomp(words);
    if (g_str_has_suffix(words, ".")) {
        words[strlen(words) - 1] = '\0';
    }
    return g_strdup_printf(
        "its certificate is not accepted: %s",
        words + (g_str_has_prefix(words, known) ? strlen(known) : 0));
}

/* The first that holds, since what follows from a wrong CA is no news. */
static char *words_of(unsigned status, gnutls_x509_crt_t certificate,
                      const char *host, const char *folder)
{
    if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND |
                  /* another CA of the same name */
                  GNUTLS_CERT_SIGNATURE_FAILURE)) {
        return g_strdup_printf(
            "its certificate is not signed by the CA of %s/ca-cert.pem",
            folder);
    }
    if (status & GNUTLS_CERT_REVOKED) {
        return g_strdup_printf("its certificate is revoked by %s/ca-crl.pem",
                               folder);
    }
    if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)) {
        return wrong_date(certificate, status & GNUTLS_CERT_EXPIRED);
    }
    if (status & GNUTLS_CERT_PURPOSE_MISMATCH) {
        return g_strdup("its certificate is not one of a server");
    }
    if (status & GNUTLS_CERT_UNEXPECTED_OWNER) {
        return wrong_names(certificate, host);
    }
    return other_words(status);
}

char *qmp_certificate_words(gnutls_session_t session, const char *host,
                            const char *folder)
{
    unsigned status = gnutls_session_get_verify_cert_status(session);
    gnutls_x509_crt_t certificate = certificate_of(session);
    char *words;

    if (!certificate) {
        return g_strdup("its certificate cannot be read");
    }
    words = words_of(status, certificate, host, folder);
    gnutls_x509_crt_deinit(certificate);
    return words;
}
