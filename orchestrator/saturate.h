/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Arithmetic on numbers that a QEMU, a file or a user gave, which may be any:
 * the nearest number instead of an overflow.  Pure.
 */
#include <stdint.h>

static inline int64_t saturate_multiply(int64_t a, int64_t b)
{
    int64_t product;
    if (!__builtin_mul_overflow(a, b, &product)) {
        return product;
    }
    return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
}

/* At most INT64_MAX, since times are compared as signed numbers. */
static inline int64_t saturate_us_from_ms(uint64_t ms)
{
    return ms > INT64_MAX / 1000 ? INT64_MAX : (int64_t)ms * 1000;
}

/* Towards 0; what is not a number is 0. */
static inline int64_t saturate_from_double(double value)
{
    if (value >= 0x1p63) {
        return INT64_MAX;
    }
    if (value <= -0x1p63) {
        return INT64_MIN;
    }
    return value == value ? (int64_t)value : 0;
}

static inline uint64_t saturate_unsigned_from_double(double value)
{
    if (value >= 0x1p64) {
        return UINT64_MAX;
    }
    return value > 0 ? (uint64_t)value : 0;
}
