/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of a host, folders that are written whole or not at all, and reading
 * them again. */
#include "tests/lib/folder.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tls/credentials.h"
#include "tools/tls/issue.h"
#include "tools/tls/names.h"
#include "tools/tls/write.h"

#define NOW_S G_GINT64_CONSTANT(1700000000)

static char *top; /* each test's own folder */

static int make_top(void **state)
{
    top = folder_new();
    return 0;
}

static int remove_top(void **state)
{
    folder_free(top);
    return 0;
}

static const struct {
    const char *text;
    guint n; /* 0: refused */
    guint n_addresses;
} names[] = {
    { "a.example", 1, 0 }, { "a.example,10.0.0.1,fe80::1", 3, 2 },
    { "10.0.0.1", 1, 1 },  { "localhost", 3, 2 },
    { "a_b-c", 1, 0 },     { "", 0 },
    { "a,", 0 },           { ",a", 0 },
    { "a..b", 0 },         { "..", 0 },
    { "../a", 0 },         { "a/b", 0 },
    { ".a", 0 },           { "-a", 0 },
    { "a b", 0 },          { "*.example", 0 },
    { "1.2.3", 0 },        { "1.2.3.256", 0 },
    { "\xc3\xa4", 0 },
};

static void names_are_parsed(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) parsed = names_parse(names[i].text, &error);
        guint n_addresses = 0;

        check_case(names[i].text, !parsed == !names[i].n && !parsed == !!error);
        for (guint j = 0; parsed && j < parsed->len; j++) {
            n_addresses += ((TlsName *)parsed->pdata[j])->n_bytes > 0;
        }
        check_case(names[i].text, !parsed || parsed->len == names[i].n);
        check_case(names[i].text, n_addresses == names[i].n_addresses);
    }
}

static gboolean write_two(const char *a, const char *b, gboolean force,
                          GError **error)
{
    g_autoptr(GPtrArray) folders =
        g_ptr_array_new_with_free_func((GDestroyNotify)write_folder_free);
    const char *const names_of[] = { a, b };
    for (int i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename(top, names_of[i], NULL);
        WriteFolder *folder = write_folder_new(path);
        write_folder_add(folder, "x", names_of[i]);
        g_ptr_array_add(folders, folder);
    }
    return write_folders(folders, force, error);
}

static guint count_in(const char *name)
{
    g_autofree char *path = g_build_filename(top, name, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n = 0;
    while (dir && g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

static unsigned mode_of(const char *name)
{
    g_autofree char *path = g_build_filename(top, name, NULL);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static char *text_of(const char *name)
{
    g_autofree char *path = g_build_filename(top, name, NULL);
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static void writes_for_the_owner_alone(void **state)
{
    mode_t before = umask(0);
    g_autoptr(GError) error = NULL;
    assert_true(write_two("a", "b", FALSE, &error));
    umask(before);
    assert_int_equal(mode_of("a"), 0700);
    assert_int_equal(mode_of("a/x"), 0600);
    assert_int_equal(count_in("."), 2);
}

static void writes_over_nothing(void **state)
{
    g_autoptr(GError) error = NULL;
    folder_put(top, "b/y", "kept");
    assert_false(write_two("a", "b", FALSE, &error));
    check_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    assert_int_equal(count_in("."), 1);
    assert_int_equal(count_in("b"), 1);
}

static void keeps_what_is_not_ours(void **state)
{
    g_autoptr(GError) error = NULL;
    folder_put(top, "b/x", "old");
    folder_put(top, "b/y", "kept");
    assert_true(write_two("a", "b", TRUE, &error));
    g_autofree char *x = text_of("b/x");
    g_autofree char *y = text_of("b/y");
    assert_string_equal(x, "b");
    assert_string_equal(y, "kept");
    assert_int_equal(mode_of("b"), 0700);
    assert_int_equal(count_in("."), 2);
}

/* The second of them cannot be written: there is nothing of the first. */
static void leaves_nothing_after_an_error(void **state)
{
    static const char *const bad[] = { "none/b", "file/b" };
    folder_put(top, "file", "");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(write_two("a", bad[i], FALSE, &error));
        assert_true(error->domain == G_FILE_ERROR);
        assert_int_equal(count_in("."), 1);
    }
}

/* A folder in it cannot come along, so what was there stays as it was. */
static void takes_back_what_it_replaced(void **state)
{
    g_autoptr(GError) error = NULL;
    folder_put(top, "a/x", "old");
    folder_put(top, "b/folder/y", "kept");
    assert_false(write_two("a", "b", TRUE, &error));
    g_autofree char *x = text_of("a/x");
    assert_string_equal(x, "old");
    assert_int_equal(count_in("."), 2);
    assert_int_equal(count_in("b"), 1);
}

/* As on a disk that is full: files are made, and no byte gets into them. */
static void a_full_disk_leaves_nothing(void **state)
{
    g_autoptr(GError) of_folders = NULL, of_secret = NULL;
    g_autofree char *path = g_build_filename(top, "keys.psk", NULL);
    struct rlimit before, none;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    gboolean folders_written = write_two("a", "b", FALSE, &of_folders);
    gboolean secret_written = write_secret(path, "x", FALSE, &of_secret);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(folders_written || secret_written);
    check_contains(of_folders->message, "cannot write ");
    check_contains(of_secret->message, path);
    assert_int_equal(count_in("."), 0);
}

static void one_secret_is_written_as_well(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(top, "keys.psk", NULL);
    assert_true(write_secret(path, "x", FALSE, &error));
    assert_false(write_secret(path, "y", FALSE, &error));
    check_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    g_autofree char *first = text_of("keys.psk");
    assert_string_equal(first, "x");
    assert_true(write_secret(path, "y", TRUE, NULL));
    g_autofree char *second = text_of("keys.psk");
    assert_string_equal(second, "y");
    assert_int_equal(mode_of("keys.psk"), 0600);
    assert_int_equal(count_in("."), 1);
}

static gboolean issue(const char *host, const char *ca, gint64 now_s,
                      GError **error)
{
    g_autoptr(GPtrArray) hosts =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GPtrArray) written = g_ptr_array_new_with_free_func(g_free);
    const IssueWish wish = { top, ca, hosts, 100, FALSE, now_s };

    g_ptr_array_add(hosts, names_parse(host, NULL));
    return issue_certificates(&wish, written, error);
}

static void a_host_can_come_later(void **state)
{
    assert_true(issue("a.example", NULL, NOW_S, NULL));
    g_autofree char *ca = text_of("ca/ca-cert.pem");
    assert_true(issue("b.example", NULL, NOW_S, NULL));
    g_autofree char *of_b = text_of("b.example/ca-cert.pem");
    assert_string_equal(ca, of_b);
    assert_int_equal(count_in("a.example"), 5);
    assert_int_equal(count_in("ca"), 2);
}

static void a_ca_that_cannot_sign_is_refused(void **state)
{
    g_autoptr(GError) expired = NULL, other = NULL, none = NULL;
    assert_true(issue("a.example", NULL, NOW_S, NULL));
    assert_false(issue("b.example", NULL, NOW_S + 400000000, &expired));
    check_contains(expired->message, "expired");
    g_autofree char *key = text_of("a.example/server-key.pem");
    folder_put(top, "ca/ca-key.pem", key);
    assert_false(issue("b.example", NULL, NOW_S, &other));
    check_contains(other->message, "another certificate");
    folder_put(top, "ca/ca-key.pem", NULL);
    assert_false(issue("b.example", NULL, NOW_S, &none));
    check_contains(none->message, "its ca-key.pem cannot be read");
    assert_int_equal(count_in("."), 2);
}

/* Its key can be kept apart from all that is copied to hosts. */
static void the_ca_can_be_elsewhere(void **state)
{
    g_autofree char *ca = g_build_filename(top, "safe", NULL);
    assert_true(issue("a.example", ca, NOW_S, NULL));
    assert_true(issue("b.example", ca, NOW_S, NULL));
    g_autofree char *of_a = text_of("a.example/ca-cert.pem");
    g_autofree char *of_b = text_of("b.example/ca-cert.pem");
    assert_string_equal(of_a, of_b);
    assert_int_equal(count_in("safe"), 2);
    assert_int_equal(count_in("."), 3);
}

static void the_only_host_needs_no_name(void **state)
{
    assert_true(issue("a.example", NULL, NOW_S, NULL));
    g_autoptr(TlsCredentials) only = tls_credentials_load(top, NULL);
    g_autofree char *path = g_build_filename(top, "a.example", NULL);
    assert_string_equal(only->folder, path);
    assert_int_equal(tls_credentials_kind(only), TLS_KIND_X509);

    assert_true(issue("b.example", NULL, NOW_S, NULL));
    g_autoptr(TlsCredentials) none = tls_credentials_load(top, NULL);
    g_autoptr(TlsCredentials) b = tls_credentials_load(top, "b.example");
    assert_string_equal(none->folder, top);
    assert_string_equal(none->hosts, "a.example, b.example");
    assert_int_equal(tls_credentials_kind(none), TLS_KIND_NONE);
    assert_int_equal(tls_credentials_kind(b), TLS_KIND_X509);
}

static void what_cannot_be_read_is_kept_for_telling(void **state)
{
    g_autofree char *fifo = folder_path(top, "d/server-key.pem");
    g_autofree char *folder = g_build_filename(top, "d", NULL);
    g_autofree char *nowhere = g_build_filename(top, "none", NULL);

    assert_int_equal(mkfifo(fifo, 0600), 0);
    folder_put(top, "d/ca-cert.pem", "x");
    g_autoptr(TlsCredentials) credentials = tls_credentials_load(folder, NULL);
    g_autoptr(TlsCredentials) none = tls_credentials_load(nowhere, NULL);
    assert_string_equal(credentials->files[TLS_FILE_SERVER_KEY].error,
                        "it is not a file");
    assert_null(credentials->files[TLS_FILE_CA_CERT].error);
    assert_non_null(none->error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_top, remove_top)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_parsed),
        TEST(writes_for_the_owner_alone),
        TEST(writes_over_nothing),
        TEST(keeps_what_is_not_ours),
        TEST(leaves_nothing_after_an_error),
        TEST(takes_back_what_it_replaced),
        TEST(a_full_disk_leaves_nothing),
        TEST(one_secret_is_written_as_well),
        TEST(a_host_can_come_later),
        TEST(a_ca_that_cannot_sign_is_refused),
        TEST(the_ca_can_be_elsewhere),
        TEST(the_only_host_needs_no_name),
        TEST(what_cannot_be_read_is_kept_for_telling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
