/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person reads when it did not work. */
#include "tests/lib/check.h"

#include "orchestrator/failure.h"

typedef Failure FailureToFree;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FailureToFree, failure_clear)

static const struct {
    const char *what;
    Failure failure;
    const char *text;
} texts[] = {
    { "a message alone",
      { .code = FAILURE_CANCELLED, .message = (char *)"it was refused" },
      "error: it was refused\n" },
    { "the hint of the row",
      { .code = FAILURE_BLOCKED, .phase = "inspect", .message = (char *)"no" },
      "error: inspect: no\n"
      "  hint: remove what QEMU names, then try again\n" },
    { "a hint of its own",
      { .code = FAILURE_BLOCKED,
        .phase = "inspect",
        .message = (char *)"no",
        .hint = (char *)"do this" },
      "error: inspect: no\n"
      "  hint: do this\n" },
    { "of the source",
      { .code = FAILURE_CANCELLED,
        .phase = "prepare",
        .has_side = TRUE,
        .side = SIDE_SOURCE,
        .message = (char *)"set was refused",
        .qemu_text = { (char *)"Parameter 'x' expects y" } },
      "error: prepare: source: set was refused\n"
      "  source's QEMU says: Parameter 'x' expects y\n" },
    { "words of both sides, the source's first",
      { .code = FAILURE_CANCELLED,
        .phase = "transfer",
        .message = (char *)"cancelled",
        .qemu_text = { (char *)"Broken pipe", (char *)"early end" } },
      "error: transfer: cancelled\n"
      "  source's QEMU says: Broken pipe\n"
      "  destination's QEMU says: early end\n" },
    { "words of both sides, in the order of time",
      { .code = FAILURE_DESTINATION_FAILED,
        .message = (char *)"could not load the guest",
        .hint = (char *)"look",
        .has_first = TRUE,
        .first = SIDE_DESTINATION,
        .lead_us = 2100,
        .qemu_text = { (char *)"Broken pipe", (char *)"bad device" } },
      "error: could not load the guest\n"
      "  destination's QEMU says: bad device\n"
      "  source's QEMU says (2.1 ms later): Broken pipe\n"
      "  hint: look\n" },
    { "several lines of one side",
      { .code = FAILURE_CANCELLED,
        .has_side = TRUE,
        .side = SIDE_DESTINATION,
        .message = (char *)"died",
        .qemu_text = { NULL, (char *)"first\r\nsecond " } },
      "error: destination: died\n"
      "  destination's QEMU says: first\n"
      "  destination's QEMU says: second\n" },
    { "a percent sign is no format",
      { .code = FAILURE_CANCELLED,
        .message = (char *)"100%s",
        .qemu_text = { (char *)"%n%s" } },
      "error: 100%s\n"
      "  source's QEMU says: %n%s\n" },
    { "nothing behind the last line end",
      { .code = FAILURE_CANCELLED,
        .message = (char *)"died",
        .qemu_text = { (char *)"only\n" } },
      "error: died\n"
      "  source's QEMU says: only\n" },
};

static void says_it_in_few_lines(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = failure_to_text(&texts[i].failure);

        if (strcmp(text, texts[i].text) != 0) {
            fail_msg("%s: %s", texts[i].what, text);
        }
    }
}

static void says_what_else_stood_in_the_way(void **state)
{
    g_auto(FailureToFree)
        failure = { .code = FAILURE_CANCELLED, .message = g_strdup("first") };

    failure_add(&failure, SIDE_SOURCE, "second", NULL);
    failure_add(&failure, N_SIDES, "third %s", "do this");
    g_autofree char *text = failure_to_text(&failure);
    assert_string_equal(text, "error: first\n"
                              "  also: source: second\n"
                              "  also: third %s (do this)\n");
}

static void a_copy_is_of_its_own(void **state)
{
    g_auto(FailureToFree) failure = { .code = FAILURE_BLOCKED,
                                      .phase = "inspect",
                                      .has_side = TRUE,
                                      .side = SIDE_DESTINATION,
                                      .message = g_strdup("no"),
                                      .hint = g_strdup("do this"),
                                      .qemu_text = { g_strdup("a"), NULL } };
    g_auto(FailureToFree) plain = failure_copy(&failure);

    failure_add(&failure, SIDE_SOURCE, "second", NULL);
    g_auto(FailureToFree) copy = failure_copy(&failure);
    g_autofree char *text = failure_to_text(&failure);
    g_autofree char *copied = failure_to_text(&copy);
    assert_string_equal(copied, text);
    assert_null(plain.also);
    assert_ptr_not_equal(copy.also, failure.also);
}

/* The words are in scripts, the phrases on screens: one line, told apart. */
static void rows_are_words_and_phrases(void **state)
{
    for (FailureCode code = 0; code < N_FAILURES; code++) {
        const FailureRow *row = failure_row(code);

        assert_non_null(row->word);
        check_case(row->word,
                   strspn(row->word, "abcdefghijklmnopqrstuvwxyz-") ==
                       strlen(row->word));
        check_case(row->word, row->meaning && !strpbrk(row->meaning, ".\n"));
        check_case(row->word, !row->hint || !strpbrk(row->hint, "\n"));
        check_case(row->word, row->outcome < N_OUTCOMES);
        check_case(row->word, (row->outcome == OUTCOME_MIGRATED) ==
                                  (code == FAILURE_NONE));
        for (FailureCode other = 0; other < code; other++) {
            check_case(row->word,
                       strcmp(row->word, failure_row(other)->word) != 0);
        }
    }
}

static void clear_forgets_all(void **state)
{
    Failure failure = { .code = FAILURE_TIMEOUT,
                        .phase = "transfer",
                        .message = g_strdup("m"),
                        .hint = g_strdup("h"),
                        .qemu_text = { g_strdup("s"), g_strdup("d") } };

    failure_clear(&failure);
    assert_int_equal(failure.code, FAILURE_NONE);
    assert_null(failure.message);
    assert_null(failure.qemu_text[SIDE_DESTINATION]);
    failure_clear(&failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_it_in_few_lines),
        cmocka_unit_test(says_what_else_stood_in_the_way),
        cmocka_unit_test(a_copy_is_of_its_own),
        cmocka_unit_test(rows_are_words_and_phrases),
        cmocka_unit_test(clear_forgets_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
