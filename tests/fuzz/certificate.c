/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes in the files of a folder have findings, the same ones again, and never
 * crash: as they are, and as what is in a PEM file.
 */
#include "tests/fuzz/driver.h"

#include <glib.h>
#include <string.h>

#include "tls/certificate.h"
#include "tls/inspect.h"

#define NOW_S G_GINT64_CONSTANT(1700000000)

static GBytes *pem_of(const char *what, const uint8_t *data, size_t n)
{
    g_autofree char *base64 = g_base64_encode(data, n);
    g_autofree char *text = g_strdup_printf(
        "-----BEGIN %s-----\n%s\n-----END %s-----\n", what, base64, what);
    return g_bytes_new(text, strlen(text));
}

/* What was read once is read the same way again. */
static void check_certificates(GBytes *pem)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) certificates = tls_certificates_parse(pem, &error);

    g_assert_true(!certificates != !error);
    for (guint i = 0; certificates && i < certificates->len; i++) {
        const TlsCertificate *certificate = certificates->pdata[i];
        g_autofree char *names = tls_certificate_names(certificate);
        gsize n;
        const uint8_t *der = g_bytes_get_data(certificate->der, &n);
        g_autoptr(GBytes) again = pem_of("CERTIFICATE", der, n);
        g_autoptr(GPtrArray) same = tls_certificates_parse(again, NULL);

        g_assert_nonnull(names);
        g_assert_true(same && same->len == 1);
        g_assert_cmpstr(((TlsCertificate *)same->pdata[0])->subject, ==,
                        certificate->subject);
        tls_certificate_is_for(certificate, "a.example");
    }
}

static void check_inspection(GBytes *const files[N_TLS_FILES])
{
    g_autoptr(TlsCredentials) credentials = tls_credentials_new("/creds");
    g_autoptr(GPtrArray) findings = tls_findings_new();
    const TlsPair pair = { .credentials = { credentials, credentials },
                           .host = "a.example",
                           .now_s = NOW_S };
    guint n_found;

    for (TlsFileId id = 0; id < N_TLS_FILES; id++) {
        gsize n = 0;
        if (files[id]) {
            const void *bytes = g_bytes_get_data(files[id], &n);
            tls_credentials_put(credentials, id, bytes, n, 0600);
        }
    }
    tls_inspect_pair(&pair, findings);
    n_found = findings->len;
    tls_inspect_pair(&pair, findings);
    g_assert_cmpint(findings->len, ==, n_found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) raw = g_bytes_new(data, n);
    g_autoptr(GBytes) certificate = pem_of("CERTIFICATE", data, n);
    g_autoptr(GBytes) crl = pem_of("X509 CRL", data, n);
    g_autoptr(GBytes) key = pem_of("PRIVATE KEY", data, n);
    GBytes *const as_it_is[N_TLS_FILES] = { raw, raw, raw, raw, raw, raw };
    GBytes *const as_pem[N_TLS_FILES] = { certificate, crl,         certificate,
                                          key,         certificate, key };

    check_certificates(raw);
    check_certificates(certificate);
    check_inspection(as_it_is);
    check_inspection(as_pem);
    return 0;
}
