/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What we make is what we find nothing in, and says what it should. */
#include "tests/lib/certificates.h"
#include "tls/certificate.h"
#include "tls/inspect.h"
#include "tls/make.h"
#include "tls/psk.h"

#define FROM_S  (CERTIFICATES_NOW_S - 3600)
#define UNTIL_S (CERTIFICATES_NOW_S + 1000 * CERTIFICATES_DAY_S)

static TlsName host = { .text = (char *)"a.example" };
static TlsName address = { .text = (char *)"10.0.0.1",
                           .bytes = { 10, 0, 0, 1 },
                           .n_bytes = 4 };

static GPtrArray *names_new(void)
{
    GPtrArray *names = g_ptr_array_new();
    g_ptr_array_add(names, &host);
    g_ptr_array_add(names, &address);
    return names;
}

static TlsMade ca_of(gint64 until_s)
{
    const TlsSpan span = { FROM_S, until_s };
    TlsMade ca = { NULL, NULL };
    g_autoptr(GError) error = NULL;
    assert_true(tls_make_ca("a CA", span, &ca, &error));
    return ca;
}

static TlsMade made_of(const TlsMade *ca, TlsRole role)
{
    const TlsSpan span = { FROM_S, UNTIL_S };
    g_autoptr(GPtrArray) names = names_new();
    g_autoptr(GError) error = NULL;
    TlsMade made = { NULL, NULL };
    assert_true(tls_make_host(ca, names, role, span, &made, &error));
    return made;
}

static GPtrArray *parsed(const char *pem)
{
    g_autoptr(GBytes) bytes = g_bytes_new(pem, strlen(pem));
    GPtrArray *certificates = tls_certificates_parse(bytes, NULL);
    assert_non_null(certificates);
    return certificates;
}

static void finds_nothing_in_it(void **state)
{
    static const char *const hosts[] = { "a.example", "A.Example", "10.0.0.1" };
    g_auto(TlsMade) ca = ca_of(UNTIL_S);
    g_autoptr(TlsCredentials) credentials = tls_credentials_new("/creds");

    certificates_put(credentials, TLS_FILE_CA_CERT, ca.certificate);
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        g_auto(TlsMade) made = made_of(&ca, role);
        certificates_put(credentials, tls_file_cert(role), made.certificate);
        certificates_put(credentials, tls_file_key(role), made.key);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autoptr(GPtrArray) findings = tls_findings_new();
        const TlsPair pair = { .credentials = { credentials, credentials },
                               .host = hosts[i],
                               .now_s = CERTIFICATES_NOW_S };
        tls_inspect_pair(&pair, findings);
        check_case(hosts[i], findings->len == 0);
    }
}

static void says_what_it_is(void **state)
{
    g_auto(TlsMade) ca = ca_of(UNTIL_S);
    g_auto(TlsMade) made = made_of(&ca, TLS_CLIENT);
    g_autoptr(GPtrArray) certificates = parsed(made.certificate);
    g_autoptr(GPtrArray) cas = parsed(ca.certificate);
    const TlsCertificate *certificate = certificates->pdata[0];
    const TlsCertificate *its_ca = cas->pdata[0];
    g_autofree char *names = tls_certificate_names(certificate);

    assert_string_equal(certificate->subject, "CN=a.example");
    assert_string_equal(names, "a.example, 10.0.0.1");
    assert_true(certificate->from_s == FROM_S);
    assert_true(certificate->until_s == UNTIL_S);
    assert_int_equal(certificate->ca, TLS_CA_NO);
    assert_true(certificate->may_sign && !certificate->usage_is_critical);
    assert_true(certificate->for_client && !certificate->for_server);
    assert_false(tls_certificate_is_for(certificate, "b.example"));
    assert_false(tls_certificate_is_for(certificate, "10.0.0.2"));
    assert_true(its_ca->ca == TLS_CA_YES && its_ca->usage_is_critical &&
                its_ca->may_sign_certificates);
}

static void no_longer_than_the_ca(void **state)
{
    const gint64 until_s = CERTIFICATES_NOW_S + CERTIFICATES_DAY_S;
    g_auto(TlsMade) ca = ca_of(until_s);
    g_auto(TlsMade) made = made_of(&ca, TLS_SERVER);
    g_autoptr(GPtrArray) certificates = parsed(made.certificate);
    const TlsCertificate *certificate = certificates->pdata[0];

    assert_true(certificate->until_s == until_s);
}

static void a_bad_ca_is_told(void **state)
{
    const TlsMade ca = { (char *)"nothing", (char *)"nothing" };
    const TlsSpan span = { FROM_S, UNTIL_S };
    g_autoptr(GPtrArray) names = names_new();
    g_autoptr(GError) error = NULL;
    TlsMade made = { NULL, NULL };

    assert_false(tls_make_host(&ca, names, TLS_SERVER, span, &made, &error));
    assert_true(error->domain == TLS_ERROR_DOMAIN);
    assert_null(made.certificate);
    assert_null(made.key);
}

static void keys_are_long_and_differ(void **state)
{
    g_autofree char *a = tls_make_psk("me", NULL);
    g_autofree char *b = tls_make_psk("me", NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(a, strlen(a));
    g_autoptr(TlsPskFile) file = tls_psk_parse(bytes);
    const TlsPsk *key = tls_psk_find(file, "me");

    assert_non_null(key);
    assert_null(file->bad);
    assert_int_equal(key->bytes, 32);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nothing_in_it),
        cmocka_unit_test(says_what_it_is),
        cmocka_unit_test(no_longer_than_the_ca),
        cmocka_unit_test(a_bad_ca_is_told),
        cmocka_unit_test(keys_are_long_and_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
