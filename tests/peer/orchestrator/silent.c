/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A QEMU that hears and does not answer: this takes as long as its deadline. */
#include "tests/lib/check.h"

#include "tests/lib/fake-pair.h"

static void silent_in_prepare(void **state)
{
    const PairScript script = {
        .reactions = { { "D migrate-incoming", "D:mute" } },
    };
    g_autoptr(FakePair) pair = fake_pair_new(&script);
    const Migration *m = fake_pair_run(pair);

    assert_int_equal(m->outcome, OUTCOME_ERROR);
    assert_int_equal(m->failure.code, FAILURE_MONITOR_SILENT);
    assert_int_equal(m->failure.side, SIDE_DESTINATION);
    check_contains(m->failure.message, "no answer to migrate-incoming");
    assert_string_equal(
        fake_pair_told(pair),
        "S +events +pause-before-switchover +return-path; D +events; "
        "D migrate-incoming; "
        "D -events; S -events -pause-before-switchover -return-path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_in_prepare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
