/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include <math.h>

#include "orchestrator/saturate.h"

static void nearest_instead_of_overflow(void **state)
{
    assert_true(saturate_multiply(3, -4) == -12);
    assert_true(saturate_multiply(INT64_MAX, 2) == INT64_MAX);
    assert_true(saturate_multiply(INT64_MAX, -2) == INT64_MIN);
    assert_true(saturate_multiply(INT64_MIN, -1) == INT64_MAX);
    assert_true(saturate_us_from_ms(300) == 300000);
    assert_true(saturate_us_from_ms(INT64_MAX / 1000 + 1) == INT64_MAX);
    assert_true(saturate_us_from_ms(UINT64_MAX) == INT64_MAX);
    assert_true(saturate_from_double(-1.9) == -1);
    assert_true(saturate_from_double(1e300) == INT64_MAX);
    assert_true(saturate_from_double(-INFINITY) == INT64_MIN);
    assert_true(saturate_from_double(NAN) == 0);
    assert_true(saturate_unsigned_from_double(-1) == 0);
    assert_true(saturate_unsigned_from_double(0x1p63) == UINT64_C(1) << 63);
    assert_true(saturate_unsigned_from_double(INFINITY) == UINT64_MAX);
    assert_true(saturate_unsigned_from_double(NAN) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_instead_of_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
