/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include "tools/caps/wrap.h"

static void wraps_between_words(void **state)
{
    static const struct {
        const char *what, *text;
        size_t width;
        const char *wrapped;
    } cases[] = {
        { "nothing", "", 10, "" },
        { "fits", "one two", 7, "one two" },
        { "does not fit", "one two", 6, "one\ntwo" },
        { "several", "a bb ccc dddd", 4, "a bb\nccc\ndddd" },
        { "its own lines", "one two\nthree", 20, "one two\nthree" },
        { "a note", "x\n- one two three", 8, "x\n- one\n  two\n  three" },
        { "a word that is too long", "a bcdefgh", 3, "a\nbcd\nefg\nh" },
        { "such a one in a note", "- abcdef", 4, "-\n  ab\n  cd\n  ef" },
        { "characters, not bytes", "äöü ß", 5, "äöü ß" },
        { "cut between characters", "äöüß", 2, "äö\nüß" },
        { "no room at all", "abc", 0, "a\nb\nc" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        print_message("%s\n", cases[i].what);
        g_autofree char *wrapped = wrap_words(cases[i].text, cases[i].width);
        assert_string_equal(wrapped, cases[i].wrapped);
    }
}

static void measures_the_longest_line(void **state)
{
    assert_int_equal(wrap_width(""), 0);
    assert_int_equal(wrap_width("one"), 3);
    assert_int_equal(wrap_width("one\nthree\nfour"), 5);
    assert_int_equal(wrap_width("äöü"), 3);
}

static void divides_fairly(void **state)
{
    static const struct {
        const char *what;
        size_t widths[3], available, divided[3];
    } cases[] = {
        { "enough", { 10, 20, 30 }, 60, { 10, 20, 30 } },
        { "more than enough", { 1, 2, 3 }, 100, { 1, 2, 3 } },
        { "the widest gives", { 10, 20, 30 }, 50, { 10, 20, 20 } },
        { "all alike", { 40, 50, 60 }, 60, { 20, 20, 20 } },
        { "never less than that", { 2, 50, 60 }, 10, { 2, 8, 8 } },
        { "nothing there", { 20, 20, 20 }, 0, { 8, 8, 8 } },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t widths[3];
        memcpy(widths, cases[i].widths, sizeof(widths));
        wrap_divide(widths, 3, cases[i].available, 8);
        for (size_t j = 0; j < 3; j++) {
            check_case(cases[i].what, widths[j] == cases[i].divided[j]);
        }
    }
    wrap_divide(NULL, 0, 10, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wraps_between_words),
        cmocka_unit_test(measures_the_longest_line),
        cmocka_unit_test(divides_fairly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
