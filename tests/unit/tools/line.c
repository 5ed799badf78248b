/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's words, as docs/guest.rst has them, and what is none of them. */
#include "tests/lib/check.h"

#include "tools/lab/line.h"

static const struct {
    const char *what, *text;
    Line line;
} cases[] = {
    { "hello",
      "hello 1 cpus=2 memory-bytes=266338304 working-set-bytes=1048576 "
      "above-4g-bytes=0",
      { .kind = LINE_HELLO,
        .n_cpus = 2,
        .memory_bytes = 266338304,
        .working_set_bytes = 1048576 } },
    { "members in another order, and one more",
      "hello 1 quite-new=7 above-4g-bytes=5 memory-bytes=6 cpus=1",
      { .kind = LINE_HELLO,
        .n_cpus = 1,
        .memory_bytes = 6,
        .above_4g_bytes = 5 } },
    { "ready", "ready", { .kind = LINE_READY } },
    { "the first beat", "b 0 0", { .kind = LINE_BEAT } },
    { "a beat",
      "b 1234 5678000",
      { .kind = LINE_BEAT, .beat = 1234, .beat_us = 5678000 } },
    { "a beat of 64 bits",
      "b 18446744073709551615 18446744073709551615",
      { .kind = LINE_BEAT, .beat = UINT64_MAX, .beat_us = UINT64_MAX } },
    { "rate",
      "rate cpu=3 pages=2500 us=1000123",
      { .kind = LINE_RATE, .cpu = 3, .pages = 2500, .time_us = 1000123 } },
    { "writes",
      "writes 0=1 11=5 63=7",
      { .kind = LINE_WRITES, .writes = { [0] = 1, [11] = 5, [63] = 7 } } },
    { "no writes at all", "writes", { .kind = LINE_WRITES } },
    { "writes of no bucket",
      "writes 64=1 -1=2 x=3 999999999999=4 5=6",
      { .kind = LINE_WRITES, .writes = { [5] = 6 } } },
    { "verify",
      "verify pages=65024 bad=1 lost-writes=2",
      { .kind = LINE_VERIFY, .pages = 65024, .bad = 1, .lost_writes = 2 } },
    { "bad",
      "bad page=7f000 offset=8 expected=dead found=beef",
      { .kind = LINE_BAD } },
    { "panic", "panic no ACPI tables", { .kind = LINE_PANIC } },
    /* cut and odd */
    { "nothing", "", { .kind = LINE_OTHER } },
    { "blanks", "   ", { .kind = LINE_OTHER } },
    { "the firmware", "SeaBIOS (version 1.16.2)", { .kind = LINE_OTHER } },
    { "another case", "Ready", { .kind = LINE_OTHER } },
    { "a longer word", "readyy", { .kind = LINE_OTHER } },
    { "a cut word", "read", { .kind = LINE_OTHER } },
    { "a word of ours in the middle", "x ready", { .kind = LINE_OTHER } },
    { "a beat without numbers", "b", { .kind = LINE_OTHER } },
    { "a beat without time", "b 12", { .kind = LINE_OTHER } },
    { "a beat cut behind the blank", "b 12 ", { .kind = LINE_OTHER } },
    { "a beat with more", "b 12 13 14", { .kind = LINE_OTHER } },
    { "a beat that is negative", "b -1 5", { .kind = LINE_OTHER } },
    { "a beat beyond 64 bits",
      "b 18446744073709551616 5",
      { .kind = LINE_OTHER } },
    { "a beat with words", "b one two", { .kind = LINE_OTHER } },
    { "two beats that ran into each other",
      "b 12 34b 13 35",
      { .kind = LINE_OTHER } },
    { "a number that is none",
      "rate cpu=x pages=5 us=",
      { .kind = LINE_RATE, .pages = 5 } },
    { "a number beyond 64 bits",
      "rate cpu=1 pages=99999999999999999999 us=7",
      { .kind = LINE_RATE, .cpu = 1, .time_us = 7 } },
    { "a number of many digits",
      "rate cpu=1 pages=000000000000000000000000000000005 us=7",
      { .kind = LINE_RATE, .cpu = 1, .time_us = 7 } },
    { "no equals sign", "rate cpu pages 5", { .kind = LINE_RATE } },
    { "no name", "rate =5 cpu=2", { .kind = LINE_RATE, .cpu = 2 } },
    { "the last one counts",
      "rate pages=1 pages=2",
      { .kind = LINE_RATE, .pages = 2 } },
    { "blanks between",
      "rate  cpu=1   pages=2 ",
      { .kind = LINE_RATE, .cpu = 1, .pages = 2 } },
    { "a carriage return is part of the word",
      "ready\r",
      { .kind = LINE_OTHER } },
};

static void check_numbers(const char *what, const Line *line, const Line *right)
{
    check_case(what, line->kind == right->kind);
    if (line->kind == LINE_OTHER) {
        return;
    }
    check_case(what, line->beat == right->beat);
    check_case(what, line->beat_us == right->beat_us);
    check_case(what, line->n_cpus == right->n_cpus);
    check_case(what, line->memory_bytes == right->memory_bytes);
    check_case(what, line->working_set_bytes == right->working_set_bytes);
    check_case(what, line->above_4g_bytes == right->above_4g_bytes);
    check_case(what, line->cpu == right->cpu);
    check_case(what, line->pages == right->pages);
    check_case(what, line->time_us == right->time_us);
    check_case(what, line->bad == right->bad);
    check_case(what, line->lost_writes == right->lost_writes);
    check_case(what,
               memcmp(line->writes, right->writes, sizeof(line->writes)) == 0);
}

static void reads_each_line(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Line line = guest_line_parse(cases[i].text);

        check_numbers(cases[i].what, &line, &cases[i].line);
        assert_ptr_equal(line.text, cases[i].text);
    }
}

/* Cut anywhere, no line gives a number that the guest did not write... */
static void cut_lines_invent_nothing(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t n = 0; n < strlen(cases[i].text); n++) {
            g_autofree char *cut = g_strndup(cases[i].text, n);
            Line line = guest_line_parse(cut);

            check_case(cut, line.kind <= LINE_PANIC);
            check_case(cut, line.kind != LINE_BEAT ||
                                g_str_has_prefix(cases[i].text, "b "));
        }
    }
}

static void any_bytes_are_a_line(void **state)
{
    GRand *dice = g_rand_new_with_seed(1);

    for (int i = 0; i < 20000; i++) {
        static const char some[] = "b rate=0123456789 verify\x01\xff\r=-";
        char text[40] = { 0 };
        size_t n = g_rand_int_range(dice, 0, sizeof(text));

        for (size_t j = 0; j < n; j++) {
            text[j] = some[g_rand_int_range(dice, 0, sizeof(some) - 1)];
        }
        Line line = guest_line_parse(text);
        assert_true(line.kind <= LINE_PANIC);
    }
    g_rand_free(dice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_line),
        cmocka_unit_test(cut_lines_invent_nothing),
        cmocka_unit_test(any_bytes_are_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
