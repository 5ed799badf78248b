/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each attempt to mend a post-copy is made of. */
#include "tests/lib/check.h"

#include "orchestrator/recovery.h"

#include <glib.h>

#define HERE  "unix:/run/stream"
#define THERE "tcp:192.0.2.1:0"

static void waits_longer_each_time(void **state)
{
    static const int64_t right_ms[] = { 100,  100,  200,  400, 800,
                                        1600, 3200, 5000, 5000 };

    for (size_t i = 0; i < G_N_ELEMENTS(right_ms); i++) {
        assert_int_equal(recovery_back_off_us(i), right_ms[i] * 1000);
    }
    assert_int_equal(recovery_back_off_us(G_MAXUINT), 5000000);
}

static void takes_turns(void **state)
{
    assert_string_equal(recovery_uri(1, HERE, NULL), HERE);
    assert_string_equal(recovery_uri(2, HERE, NULL), HERE);
    assert_string_equal(recovery_uri(1, HERE, THERE), HERE);
    assert_string_equal(recovery_uri(2, HERE, THERE), THERE);
    assert_string_equal(recovery_uri(3, HERE, THERE), HERE);
}

static const struct {
    const char *what, *uri, *migrate_uri, *right;
} homes[] = {
    { "a path", HERE, HERE, HERE },
    { "the port that QEMU chose", "tcp:0.0.0.0:0", "tcp:192.0.2.1:4444",
      "tcp:0.0.0.0:4444" },
    { "a port of the user's", "tcp:[::]:5555", "tcp:[2001:db8::1]:5555",
      "tcp:[::]:5555" },
    { "from another process", THERE, NULL, THERE },
};

static void finds_where_it_was(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(homes); i++) {
        g_autofree char *home =
            recovery_home(homes[i].uri, homes[i].migrate_uri);
        check_case(homes[i].what, g_strcmp0(home, homes[i].right) == 0);
    }
}

static void a_connect_over_a_network_is_waited_out(void **state)
{
    assert_true(recovery_mute_us(HERE) <= 2 * G_USEC_PER_SEC);
    assert_true(recovery_mute_us(THERE) > 130 * G_USEC_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_longer_each_time),
        cmocka_unit_test(takes_turns),
        cmocka_unit_test(finds_where_it_was),
        cmocka_unit_test(a_connect_over_a_network_is_waited_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
