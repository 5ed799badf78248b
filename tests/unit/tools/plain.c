/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include "tools/plain.h"

static void nothing_is_left_to_obey(void **state)
{
    static const struct {
        const char *what, *text, *plain;
    } cases[] = {
        { "nothing", "", "" },
        { "words", "error: a name\n", "error: a name\n" },
        { "a colour", "\x1b[31mred", "\\x1b[31mred" },
        { "a carriage return and a tab", "a\rb\tc", "a\\x0db\\x09c" },
        { "delete", "a\x7f", "a\\x7f" },
        { "letters of others", "äß漢", "äß漢" },
        { "a control character of two bytes",
          "\xc2\x9b"
          "31m",
          "\\xc2\\x9b31m" },
        { "no UTF-8", "a\xff\xc3", "a\\xff\\xc3" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plain = plain_text(cases[i].text);
        print_message("%s\n", cases[i].what);
        assert_string_equal(plain, cases[i].plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_to_obey),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
