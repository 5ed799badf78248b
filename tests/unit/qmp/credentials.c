/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files a folder of credentials has to have, and what is wrong in them. */
#include "qmp/credentials.h"

#include <sys/stat.h>

#include "qmp/credentials-private.h"
#include "qmp/error.h"
#include "tests/lib/fake-ca.h"
#include "tests/lib/folder.h"

static void check_refused(const char *folder, const char *why)
{
    g_autoptr(GError) error = NULL;

    assert_null(qmp_credentials_load(folder, &error));
    check_error(error, QMP_ERROR, QMP_ERROR_USAGE);
    check_contains(error->message, folder);
    check_contains(error->message, why);
}

static void the_folder_says_whether_certificates_or_a_key(void **state)
{
    char *folder = folder_new();
    g_autoptr(FakeCa) ca = fake_ca_new();
    g_autoptr(QmpCredentials) credentials = NULL;

    check_refused(folder, ": has neither ca-cert.pem nor keys.psk");
    fake_ca_put(ca, folder);
    credentials = qmp_credentials_load(folder, NULL);
    assert_non_null(credentials);
    assert_non_null(credentials->x509);
    assert_null(credentials->psk);
    assert_false(credentials->has_certificate);
    folder_put(folder, "keys.psk", "qemu:00ff00ff\n");
    check_refused(folder, ": has both ca-cert.pem and keys.psk");
    folder_put(folder, "ca-cert.pem", NULL);
    g_clear_pointer(&credentials, qmp_credentials_unref);
    credentials = qmp_credentials_load(folder, NULL);
    assert_non_null(credentials->psk);
    assert_null(credentials->x509);
    folder_free(folder);
}

static void a_folder_has_to_be_one(void **state)
{
    check_refused("/nonexistent", "/nonexistent: is no folder");
    check_refused("/dev/null", "/dev/null: is no folder");
}

/* A FIFO without a writer would keep us waiting, /dev/zero fill the memory. */
static void only_small_files_are_read(void **state)
{
    char *folder = folder_new();
    g_autofree char *path = folder_path(folder, "ca-cert.pem");
    g_autofree char *large = g_strnfill((1 << 20) + 1, 'x');

    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused(folder, "ca-cert.pem: it is not a file");
    folder_put_link(folder, "ca-cert.pem", "/dev/zero");
    check_refused(folder, "ca-cert.pem: it is not a file");
    folder_put_link(folder, "ca-cert.pem", NULL);
    folder_put(folder, "ca-cert.pem", large);
    check_refused(folder, "ca-cert.pem: it is too large");
    folder_put(folder, "ca-cert.pem", NULL);
    folder_put_link(folder, "keys.psk", "/dev/zero");
    check_refused(folder, "keys.psk: it is not a file");
    folder_put_link(folder, "keys.psk", NULL);
    folder_free(folder);
}

static void a_key_that_others_can_read_is_warned_of(void **state)
{
    static const struct {
        mode_t mode;
        const char *warning;
    } modes[] = { { 0600, NULL },  { 0400, NULL },  { 0640, NULL },
                  { 0644, "644" }, { 0604, "604" }, { 0660, "660" } };
    char *folder = folder_new();

    folder_put(folder, "keys.psk", "qemu:00ff00ff\n");
    g_autofree char *path = folder_path(folder, "keys.psk");
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        assert_int_equal(chmod(path, modes[i].mode), 0);
        g_autoptr(QmpCredentials) credentials =
            qmp_credentials_load(folder, NULL);
        const char *warning = qmp_credentials_warning(credentials);
        if (modes[i].warning) {
            check_contains(warning, path);
            check_contains(warning, modes[i].warning);
        } else {
            assert_null(warning);
        }
    }
    folder_free(folder);
}

static const struct {
    const char *text;
    const char *name; /* NULL: refused */
    const char *why;
} keys[] = {
    { "qemu:00112233445566778899aabbccddeeff", "qemu", NULL },
    { "qemu:00ff00ff\nother:11\n", "qemu", NULL },
    { "\r\n\na b:00ff00ff\r\n", "a b", NULL },
    { "qemu:00FF00ff", "qemu", NULL },
    { "", NULL, "is not NAME:KEY" },
    { "\n\n", NULL, "is not NAME:KEY" },
    { "qemu", NULL, "is not NAME:KEY" },
    { "qemu:", NULL, "is not NAME:KEY" },
    { ":00ff00ff", NULL, "is not NAME:KEY" },
    { "qemu:0x00ff00ff", NULL, "hexadecimal" },
    { "qemu:xyzxyzxyz", NULL, "hexadecimal" },
    { "qemu:00ff00", NULL, "eight or more" },
};

static void the_first_line_is_the_key(void **state)
{
    char *folder = folder_new();

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        print_message("\"%s\"\n", keys[i].text);
        folder_put(folder, "keys.psk", keys[i].text);
        if (keys[i].name) {
            g_autoptr(QmpCredentials) credentials =
                qmp_credentials_load(folder, NULL);

            assert_non_null(credentials);
            assert_string_equal(credentials->name, keys[i].name);
        } else {
            check_refused(folder, keys[i].why);
        }
    }
    folder_free(folder);
}

static void our_certificate_needs_its_key(void **state)
{
    char *folder = folder_new();
    char *other = folder_new();
    g_autofree char *text = NULL;
    g_autofree char *key = g_build_filename(other, "client-key.pem", NULL);
    g_autoptr(FakeCa) ca = fake_ca_new();
    g_autoptr(QmpCredentials) credentials = NULL;

    fake_ca_put(ca, folder);
    fake_ca_issue(ca, folder, "client",
                  &(FakeCertificate){ .is_client = true });
    credentials = qmp_credentials_load(folder, NULL);
    assert_non_null(credentials);
    assert_true(credentials->has_certificate);
    fake_ca_issue(ca, other, "client", &(FakeCertificate){ .is_client = true });
    assert_true(g_file_get_contents(key, &text, NULL, NULL));
    folder_put(folder, "client-key.pem", text);
    check_refused(folder, "client-key.pem: is not the key of client-cert.pem");
    folder_put(folder, "client-key.pem", NULL);
    check_refused(folder, "client-key.pem: is missing, and client-cert.pem");
    folder_put(folder, "client-key.pem", text);
    folder_put(folder, "client-cert.pem", NULL);
    check_refused(folder, "client-cert.pem: is missing, and client-key.pem");
    folder_free(other);
    folder_free(folder);
}

static void a_file_that_is_none_is_named(void **state)
{
    char *folder = folder_new();
    g_autoptr(FakeCa) ca = fake_ca_new();

    folder_put(folder, "ca-cert.pem", "");
    check_refused(folder, "ca-cert.pem: ");
    folder_put(folder, "ca-cert.pem", "nonsense");
    check_refused(folder, "ca-cert.pem: ");
    fake_ca_put(ca, folder);
    folder_put(folder, "ca-crl.pem", "nonsense");
    check_refused(folder, "ca-crl.pem: ");
    folder_put(folder, "ca-crl.pem", NULL);
    folder_put(folder, "client-cert.pem", "nonsense");
    folder_put(folder, "client-key.pem", "nonsense");
    check_refused(folder, "client-{cert,key}.pem: ");
    folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_folder_says_whether_certificates_or_a_key),
        cmocka_unit_test(a_folder_has_to_be_one),
        cmocka_unit_test(only_small_files_are_read),
        cmocka_unit_test(a_key_that_others_can_read_is_warned_of),
        cmocka_unit_test(the_first_line_is_the_key),
        cmocka_unit_test(our_certificate_needs_its_key),
        cmocka_unit_test(a_file_that_is_none_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
