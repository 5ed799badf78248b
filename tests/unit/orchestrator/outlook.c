/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the passes to come will leave: fitted to guests whose W is known. */
#include "tests/lib/check.h"

#include <math.h>

#include "orchestrator/outlook.h"

static void check_near(const char *what, double is, double wanted, double part)
{
    if (!(fabs(is - wanted) <= fabs(wanted) * part)) {
        fail_msg("%s: %g instead of %g", what, is, wanted);
    }
}

/* Anywhere in @most at @rate. */
static DirtyPoint random_point(double most, double rate, double seconds)
{
    return (DirtyPoint){ seconds, most * -expm1(-rate * seconds / most) };
}

static void a_random_guest_is_known_after_two_passes(void **state)
{
    const DirtyPoint points[] = { random_point(1000, 80, 160),
                                  random_point(1000, 80, 10) };
    DirtyFit fit = dirty_fit(points, 2);
    check_near("rate", fit.rate_bytes_per_s, 80, 0.01);
    check_near("working set", fit.most_bytes, 1000, 0.01);
    check_near("W(3)", dirty_fit_bytes(&fit, 3), 1000 * -expm1(-0.24), 0.01);
    check_near("back", dirty_fit_seconds(&fit, dirty_fit_bytes(&fit, 3)), 3,
               0.001);
    assert_true(isinf(dirty_fit_seconds(&fit, 1001)));
}

static void a_guest_that_writes_no_page_twice_has_no_working_set(void **state)
{
    const DirtyPoint points[] = { { 16, 800 }, { 8, 400 } };
    DirtyFit fit = dirty_fit(points, 2);
    check_near("rate", fit.rate_bytes_per_s, 50, 0.001);
    assert_true(isinf(fit.most_bytes));
}

static void one_pass_is_taken_with_doubt(void **state)
{
    const DirtyPoint point = { 10, 500 };
    DirtyFit fit = dirty_fit(&point, 1);
    check_near("W(10)", dirty_fit_bytes(&fit, 10), 500, 0.001);
    assert_true(dirty_fit_bytes(&fit, 1) > 50);
    fit = dirty_fit_straight(&point, 1);
    check_near("straight", dirty_fit_bytes(&fit, 1), 50, 0.001);
}

/* Passes of one length say little about another: their mean is one point. */
static void noise_is_evened_out(void **state)
{
    const DirtyPoint points[] = {
        { 100, 1000 }, { 10, 880 }, { 11, 1120 }, { 9.5, 900 }, { 10.2, 1100 },
    };
    DirtyFit fit = dirty_fit(points, 5);
    check_near("W(10)", dirty_fit_bytes(&fit, 10.2), 1000, 0.02);
    check_near("W(100)", fit.most_bytes, 1000, 0.02);
}

/* A guest that became calm: what it did before is of no use. */
static void less_in_more_time_is_another_guest(void **state)
{
    const DirtyPoint points[] = { { 5, 900 }, { 10, 100 } };
    DirtyFit fit = dirty_fit(points, 2);
    check_near("rate", fit.rate_bytes_per_s, 10, 0.001);
}

static void passes_shrink_as_the_series_does(void **state)
{
    const Outlook half = { { 50, HUGE_VAL }, 100, 1, 0 };
    /* 800 + 400 + 200 + 100 bytes at 100 bytes/s */
    check_near("seconds", outlook_seconds(&half, 800, 100), 15, 0.001);
    check_near("floor", outlook_floor(&half, 800), 0, 0);
    const Outlook faster = { { 110, HUGE_VAL }, 100, 1, 0 };
    assert_true(isinf(outlook_seconds(&faster, 800, 100)));
    const Outlook throttled = { { 110, HUGE_VAL }, 100, 0.5, 0 };
    assert_false(isinf(outlook_seconds(&throttled, 800, 100)));
}

static void a_working_set_is_a_floor(void **state)
{
    const Outlook outlook = { { 10000, 300 }, 100, 1, 0 };
    check_near("floor", outlook_floor(&outlook, 1600), 300, 0.01);
    assert_true(isinf(outlook_seconds(&outlook, 1600, 200)));
    assert_false(isinf(outlook_seconds(&outlook, 1600, 301)));
}

/* QEMU ends a pass when what is left fits the limit; that is still there then. */
static void a_high_limit_makes_passes_short(void **state)
{
    const Outlook low = { { 50, HUGE_VAL }, 100, 1, 0 };
    const Outlook high = { { 50, HUGE_VAL }, 100, 1, 300 };
    check_near("low", outlook_next(&low, 800), 400, 0.001);
    check_near("high", outlook_next(&high, 800), 300 + 250, 0.001);
    check_near("seconds", outlook_pass_seconds(&high, 800), 5, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_guest_is_known_after_two_passes),
        cmocka_unit_test(a_guest_that_writes_no_page_twice_has_no_working_set),
        cmocka_unit_test(one_pass_is_taken_with_doubt),
        cmocka_unit_test(noise_is_evened_out),
        cmocka_unit_test(less_in_more_time_is_another_guest),
        cmocka_unit_test(passes_shrink_as_the_series_does),
        cmocka_unit_test(a_working_set_is_a_floor),
        cmocka_unit_test(a_high_limit_makes_passes_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
