/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --monitor-tls and the addresses that it is for. */
#include "tools/monitors.h"

#include "tests/lib/folder.h"

static const struct {
    const char *what;
    char *words[2];
    bool has_folder;
    const char *why; /* NULL: none */
} cases[] = {
    { "none", { NULL, NULL }, false, NULL },
    { "no tls", { "/a.qmp", "tcp:b:1" }, false, NULL },
    { "the second alone", { NULL, "tls:b:1" }, true, NULL },
    { "one of two", { "/a.qmp", "tls:b:1" }, true, NULL },
    { "both", { "tls:a:1", "tls:b:1" }, true, NULL },
    { "no folder",
      { "/a.qmp", "tls:b:1" },
      false,
      "tls:b:1: needs --monitor-tls DIR" },
    { "no address",
      { "/a.qmp", "tcp:b:1" },
      true,
      "--monitor-tls is for tls:HOST:PORT" },
    { "nothing at all", { NULL, NULL }, true, "--monitor-tls is for" },
    { "a wrong one", { "tls:a:1", "tls:b" }, true, "tls:b: host and port" },
};

static char *folder;

static void each_tls_address_gets_credentials(void **state)
{
    folder_put(folder, "keys.psk", "qemu:00112233");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        QmpAddress *addresses[2] = { NULL };
        g_autoptr(GError) error = NULL;

        print_message("%s\n", cases[i].what);
        gboolean is_read = monitors_read(cases[i].words, 2,
                                         cases[i].has_folder ? folder : NULL,
                                         addresses, &error);
        assert_int_equal(is_read, cases[i].why == NULL);
        if (!is_read) {
            check_contains(error->message, cases[i].why);
        }
        for (size_t j = 0; j < 2; j++) {
            bool is_tls = is_read && addresses[j] &&
                          addresses[j]->kind == QMP_ADDRESS_TLS;

            assert_true(!is_read ||
                        (addresses[j] && addresses[j]->credentials) == is_tls);
            assert_true(!is_read || !addresses[j] == !cases[i].words[j]);
            qmp_address_free(addresses[j]);
        }
    }
}

static void says_what_is_wrong_with_the_folder(void **state)
{
    char *words[] = { "tls:a:1" };
    QmpAddress *address = NULL;
    g_autoptr(GError) error = NULL;

    folder_put(folder, "keys.psk", "qemu");
    assert_false(monitors_read(words, 1, folder, &address, &error));
    check_contains(error->message, "--monitor-tls: ");
    check_contains(error->message, "keys.psk: its first line is not NAME:KEY");
    qmp_address_free(address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tls_address_gets_credentials),
        cmocka_unit_test(says_what_is_wrong_with_the_folder),
    };

    folder = folder_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    folder_free(folder);
    return failed;
}
