/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which side is named, for every pair of ends, and as real QEMUs ended. */
#include "tests/lib/check.h"

#include "orchestrator/cause.h"

#define F CAUSE_FINE
#define S SIDE_SOURCE
#define D SIDE_DESTINATION
#define N N_SIDES

/* source, destination, and the side: when the source was first, the destination
 * was, and the order is not known. */
static const struct {
    Cause source, destination;
    Side source_first, destination_first, unknown;
} table[] = {
    { F, F, N, N, N },
    { F, CAUSE_FAILED, D, D, D },
    { F, CAUSE_GUEST, D, D, D },
    { F, CAUSE_TOLD, D, D, D },
    { F, CAUSE_DIED, D, D, D },
    { CAUSE_FAILED, F, S, S, S },
    { CAUSE_FAILED, CAUSE_FAILED, S, D, N },
    { CAUSE_FAILED, CAUSE_GUEST, S, D, D },
    { CAUSE_FAILED, CAUSE_TOLD, S, D, D },
    { CAUSE_FAILED, CAUSE_DIED, D, D, D },
    { CAUSE_CANCELLED, F, S, S, S },
    { CAUSE_CANCELLED, CAUSE_FAILED, S, S, S },
    { CAUSE_CANCELLED, CAUSE_GUEST, S, S, S },
    { CAUSE_CANCELLED, CAUSE_TOLD, S, S, S },
    { CAUSE_CANCELLED, CAUSE_DIED, S, S, S },
    { CAUSE_GUEST, F, S, S, S },
    { CAUSE_GUEST, CAUSE_FAILED, S, D, S },
    { CAUSE_GUEST, CAUSE_GUEST, S, D, N },
    { CAUSE_GUEST, CAUSE_TOLD, S, D, N },
    { CAUSE_GUEST, CAUSE_DIED, S, D, S },
    { CAUSE_TOLD, F, S, S, S },
    { CAUSE_TOLD, CAUSE_FAILED, S, D, S },
    { CAUSE_TOLD, CAUSE_GUEST, S, D, N },
    { CAUSE_TOLD, CAUSE_TOLD, S, D, N },
    { CAUSE_TOLD, CAUSE_DIED, S, D, S },
    { CAUSE_DIED, F, S, S, S },
    { CAUSE_DIED, CAUSE_FAILED, S, S, S },
    { CAUSE_DIED, CAUSE_GUEST, S, D, D },
    { CAUSE_DIED, CAUSE_TOLD, S, D, D },
    { CAUSE_DIED, CAUSE_DIED, S, D, N },
};

static CauseVerdict judge(Cause source, int64_t source_us, Cause destination,
                          int64_t destination_us)
{
    const CauseEnd ends[N_SIDES] = { { source, source_us },
                                     { destination, destination_us } };
    return cause_judge(ends);
}

static void each_pair_of_ends_has_its_side(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        Cause source = table[i].source, destination = table[i].destination;
        g_autofree char *name = g_strdup_printf("%s, %s", cause_name(source),
                                                cause_name(destination));
        check_case(name, judge(source, 1000, destination, 2000).side ==
                             table[i].source_first);
        check_case(name, judge(source, 2000, destination, 1000).side ==
                             table[i].destination_first);
        check_case(name,
                   judge(source, 0, destination, 0).side == table[i].unknown);
    }
}

/* Times in ms, as they were measured. */
static const struct {
    const char *what;
    Cause source;
    double source_ms;
    Cause destination;
    double destination_ms;
    Side side;
} measured[] = {
    { "10.0: a block device cannot be inactivated", CAUSE_FAILED, 18.4,
      CAUSE_FAILED, 24.9, S },
    { "11.1: the same", CAUSE_FAILED, 22.8, CAUSE_FAILED, 24.8, S },
    { "7.2: less memory there", CAUSE_FAILED, 2.4, CAUSE_FAILED, 1.8, D },
    { "10.0: the same", CAUSE_FAILED, 43.3, CAUSE_FAILED, 43.1, D },
    { "10.0: a device is missing there", CAUSE_FAILED, 35.0, CAUSE_FAILED, 34.2,
      D },
    { "10.0: -no-reboot", CAUSE_GUEST, 205.8, CAUSE_FAILED, 206.3, S },
    { "7.2: the source is killed", CAUSE_DIED, 221, CAUSE_FAILED, 220.4, S },
    { "7.2: the destination is killed", CAUSE_FAILED, 216, CAUSE_DIED, 217, D },
    { "the destination is killed long after", CAUSE_FAILED, 200, CAUSE_DIED,
      4000, S },
};

static void the_side_of_the_cause_is_named(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(measured); i++) {
        CauseVerdict verdict =
            judge(measured[i].source, (int64_t)(measured[i].source_ms * 1000),
                  measured[i].destination,
                  (int64_t)(measured[i].destination_ms * 1000));
        check_case(measured[i].what, verdict.side == measured[i].side);
    }
}

/* The order that is reported never contradicts the side that is named. */
static void order_agrees_with_the_side(void **state)
{
    CauseVerdict verdict = judge(CAUSE_FAILED, 3000, CAUSE_FAILED, 1000);
    assert_int_equal(verdict.first, D);
    assert_int_equal(verdict.lead_us, 2000);

    verdict = judge(CAUSE_FAILED, 1000, F, 0); /* one alone has no order */
    assert_int_equal(verdict.side, S);
    assert_int_equal(verdict.first, N);
    assert_int_equal(verdict.lead_us, -1);

    verdict = judge(CAUSE_FAILED, 0, CAUSE_FAILED, 1000);
    assert_int_equal(verdict.first, N);
    assert_int_equal(verdict.lead_us, -1);

    verdict = judge(CAUSE_FAILED, 1000, CAUSE_DIED, 3000); /* noticed late */
    assert_int_equal(verdict.first, D);
    assert_int_equal(verdict.lead_us, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pair_of_ends_has_its_side),
        cmocka_unit_test(the_side_of_the_cause_is_named),
        cmocka_unit_test(order_agrees_with_the_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
