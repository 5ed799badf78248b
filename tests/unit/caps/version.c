/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Versions as QEMU's greeting has them, and others. */
#include "tests/lib/check.h"

#include "caps/version.h"

static const struct {
    const char *text;
    CapsVersion version;
} parsed[] = {
    { "7.2.22", CAPS_VERSION(7, 2) },
    { "10.0.2", CAPS_VERSION(10, 0) },
    { "10.0.2 (Debian 1:10.0.2+ds-2)", CAPS_VERSION(10, 0) },
    { "9.2.50 (v9.2.0-1-gabcdef)", CAPS_VERSION(9, 2) },
    { "11.5", CAPS_VERSION(11, 5) },
    { "8.12.0", CAPS_VERSION(8, 12) },
    /* none */
    { NULL, 0 },
    { "", 0 },
    { "10", 0 },
    { "10.", 0 },
    { "10.x", 0 },
    { "v10.0.2", 0 },
    { "0.15.1", 0 },
    { "99999.1", 0 },
    { "1.99999", 0 },
    { "99999999999999999999.1", 0 },
};

static void reads_the_first_two_numbers(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(parsed); i++) {
        const char *what = parsed[i].text ? parsed[i].text : "NULL";
        check_case(what,
                   caps_version_parse(parsed[i].text) == parsed[i].version);
    }
}

/* 10.0 is newer than 9.2, and 8.12 than 8.2: no version is a fraction. */
static void compares_as_numbers(void **state)
{
    static const char *const sorted[] = { "1.2",  "7.2", "8.0",  "8.2",
                                          "8.12", "9.2", "10.0", "11.0" };
    for (size_t i = 1; i < G_N_ELEMENTS(sorted); i++) {
        check_case(sorted[i], caps_version_parse(sorted[i - 1]) <
                                  caps_version_parse(sorted[i]));
    }
}

static void writes_what_it_read(void **state)
{
    static const char *const texts[] = { "1.2", "7.2", "8.12", "10.0" };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text =
            caps_version_to_text(caps_version_parse(texts[i]));
        assert_string_equal(text, texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_first_two_numbers),
        cmocka_unit_test(compares_as_numbers),
        cmocka_unit_test(writes_what_it_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
