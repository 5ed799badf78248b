/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quantities as people write them, and back. */
#include "tests/lib/check.h"

#include <inttypes.h>

#include "caps/units.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

#define NONE    UNIT_NONE
#define BYTES   UNIT_BYTES
#define RATE    UNIT_BYTES_PER_SECOND
#define MS      UNIT_MILLISECONDS
#define PERCENT UNIT_PERCENT

static const struct {
    const char *text;
    Unit unit;
    uint64_t value;
} good[] = {
    { "0", NONE, 0 },
    { "4", NONE, 4 },
    { "007", NONE, 7 },
    /* bare: QEMU's own unit, all 64 bits of it */
    { "300", MS, 300 },
    { "1073741824", BYTES, GIB },
    { "9007199254740993", BYTES, (UINT64_C(1) << 53) + 1 },
    { "9223372036854775807", RATE, INT64_MAX },
    { "9223372036854775808", RATE, (uint64_t)INT64_MAX + 1 },
    { "18446744073709551615", RATE, UINT64_MAX },
    { "18446744073709551615", NONE, UINT64_MAX },
    /* every unit */
    { "5B", BYTES, 5 },
    { "5kB", BYTES, 5000 },
    { "5MB", BYTES, 5000000 },
    { "5GB", BYTES, UINT64_C(5000000000) },
    { "5TB", BYTES, UINT64_C(5000000000000) },
    { "5KiB", BYTES, 5 * KIB },
    { "5MiB", BYTES, 5 * MIB },
    { "5GiB", BYTES, 5 * GIB },
    { "5TiB", BYTES, 5 * TIB },
    { "5B/s", RATE, 5 },
    { "5kB/s", RATE, 5000 },
    { "5MB/s", RATE, 5000000 },
    { "5GB/s", RATE, UINT64_C(5000000000) },
    { "5KiB/s", RATE, 5 * KIB },
    { "5MiB/s", RATE, 5 * MIB },
    { "5GiB/s", RATE, 5 * GIB },
    { "8bit/s", RATE, 1 },
    { "8kbit/s", RATE, 1000 },
    { "1Mbit/s", RATE, 125000 },
    { "10Gbit/s", RATE, UINT64_C(1250000000) },
    { "3000us", MS, 3 },
    { "3ms", MS, 3 },
    { "3s", MS, 3000 },
    { "3min", MS, 180000 },
    { "3h", MS, 10800000 },
    { "500us", UNIT_MICROSECONDS, 500 },
    { "1.5ms", UNIT_MICROSECONDS, 1500 },
    { "2s", UNIT_MICROSECONDS, 2000000 },
    { "20%", PERCENT, 20 },
    { "20", PERCENT, 20 },
    /* broken numbers that come out whole */
    { "1.5GiB", BYTES, GIB + GIB / 2 },
    { "0.5s", MS, 500 },
    { "0.3s", MS, 300 },
    { "1.1s", MS, 1100 },
    { "1.001s", MS, 1001 },
    { "0.1kB", BYTES, 100 },
    { "2.5Gbit/s", RATE, 312500000 },
    { "0GiB", BYTES, 0 },
    { "1 GiB", BYTES, GIB },
    { "16777215TiB", BYTES, 16777215 * TIB },
    { "9007199254740993B", BYTES, (UINT64_C(1) << 53) + 1 },
    { "18446744073709551615B/s", RATE, UINT64_MAX },
    { "4503599627370497KiB", BYTES, UINT64_C(4503599627370497) * KIB },
};

static void reads_every_unit(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        uint64_t value = 1234;

        if (!unit_parse(good[i].text, good[i].unit, &value, &error)) {
            fail_msg("%s", error->message);
        }
        if (value != good[i].value) {
            fail_msg("%s: %" PRIu64 ", not %" PRIu64, good[i].text, value,
                     good[i].value);
        }
    }
}

static const struct {
    const char *what, *text;
    Unit unit;
    const char *why;
} bad[] = {
    { "nothing", "", BYTES, "is not a number" },
    { "a blank", " ", BYTES, "is not a number" },
    { "negative", "-1", MS, "is not a number from 0" },
    { "a sign", "+1", MS, "is not a number" },
    { "words", "unlimited", RATE, "is not a number" },
    { "infinite", "inf", RATE, "is not a number" },
    { "not a number", "nan", RATE, "is not a number" },
    { "a unit alone", "MiB", BYTES, "is not a number" },
    { "a blank before", " 1", NONE, "is not a number" },
    { "a fraction alone", ".5s", MS, "is not a number" },
    { "a rate for a size", "1GiB/s", BYTES, "has a unit that does not fit" },
    { "a size for a rate", "1GiB", RATE, "has a unit that does not fit" },
    { "bits for a size", "1Gbit", BYTES, "has a unit that does not fit" },
    { "a time for a size", "1s", BYTES, "has a unit that does not fit" },
    { "a size for a time", "1MiB", MS, "has a unit that does not fit" },
    { "a unit for a number", "1MiB", NONE, "has a unit that does not fit" },
    { "percent for a number", "1%", NONE, "has a unit that does not fit" },
    { "another case", "1gib", BYTES, "has a unit that does not fit" },
    { "another case", "1KB", BYTES, "has a unit that does not fit" },
    { "too short a unit", "1G", BYTES, "has a unit that does not fit" },
    { "hexadecimal", "0x10", BYTES, "has a unit that does not fit" },
    { "something behind", "1GiB!", BYTES, "has a unit that does not fit" },
    { "two numbers", "1 2", BYTES, "has a unit that does not fit" },
    { "a comma", "1,5GiB", BYTES, "has a unit that does not fit" },
    { "2^64", "18446744073709551616", RATE, "does not fit in 64 bits" },
    { "many digits", "99999999999999999999999999", NONE, "64 bits" },
    { "2^64 by its unit", "16777216TiB", BYTES, "does not fit in 64 bits" },
    { "an exponent", "1e400s", MS, "has a unit that does not fit" },
    { "too fine a time", "1us", MS, "is too fine" },
    { "too fine a time", "1500us", MS, "is too fine" },
    { "too fine a time", "0.0001s", MS, "is too fine" },
    { "half a byte", "0.5B", BYTES, "is too fine" },
    { "half a byte of many", "1000000.5B", BYTES, "is too fine" },
    { "less than a byte", "4bit/s", RATE, "is too fine" },
    { "half a percent", "0.5%", PERCENT, "is too fine" },
};

static void refuses_with_what_would_be_right(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        uint64_t value = 1234;

        if (unit_parse(bad[i].text, bad[i].unit, &value, &error)) {
            fail_msg("%s: '%s' was taken for %" PRIu64, bad[i].what,
                     bad[i].text, value);
        }
        check_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
        check_contains(error->message, bad[i].why);
        check_contains(error->message, unit_name(bad[i].unit));
        check_contains(error->message, "for example");
        assert_true(value == 1234);
    }
}

/* What the refusal gives as an example is taken. */
static void examples_are_right(void **state)
{
    for (Unit unit = UNIT_NONE; unit <= UNIT_PERCENT; unit++) {
        g_autoptr(GError) error = NULL;
        uint64_t value;

        assert_false(unit_parse("x", unit, &value, &error));
        const char *examples = strstr(error->message, "for example ");
        assert_non_null(examples);
        g_auto(GStrv) each =
            g_strsplit(examples + strlen("for example "), " or ", -1);
        for (char **example = each; *example; example++) {
            check_case(*example, unit_parse(*example, unit, &value, NULL));
        }
    }
}

static const struct {
    uint64_t value;
    Unit unit;
    const char *text;
} formats[] = {
    { 0, BYTES, "0 B" },
    { 1023, BYTES, "1023 B" },
    { KIB, BYTES, "1.00 KiB" },
    { GIB + GIB / 2, BYTES, "1.50 GiB" },
    { 12 * MIB + MIB / 2, BYTES, "12.5 MiB" },
    { 128 * MIB, BYTES, "128 MiB" },
    { 1023 * MIB, BYTES, "1023 MiB" },
    { 4096 * TIB, BYTES, "4096 TiB" },
    { UINT64_MAX, BYTES, "16777216 TiB" },
    { 128 * MIB, RATE, "128 MiB/s" },
    { 3 * TIB, RATE, "3.00 TiB/s" },
    { 0, MS, "0 ms" },
    { 312, MS, "312 ms" },
    { 9999, MS, "9999 ms" },
    { 10000, MS, "10.0 s" },
    { 90500, MS, "90.5 s" },
    { 500, UNIT_MICROSECONDS, "500 us" },
    { 20, PERCENT, "20 %" },
    { UINT64_MAX, NONE, "18446744073709551615" },
};

static void writes_for_people(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *text = unit_format(formats[i].value, formats[i].unit);

        assert_string_equal(text, formats[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_unit),
        cmocka_unit_test(refuses_with_what_would_be_right),
        cmocka_unit_test(examples_are_right),
        cmocka_unit_test(writes_for_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
