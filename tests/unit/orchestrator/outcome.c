/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exit codes are a promise to scripts: none may ever change. */
#include "tests/lib/check.h"

#include "orchestrator/outcome.h"

static const struct {
    Outcome outcome;
    int exit_code;
    const char *name, *guest;
} promised[] = {
    { OUTCOME_MIGRATED, 0, "migrated", "destination" },
    { OUTCOME_ERROR, 1, "error", "source" },
    { OUTCOME_USAGE, 2, "usage", "source" },
    { OUTCOME_REFUSED, 3, "refused", "source" },
    { OUTCOME_FAILED, 4, "failed", "source" },
    { OUTCOME_CANCELLED, 5, "cancelled", "source" },
    { OUTCOME_POSTCOPY_PAUSED, 6, "postcopy-paused", "split" },
    { OUTCOME_UNRESOLVED, 7, "unresolved", "unknown" },
    { OUTCOME_LOST, 8, "lost", "none" },
    { OUTCOME_VERDICT, 9, "verdict", "destination" },
    { OUTCOME_SKIP, 125, "skip", "none" },
};

static void keeps_its_promise(void **state)
{
    assert_int_equal(G_N_ELEMENTS(promised), N_OUTCOMES);
    for (size_t i = 0; i < G_N_ELEMENTS(promised); i++) {
        const OutcomeRow *row = outcome_row(promised[i].outcome);

        assert_int_equal(row->exit_code, promised[i].exit_code);
        assert_string_equal(row->name, promised[i].name);
        assert_string_equal(row->guest, promised[i].guest);
        assert_true(strlen(row->meaning) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_promise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
