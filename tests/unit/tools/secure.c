/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for TLS, and the credentials that a lab makes for itself. */
#include "tools/secure.h"

#include "tests/lib/folder.h"
#include "tls/credentials.h"
#include "tls/inspect.h"
#include "tools/lab/credentials.h"

static char *folder;

static const struct {
    const char *what;
    SecureWords words;
    const char *wish; /* NULL: none */
    bool in_lab;
    const char *made; /* NULL: none */
    const char *why;  /* NULL: taken */
} cases[] = {
    { "nothing", { NULL } },
    { "a folder", { .folder = (char *)"/d" } },
    { "two", { .of_side = { (char *)"/a", (char *)"/b" } } },
    { "one and one for both",
      { .folder = (char *)"/d", .of_side = { (char *)"/a" } } },
    { "one alone",
      { .of_side = { (char *)"/a" } },
      .why = "--tls-destination" },
    { "the other",
      { .of_side = { NULL, (char *)"/b" } },
      .why = "--tls-source" },
    { "no folder", { .folder = (char *)"" }, .why = "qmigrate tls make" },
    { "a hostname alone",
      { .hostname = (char *)"a" },
      .why = "--tls-hostname needs --tls" },
    { "an identity alone",
      { .identity = (char *)"a" },
      .why = "--tls-identity needs --tls" },
    { "an identity that cannot be",
      { .folder = (char *)"/d", .identity = (char *)"a:b" },
      .why = "--tls-identity: 'a:b'" },
    { "somebody's own objects",
      { .folder = (char *)"/d" },
      .wish = "tls-creds",
      .why = "--tls and --set tls-creds" },
    { "in a lab", { .folder = (char *)"" }, NULL, true, "x509" },
    { "x509 there", { .folder = (char *)"x509" }, NULL, true, "x509" },
    { "psk there", { .folder = (char *)"psk" }, NULL, true, "psk" },
    { "a folder there", { .folder = (char *)"/d" }, NULL, true },
    { "a folder of that name", { .folder = (char *)"./psk" }, NULL, true },
    { "made, and a folder",
      { .folder = (char *)"psk", .of_side = { (char *)"/a" } },
      .in_lab = true,
      .why = "do not go" },
    { "made, and own objects",
      { .folder = (char *)"psk" },
      .wish = "tls-authz",
      .in_lab = true,
      .why = "--set tls-authz" },
};

static void words_are_taken_or_refused(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        MigrationSettings settings = {
            .wishes =
                g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free),
        };
        const char *made = NULL;
        g_autoptr(GError) error = NULL;

        print_message("%s\n", cases[i].what);
        if (cases[i].wish) {
            g_ptr_array_add(settings.wishes,
                            caps_wish_parameter(cases[i].wish, "mine"));
        }
        gboolean is_taken = secure_take(&cases[i].words, &settings,
                                        cases[i].in_lab ? &made : NULL, &error);
        assert_int_equal(is_taken, cases[i].why == NULL);
        if (!is_taken) {
            check_contains(error->message, cases[i].why);
        } else {
            assert_int_equal(g_strcmp0(made, cases[i].made), 0);
            assert_true(!settings.secure == (i == 0));
        }
        migration_settings_clear(&settings);
    }
}

static void a_lab_makes_what_both_take(void **state)
{
    static const struct {
        const char *kind, *identity;
    } makes[] = { { "x509", NULL }, { "psk", NULL }, { "psk", "me" } };

    for (size_t i = 0; i < G_N_ELEMENTS(makes); i++) {
        g_autofree char *name = g_strdup_printf("%zu", i);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(GError) error = NULL;

        assert_int_equal(g_mkdir(path, 0700), 0);
        assert_true(
            credentials_make(path, makes[i].kind, makes[i].identity, &error));
        g_autoptr(TlsCredentials) both = tls_credentials_load(path, NULL);
        g_autoptr(GPtrArray) findings = tls_findings_new();
        bool is_psk = g_str_equal(makes[i].kind, "psk");
        const TlsPair pair = { .credentials = { both, both },
                               .host = is_psk ? NULL : "127.0.0.1",
                               .identity = makes[i].identity,
                               .now_s = g_get_real_time() / G_USEC_PER_SEC };
        tls_inspect_pair(&pair, findings);
        assert_int_equal(findings->len, 0);
        assert_false(tls_credentials_has(both, TLS_FILE_CA_KEY));
        for (TlsFileId id = 0; id < N_TLS_FILES; id++) {
            assert_true(!both->files[id].bytes ||
                        (both->files[id].mode & 0777) == 0600);
        }
        /* never over what is there */
        assert_false(
            credentials_make(path, makes[i].kind, makes[i].identity, &error));
    }
}

static int make_folder(void **state)
{
    folder = folder_new();
    return 0;
}

static int remove_folder(void **state)
{
    folder_free(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_taken_or_refused),
        cmocka_unit_test_setup_teardown(a_lab_makes_what_both_take, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
