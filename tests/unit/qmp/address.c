/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words to addresses. */
#include "tests/lib/check.h"

#include "qmp/address.h"
#include "qmp/error.h"

static const struct {
    const char *text;
    QmpAddressKind kind;
    const char *path;
    const char *host;
    int number; /* port or fd */
} good[] = {
    { "unix:/run/a.qmp", QMP_ADDRESS_UNIX, "/run/a.qmp", NULL, -1 },
    { "unix:a:b", QMP_ADDRESS_UNIX, "a:b", NULL, -1 },
    { "/run/a.qmp", QMP_ADDRESS_UNIX, "/run/a.qmp", NULL, -1 },
    { "a.qmp", QMP_ADDRESS_UNIX, "a.qmp", NULL, -1 },
    { "./tcp:x", QMP_ADDRESS_UNIX, "./tcp:x", NULL, -1 },
    { "tcp:localhost:4444", QMP_ADDRESS_TCP, NULL, "localhost", 4444 },
    { "tcp:[::1]:65535", QMP_ADDRESS_TCP, NULL, "::1", 65535 },
    { "tcp:192.0.2.1:1", QMP_ADDRESS_TCP, NULL, "192.0.2.1", 1 },
    { "tls:localhost:4444", QMP_ADDRESS_TLS, NULL, "localhost", 4444 },
    { "tls:[::1]:1", QMP_ADDRESS_TLS, NULL, "::1", 1 },
    { "fd:0", QMP_ADDRESS_FD, NULL, NULL, 0 },
    { "fd:17", QMP_ADDRESS_FD, NULL, NULL, 17 },
    { "exec:ssh host socat - UNIX:/run/a", QMP_ADDRESS_EXEC,
      "ssh host socat - UNIX:/run/a", NULL, -1 },
};

static void reads_each_kind(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(QmpAddress) address = qmp_address_parse(good[i].text, &error);
        g_autoptr(QmpAddress) copy = NULL;

        check_no_error(error);
        copy = qmp_address_copy(address);
        assert_string_equal(copy->text, good[i].text);
        check_case(good[i].text, copy->kind == good[i].kind);
        check_case(good[i].text, g_strcmp0(copy->path, good[i].path) == 0);
        check_case(good[i].text, g_strcmp0(copy->host, good[i].host) == 0);
        check_case(good[i].text, good[i].number < 0 ||
                                     copy->port == good[i].number ||
                                     copy->fd == good[i].number);
        assert_true(qmp_address_equal(address, copy));
    }
}

static const struct {
    const char *text;
    const char *why;
} bad[] = {
    { "", "a path is missing" },
    { "unix:", "a path is missing" },
    { "tcp:", "host and port" },
    { "tcp:localhost", "host and port" },
    { "tcp::4444", "host and port" },
    { "tcp:localhost:", "from 1 to 65535" },
    { "tcp:localhost:0", "from 1 to 65535" },
    { "tcp:localhost:65536", "from 1 to 65535" },
    { "tcp:localhost:qmp", "from 1 to 65535" },
    { "tcp:::1:4444", "brackets" },
    { "tcp:[::1:4444", "brackets" },
    { "tcp:[]:4444", "brackets" },
    { "tls:localhost", "host and port" },
    { "tls:::1:4444", "brackets" },
    { "tls:localhost:0", "from 1 to 65535" },
    { "fd:", "is a number" },
    { "fd:-1", "is a number" },
    { "fd:99999999999", "is a number" },
    { "exec:", "a command is missing" },
    { "udp:localhost:1", "unknown kind" },
    { "Unix:/run/a", "unknown kind" },
};

static void refuses_with_a_reason_and_the_forms(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        assert_null(qmp_address_parse(bad[i].text, &error));
        check_error(error, QMP_ERROR, QMP_ERROR_USAGE);
        check_contains(error->message, bad[i].why);
        check_contains(error->message, "tcp:HOST:PORT, tls:HOST:PORT");
    }
}

static void a_path_has_to_fit_a_socket(void **state)
{
    g_autofree char *name = g_strnfill(107, 'x');
    g_autofree char *longer = g_strnfill(108, 'x');
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpAddress) address = qmp_address_parse(name, &error);

    check_no_error(error);
    assert_string_equal(address->path, name);
    assert_null(qmp_address_parse(longer, &error));
    check_contains(error->message, "107 bytes");
}

static const struct {
    const char *a, *b;
    bool equal;
} pairs[] = {
    { "unix:/a", "/a", true },
    { "/a", "/b", false },
    { "tcp:Host:1", "tcp:host:1", true },
    { "tcp:host:1", "tcp:host:2", false },
    { "tcp:[::1]:1", "tcp:127.0.0.1:1", false },
    { "tls:host:1", "tls:HOST:1", true },
    { "tls:host:1", "tcp:host:1", false },
    { "fd:3", "fd:3", true },
    { "fd:3", "fd:4", false },
    { "exec:a", "exec:a", true },
    { "exec:/a", "unix:/a", false },
};

static void knows_the_same_place(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(QmpAddress) a = qmp_address_parse(pairs[i].a, NULL);
        g_autoptr(QmpAddress) b = qmp_address_parse(pairs[i].b, NULL);

        check_case(pairs[i].a, qmp_address_equal(a, b) == pairs[i].equal);
        check_case(pairs[i].a, qmp_address_equal(b, a) == pairs[i].equal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_kind),
        cmocka_unit_test(refuses_with_a_reason_and_the_forms),
        cmocka_unit_test(a_path_has_to_fit_a_socket),
        cmocka_unit_test(knows_the_same_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
