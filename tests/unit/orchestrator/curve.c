/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many bytes a guest dirties in a time, against closed forms. */
#include "tests/lib/check.h"

#include <math.h>

#include "orchestrator/curve.h"

#define MIB (1024.0 * 1024)

/* Within a thousandth of @of. */
#define check_near(what, found, expected, of)                                  \
    do {                                                                       \
        double near_found = (found), near_expected = (expected);               \
                                                                               \
        if (!(fabs(near_found - near_expected) <= 1e-3 * (of))) {              \
            fail_msg("%s: %g, not %g", what, near_found, near_expected);       \
        }                                                                      \
    } while (0)

static void is_straight_between_its_points(void **state)
{
    g_autoptr(Curve) curve = curve_new(1000);

    assert_true(curve_bytes(curve, 5) == 0);
    curve_add(curve, 1, 100);
    check_near("one point", curve_bytes(curve, 0.5), 50, 1);
    check_near("beyond it", curve_bytes(curve, 2), 200, 1);
    curve_add(curve, 3, 140);
    check_near("between", curve_bytes(curve, 2), 120, 1);
    check_near("beyond two", curve_bytes(curve, 5), 180, 1);
    check_near("the most", curve_bytes(curve, 1e9), 1000, 1);
    assert_true(curve_bytes(curve, 0) == 0);
    assert_true(curve_bytes(curve, -1) == 0);
}

static void takes_points_in_any_order(void **state)
{
    g_autoptr(Curve) curve = curve_new(1000);

    curve_add(curve, 4, 400);
    curve_add(curve, 1, 250);
    curve_add(curve, 2, 200);
    check_near("lifted", curve_bytes(curve, 2), 250, 1);
    curve_add(curve, 3, 600);
    check_near("a later one lifted", curve_bytes(curve, 4), 600, 1);
    curve_add(curve, 3, 500);
    check_near("the same time, less", curve_bytes(curve, 3), 600, 1);
    curve_add(curve, 5, 5000);
    check_near("above the most", curve_bytes(curve, 5), 1000, 1);
    curve_add(curve, 0, 7);
    curve_add(curve, -1, 7);
    curve_add(curve, NAN, 7);
    curve_add(curve, 9, NAN);
    assert_true(curve_bytes(curve, 0) == 0);

    g_autoptr(Curve) copy = curve_copy(curve);
    curve_add(copy, 1, 300);
    check_near("the copy", curve_bytes(copy, 1), 300, 1);
    check_near("the original", curve_bytes(curve, 1), 250, 1);
}

static void sequential_goes_round(void **state)
{
    g_autoptr(Curve) curve =
        curve_of_pattern(PATTERN_SEQUENTIAL, 10 * MIB, 50 * MIB);

    check_near("half", curve_bytes(curve, 2.5), 25 * MIB, 50 * MIB);
    check_near("once round", curve_bytes(curve, 5), 50 * MIB, 50 * MIB);
    check_near("and on", curve_bytes(curve, 50), 50 * MIB, 50 * MIB);
}

static void random_saturates(void **state)
{
    double rate = 10 * MIB, size = 50 * MIB;
    g_autoptr(Curve) curve = curve_of_pattern(PATTERN_RANDOM, rate, size);

    for (double t = 1e-4; t < 1000; t *= 1.7) {
        check_near("random", curve_bytes(curve, t),
                   size * (1 - exp(-rate * t / size)), size);
    }
    check_near("at once", curve_bytes(curve, 1e-4), 1e-4 * rate, 1e-4 * rate);
}

static void hot_cold_has_two_parts(void **state)
{
    double rate = 10 * MIB, size = 50 * MIB;
    double hot = size / 10, cold = size - hot;
    g_autoptr(Curve) curve = curve_of_pattern(PATTERN_HOT_COLD, rate, size);

    for (double t = 1e-4; t < 1000; t *= 1.7) {
        check_near("hot and cold", curve_bytes(curve, t),
                   hot * (1 - exp(-0.9 * rate * t / hot)) +
                       cold * (1 - exp(-0.1 * rate * t / cold)),
                   size);
    }
    check_near("in the end", curve_bytes(curve, 1e6), size, size);
}

static void a_guest_that_does_not_write(void **state)
{
    g_autoptr(Curve) no_rate = curve_of_pattern(PATTERN_RANDOM, 0, MIB);
    g_autoptr(Curve) no_set = curve_of_pattern(PATTERN_HOT_COLD, MIB, 0);

    assert_true(curve_bytes(no_rate, 10) == 0);
    assert_true(curve_bytes(no_set, 10) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_straight_between_its_points),
        cmocka_unit_test(takes_points_in_any_order),
        cmocka_unit_test(sequential_goes_round),
        cmocka_unit_test(random_saturates),
        cmocka_unit_test(hot_cold_has_two_parts),
        cmocka_unit_test(a_guest_that_does_not_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
