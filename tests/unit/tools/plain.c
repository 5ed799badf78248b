/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include <errno.h>
#include <stdio.h>

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
        { "written from right to left", "a\u202eb\u2066c",
          "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plain = plain_text(cases[i].text);
        print_message("%s\n", cases[i].what);
        assert_string_equal(plain, cases[i].plain);
    }
}

static void json_stays_json(void **state)
{
    static const struct {
        const char *what, *json, *plain;
    } cases[] = {
        { "words", "{\n\t\"a\": \"\\u001b\"\n}", "{\n\t\"a\": \"\\u001b\"\n}" },
        { "letters of others", "\"äß漢\"", "\"äß漢\"" },
        { "delete", "\"a\x7f\"", "\"a\\u007f\"" },
        { "0x1f, which json-glib leaves", "\"\x1f\"", "\"\\u001f\"" },
        { "a control character of two bytes", "\"\xc2\x9b\"", "\"\\u009b\"" },
        { "written from right to left", "\"\u202e\"", "\"\\u202e\"" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plain = plain_json(cases[i].json);
        print_message("%s\n", cases[i].what);
        assert_string_equal(plain, cases[i].plain);
    }
}

static void the_first_error_is_kept(void **state)
{
    FILE *saved = stdout;
    stdout = fopen("/dev/full", "we");
    plain_print(stdout, "%s\n", "a");
    assert_int_equal(plain_flush(stdout), ENOSPC);
    fclose(stdout);
    stdout = fopen("/dev/null", "we");
    plain_print(stdout, "%s\n", "b");
    assert_int_equal(plain_flush(stdout), ENOSPC);
    fclose(stdout);
    stdout = saved;
    assert_int_equal(plain_flush(stderr), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_to_obey),
        cmocka_unit_test(json_stays_json),
        cmocka_unit_test(the_first_error_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
