/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each finding about one folder: what is wrong, and that nothing else is said. */
#include <gnutls/x509.h>

#include "tests/lib/certificates.h"
#include "tls/inspect.h"

#define NONE N_TLS_FINDINGS

typedef struct {
    TlsCredentials *credentials;
    Certificate ca;
} Folder;

typedef struct {
    const char *what;
    CertificateSpec ca, host;
    void (*spoil)(Folder *folder, TlsRole role);
    TlsFindingCode code;
    TlsSeverity severity;
    const char *says;
    bool only_warns_client, only_of_server;
} Case;

static char *text_of(const Folder *folder, TlsFileId id)
{
    gsize n;
    const char *text =
        g_bytes_get_data(folder->credentials->files[id].bytes, &n);
    return g_strndup(text, n);
}

static void put(Folder *folder, TlsFileId id, const char *text)
{
    certificates_put(folder->credentials, id, text);
}

static void drop(Folder *folder, TlsFileId id)
{
    g_clear_pointer(&folder->credentials->files[id].bytes, g_bytes_unref);
}

static void without_ca(Folder *folder, TlsRole role)
{
    drop(folder, TLS_FILE_CA_CERT);
}

static void without_certificate(Folder *folder, TlsRole role)
{
    drop(folder, tls_file_cert(role));
}

static void without_key(Folder *folder, TlsRole role)
{
    drop(folder, tls_file_key(role));
}

static void unreadable_key(Folder *folder, TlsRole role)
{
    drop(folder, tls_file_key(role));
    folder->credentials->files[tls_file_key(role)].error =
        g_strdup("Permission denied");
}

static void unreadable_folder(Folder *folder, TlsRole role)
{
    folder->credentials->error = g_strdup("Not a directory");
}

static void empty_folder(Folder *folder, TlsRole role)
{
    for (TlsFileId id = 0; id < N_TLS_FILES; id++) {
        drop(folder, id);
    }
}

static void folder_of_hosts(Folder *folder, TlsRole role)
{
    empty_folder(folder, role);
    folder->credentials->hosts = g_strdup("a, b");
}

static void absent_folder(Folder *folder, TlsRole role)
{
    folder->credentials->error = g_strdup("No such file or directory");
    folder->credentials->is_absent = true;
}

static void bad_ca(Folder *folder, TlsRole role)
{
    put(folder, TLS_FILE_CA_CERT, "-----BEGIN CERTIFICATE-----\nnothing\n");
}

static void bad_certificate(Folder *folder, TlsRole role)
{
    put(folder, tls_file_cert(role), "nothing");
}

static void bad_key(Folder *folder, TlsRole role)
{
    put(folder, tls_file_key(role), "");
}

static void bad_crl(Folder *folder, TlsRole role)
{
    put(folder, TLS_FILE_CA_CRL, "nothing");
}

static void encrypted_key(Folder *folder, TlsRole role)
{
    g_autofree char *key = text_of(folder, tls_file_key(role));
    const Certificate host = { NULL, key };
    g_autofree char *encrypted = certificate_encrypt(&host);
    put(folder, tls_file_key(role), encrypted);
}

static void open_key(Folder *folder, TlsRole role)
{
    folder->credentials->files[tls_file_key(role)].mode = 0604;
}

static void key_of_the_group(Folder *folder, TlsRole role)
{
    folder->credentials->files[tls_file_key(role)].mode = 0640;
}

static void key_of_the_ca(Folder *folder, TlsRole role)
{
    put(folder, TLS_FILE_CA_KEY, folder->ca.key);
}

static void psk_too(Folder *folder, TlsRole role)
{
    put(folder, TLS_FILE_PSK, "qemu:00112233445566778899aabbccddeeff\n");
}

static void other_key(Folder *folder, TlsRole role)
{
    put(folder, tls_file_key(role), folder->ca.key);
}

static void other_ca(Folder *folder, TlsRole role)
{
    g_auto(Certificate) ca = certificate_ca(NULL, NULL);
    put(folder, TLS_FILE_CA_CERT, ca.certificate);
}

/* The host's signed by one that the CA signed. */
static void between(Folder *folder, TlsRole role, TlsFileId id, bool both)
{
    const CertificateSpec spec = { .name = "between" };
    g_auto(Certificate) middle = certificate_ca(&spec, &folder->ca);
    g_auto(Certificate) host = certificate_host(NULL, role, &middle);
    g_autofree char *before = text_of(folder, TLS_FILE_CA_CERT);
    g_autofree char *with =
        g_strconcat(id == TLS_FILE_CA_CERT ? before : host.certificate,
                    middle.certificate, NULL);

    put(folder, tls_file_cert(role), host.certificate);
    put(folder, tls_file_key(role), host.key);
    if (both) {
        put(folder, id, with);
    }
}

static void between_nowhere(Folder *folder, TlsRole role)
{
    between(folder, role, TLS_FILE_CA_CERT, /* both= */ false);
}

static void between_at_the_host(Folder *folder, TlsRole role)
{
    between(folder, role, tls_file_cert(role), /* both= */ true);
}

static void between_at_the_ca(Folder *folder, TlsRole role)
{
    between(folder, role, TLS_FILE_CA_CERT, /* both= */ true);
}

static void put_crl(Folder *folder, const Certificate *ca, TlsFileId revoked,
                    int until_d)
{
    g_autofree char *text =
        revoked < N_TLS_FILES ? text_of(folder, revoked) : NULL;
    const Certificate host = { text, NULL };
    g_autofree char *crl = certificate_crl(ca, text ? &host : NULL, until_d);
    put(folder, TLS_FILE_CA_CRL, crl);
}

static void revoked(Folder *folder, TlsRole role)
{
    put_crl(folder, &folder->ca, tls_file_cert(role), 10);
}

static void nobody_revoked(Folder *folder, TlsRole role)
{
    put_crl(folder, &folder->ca, N_TLS_FILES, 10);
}

static void old_crl(Folder *folder, TlsRole role)
{
    put_crl(folder, &folder->ca, N_TLS_FILES, -10);
}

static void crl_of_another(Folder *folder, TlsRole role)
{
    const CertificateSpec spec = { .name = "another CA" };
    g_auto(Certificate) ca = certificate_ca(&spec, NULL);
    put_crl(folder, &ca, N_TLS_FILES, 10);
}

/* clang-format off */
static const Case cases[] = {
    { "right", .code = NONE },
    { "no ca", .spoil = without_ca, .code = TLS_FINDING_MISSING,
      .severity = TLS_ERROR, .says = "ca-cert.pem" },
    { "no certificate", .spoil = without_certificate,
      .code = TLS_FINDING_MISSING, .severity = TLS_ERROR, .says = "-cert.pem" },
    { "no key", .spoil = without_key, .code = TLS_FINDING_MISSING,
      .severity = TLS_ERROR, .says = "-key.pem" },
    { "nothing", .spoil = empty_folder, .code = TLS_FINDING_MISSING,
      .severity = TLS_ERROR, .says = "/creds: " },
    { "a folder of hosts", .spoil = folder_of_hosts,
      .code = TLS_FINDING_MISSING, .severity = TLS_ERROR, .says = ": a, b" },
    { "no folder", .spoil = absent_folder, .code = TLS_FINDING_MISSING,
      .severity = TLS_ERROR, .says = "/creds: No such file" },
    { "unreadable key", .spoil = unreadable_key,
      .code = TLS_FINDING_UNREADABLE, .severity = TLS_ERROR,
      .says = "Permission denied" },
    { "unreadable folder", .spoil = unreadable_folder,
      .code = TLS_FINDING_UNREADABLE, .severity = TLS_ERROR,
      .says = "/creds: Not a directory" },
    { "bad ca", .spoil = bad_ca, .code = TLS_FINDING_UNPARSABLE,
      .severity = TLS_ERROR, .says = "certificates" },
    { "bad certificate", .spoil = bad_certificate,
      .code = TLS_FINDING_UNPARSABLE, .severity = TLS_ERROR,
      .says = "a certificate" },
    { "bad key", .spoil = bad_key, .code = TLS_FINDING_UNPARSABLE,
      .severity = TLS_ERROR, .says = "private key" },
    { "bad CRL", .spoil = bad_crl, .code = TLS_FINDING_UNPARSABLE,
      .severity = TLS_ERROR, .says = "revoked", .only_warns_client = true },
    { "encrypted key", .spoil = encrypted_key, .code = TLS_FINDING_ENCRYPTED,
      .severity = TLS_ERROR, .says = "passphrase" },
    { "key for others", .spoil = open_key, .code = TLS_FINDING_KEY_READABLE,
      .severity = TLS_WARNING, .says = "604" },
    { "key for the group", .spoil = key_of_the_group, .code = NONE },
    { "key of the CA", .spoil = key_of_the_ca, .code = TLS_FINDING_CA_KEY,
      .severity = TLS_WARNING, .says = "ca-key.pem" },
    { "a PSK too", .spoil = psk_too, .code = TLS_FINDING_UNUSED,
      .severity = TLS_NOTE, .says = "keys.psk" },
    { "expired", .host = { .from_d = -20, .until_d = -10 },
      .code = TLS_FINDING_EXPIRED, .severity = TLS_ERROR,
      .says = "CN=a.example expired at 2023-11-04 22:13:20 UTC" },
    { "not yet valid", .host = { .from_d = 10 },
      .code = TLS_FINDING_NOT_YET_VALID, .severity = TLS_ERROR,
      .says = "before 2023-11-24" },
    { "expires in 30 days", .host = { .until_d = 29 },
      .code = TLS_FINDING_EXPIRES_SOON, .severity = TLS_WARNING,
      .says = "expires at" },
    { "expires in 31 days", .host = { .until_d = 31 }, .code = NONE },
    { "CA expired", .ca = { .from_d = -20, .until_d = -10 },
      .code = TLS_FINDING_EXPIRED, .severity = TLS_ERROR, .says = "CN=a CA" },
    { "CA not yet valid", .ca = { .from_d = 10 },
      .code = TLS_FINDING_NOT_YET_VALID, .severity = TLS_ERROR,
      .says = "CN=a CA" },
    { "host is a CA",
      .host = { .ca = 1, .usage = GNUTLS_KEY_DIGITAL_SIGNATURE |
                GNUTLS_KEY_KEY_ENCIPHERMENT | GNUTLS_KEY_KEY_CERT_SIGN },
      .code = TLS_FINDING_IS_A_CA, .severity = TLS_ERROR, .says = "a.example" },
    { "host does not say that it is no CA", .host = { .ca = -2 }, .code = NONE },
    { "may not sign", .host = { .usage = GNUTLS_KEY_KEY_ENCIPHERMENT },
      .code = TLS_FINDING_USAGE, .severity = TLS_ERROR,
      .says = "digital signatures" },
    { "may not sign, not critical",
      .host = { .usage = GNUTLS_KEY_KEY_ENCIPHERMENT, .usage_is_lax = true },
      .code = TLS_FINDING_USAGE, .severity = TLS_WARNING,
      .says = "digital signatures" },
    { "may not encipher", .host = { .usage = GNUTLS_KEY_DIGITAL_SIGNATURE },
      .code = TLS_FINDING_USAGE, .severity = TLS_WARNING,
      .says = "enciphering" },
    { "may not encipher, not critical",
      .host = { .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .usage_is_lax = true },
      .code = NONE },
    { "CA's usage, not critical",
      .ca = { .usage = GNUTLS_KEY_CRL_SIGN, .usage_is_lax = true },
      .code = TLS_FINDING_USAGE, .severity = TLS_ERROR,
      .says = "signing certificates" },
    { "CA is none", .ca = { .ca = -1 }, .code = TLS_FINDING_NOT_A_CA,
      .severity = TLS_ERROR, .says = "CN=a CA is no CA" },
    { "CA does not say so", .ca = { .ca = -2 }, .code = TLS_FINDING_NOT_A_CA,
      .severity = TLS_ERROR, .says = "CN=a CA is no CA" },
    { "other purpose", .host = { .purpose = GNUTLS_KP_CODE_SIGNING },
      .code = TLS_FINDING_PURPOSE, .severity = TLS_WARNING,
      .says = "not for a TLS" },
    { "other purpose, critical",
      .host = { .purpose = GNUTLS_KP_CODE_SIGNING, .purpose_is_strict = true },
      .code = TLS_FINDING_PURPOSE, .severity = TLS_ERROR,
      .says = "not for a TLS" },
    { "any purpose", .host = { .purpose = GNUTLS_KP_ANY }, .code = NONE },
    { "no purpose", .host = { .purpose = "" }, .code = NONE },
    { "short key", .host = { .rsa_bits = 1024 }, .code = TLS_FINDING_WEAK_KEY,
      .severity = TLS_WARNING, .says = "RSA of 1024 bits" },
    { "long enough", .host = { .rsa_bits = 2048 }, .code = NONE },
    { "broken hash", .host = { .sha1 = true },
      .code = TLS_FINDING_WEAK_SIGNATURE, .severity = TLS_ERROR,
      .says = "SHA1" },
    { "broken hash of the root", .ca = { .sha1 = true }, .code = NONE },
    { "other CA", .spoil = other_ca, .code = TLS_FINDING_UNTRUSTED,
      .severity = TLS_ERROR, .says = "not signed by" },
    { "one between", .spoil = between_nowhere, .code = TLS_FINDING_UNTRUSTED,
      .severity = TLS_ERROR, .says = "not signed by" },
    { "one between, with the host", .spoil = between_at_the_host,
      .code = TLS_FINDING_UNTRUSTED, .severity = TLS_ERROR,
      .says = "not signed by" },
    { "one between, with the CA", .spoil = between_at_the_ca, .code = NONE },
    { "other key", .spoil = other_key, .code = TLS_FINDING_KEY_MISMATCH,
      .severity = TLS_ERROR, .says = "not the key of CN=a.example" },
    { "revoked", .spoil = revoked, .code = TLS_FINDING_REVOKED,
      .severity = TLS_ERROR, .says = "listed" },
    { "nobody revoked", .spoil = nobody_revoked, .code = NONE },
    { "old CRL", .spoil = old_crl, .code = TLS_FINDING_CRL_EXPIRED,
      .severity = TLS_WARNING, .says = "due at 2023-11-04" },
    { "other CA's CRL", .spoil = crl_of_another,
      .code = TLS_FINDING_CRL_ISSUER, .severity = TLS_WARNING,
      .says = "not signed" },
    { "other host", .host = { .host = "b.example" }, .code = TLS_FINDING_NAME,
      .severity = TLS_ERROR, .says = "a.example, but for b.example",
      .only_of_server = true },
};
/* clang-format on */

static void look(const Case *one, Folder *folder, TlsRole role)
{
    g_autoptr(GPtrArray) findings = tls_findings_new();
    const TlsLook look = { .credentials = folder->credentials,
                           .role = role,
                           .host = CERTIFICATES_HOST,
                           .now_s = CERTIFICATES_NOW_S };

    tls_inspect(&look, findings);
    bool is_client = role == TLS_CLIENT;
    bool is_none = one->code == NONE || (is_client && one->only_of_server);
    for (guint i = 0; i < findings->len; i++) {
        const TlsFinding *finding = findings->pdata[i];
        print_message("%s, %s: %s\n", one->what,
                      tls_finding_row(finding->code)->word, finding->text);
    }
    check_case(one->what, findings->len == (is_none ? 0 : 1));
    if (!is_none) {
        const TlsFinding *finding = findings->pdata[0];
        g_autofree char *text = tls_finding_to_text(finding);
        TlsSeverity severity =
            is_client && one->only_warns_client ? TLS_WARNING : one->severity;
        check_case(one->what, finding->code == one->code);
        check_case(one->what, finding->severity == severity);
        check_case(one->what, finding->role == role && finding->hint);
        check_contains(text, one->says);
    }
}

static void each_fault_is_found(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
            Folder folder = { NULL };
            folder.credentials =
                certificates_folder(&cases[i].ca, &cases[i].host, &folder.ca);
            if (cases[i].spoil) {
                cases[i].spoil(&folder, role);
            }
            look(&cases[i], &folder, role);
            tls_credentials_free(folder.credentials);
            certificate_clear(&folder.ca);
        }
    }
}

/* The last second of a certificate still counts, as it does for QEMU. */
static void the_last_second_counts(void **state)
{
    g_autoptr(TlsCredentials) credentials =
        certificates_folder(NULL, NULL, NULL);
    const gint64 last_s = CERTIFICATES_NOW_S + 100 * CERTIFICATES_DAY_S;

    for (int late = 0; late < 2; late++) {
        g_autoptr(GPtrArray) findings = tls_findings_new();
        const TlsLook look = { credentials, TLS_SERVER, NULL, NULL,
                               last_s + late };
        tls_inspect(&look, findings);
        assert_int_equal(tls_findings_have_error(findings), late);
    }
}

static const struct {
    const char *what, *text, *identity;
    TlsFindingCode code;
    TlsSeverity severity;
} keys[] = {
    { "right", "qemu:00112233445566778899aabbccddeeff\n", NULL, NONE },
    { "identity there", "a:00112233\nqemu:00112233445566778899aabbccddeeff",
      "qemu", TLS_FINDING_WEAK_KEY, TLS_WARNING },
    { "identity not there", "a:00112233445566778899aabbccddeeff\n", "qemu",
      TLS_FINDING_IDENTITY, TLS_ERROR },
    { "short", "qemu:00112233\n", NULL, TLS_FINDING_WEAK_KEY, TLS_WARNING },
    { "too short", "qemu:001122\n", NULL, TLS_FINDING_WEAK_KEY, TLS_ERROR },
    { "nothing", "", NULL, TLS_FINDING_UNPARSABLE, TLS_ERROR },
    { "no key", "qemu:\n", NULL, TLS_FINDING_UNPARSABLE, TLS_ERROR },
    { "no hexadecimal", "qemu:secret\n", NULL, TLS_FINDING_UNPARSABLE,
      TLS_ERROR },
    { "carriage return", "qemu:00112233445566778899aabbccddeeff\r\n", NULL,
      TLS_FINDING_UNPARSABLE, TLS_ERROR },
    { "one line bad", "x\nqemu:00112233445566778899aabbccddeeff\n", NULL,
      TLS_FINDING_UNPARSABLE, TLS_WARNING },
};

static void keys_are_looked_at(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(TlsCredentials) credentials = tls_credentials_new("/creds");
        g_autoptr(GPtrArray) findings = tls_findings_new();
        const TlsLook look = { .credentials = credentials,
                               .role = TLS_CLIENT,
                               .identity = keys[i].identity };

        certificates_put(credentials, TLS_FILE_PSK, keys[i].text);
        tls_inspect(&look, findings);
        check_case(keys[i].what,
                   findings->len == (keys[i].code == NONE ? 0 : 1));
        if (findings->len) {
            const TlsFinding *finding = findings->pdata[0];
            check_case(keys[i].what, finding->code == keys[i].code &&
                                         finding->severity == keys[i].severity);
        }
    }
}

/* Whoever looks twice is told the same, and the folder is as it was. */
static void looking_changes_nothing(void **state)
{
    g_autoptr(TlsCredentials) credentials =
        certificates_folder(NULL, NULL, NULL);
    g_autoptr(GPtrArray) findings = tls_findings_new();
    const TlsLook look = { credentials, TLS_SERVER, "b.example", NULL,
                           CERTIFICATES_NOW_S };

    tls_inspect(&look, findings);
    tls_inspect(&look, findings);
    assert_int_equal(findings->len, 1);
    assert_int_equal(((TlsFinding *)findings->pdata[0])->role, TLS_SERVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_found),
        cmocka_unit_test(the_last_second_counts),
        cmocka_unit_test(keys_are_looked_at),
        cmocka_unit_test(looking_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
