/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of findings, and lists of them. */
#include "tests/lib/check.h"

#include "caps/finding.h"

/* The words are in scripts, the meanings on screens: one line, told apart. */
static void rows_are_words_and_phrases(void **state)
{
    for (FindingCode code = 0; code < N_FINDING_CODES; code++) {
        const FindingRow *row = finding_row(code);

        assert_non_null(row->word);
        check_case(row->word,
                   strspn(row->word, "abcdefghijklmnopqrstuvwxyz-") ==
                       strlen(row->word));
        check_case(row->word, row->meaning && !strpbrk(row->meaning, ".\n"));
        for (FindingCode other = 0; other < code; other++) {
            check_case(row->word,
                       strcmp(row->word, finding_row(other)->word) != 0);
        }
    }
}

static void severities_have_names(void **state)
{
    assert_string_equal(severity_name(FINDING_NOTE), "note");
    assert_string_equal(severity_name(FINDING_WARNING), "warning");
    assert_string_equal(severity_name(FINDING_ERROR), "error");
}

static GPtrArray *some(void)
{
    GPtrArray *findings = findings_new();

    findings_add(findings, FINDING_CHOSEN, FINDING_NOTE, N_SIDES, NULL, "a");
    findings_add(findings, FINDING_LINK, FINDING_WARNING, SIDE_SOURCE, NULL,
                 "b %d %%", 1);
    findings_add(findings, FINDING_MACHINE, FINDING_WARNING, SIDE_DESTINATION,
                 g_strdup("hint"), "%s", "c%s");
    return findings;
}

static void counts_by_severity(void **state)
{
    g_autoptr(GPtrArray) findings = some();

    assert_int_equal(findings_count(findings, FINDING_NOTE), 1);
    assert_int_equal(findings_count(findings, FINDING_WARNING), 2);
    assert_int_equal(findings_count(findings, FINDING_ERROR), 0);
    assert_null(findings_first(findings, FINDING_ERROR));
    assert_ptr_equal(findings_first(findings, FINDING_WARNING),
                     findings->pdata[1]);
}

static void says_of_which_side(void **state)
{
    static const char *const texts[] = { "a", "source: b 1 %",
                                         "destination: c%s" };
    g_autoptr(GPtrArray) findings = some();

    for (guint i = 0; i < findings->len; i++) {
        g_autofree char *text = finding_to_text(findings->pdata[i]);
        assert_string_equal(text, texts[i]);
    }
    assert_string_equal(((Finding *)findings->pdata[2])->hint, "hint");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_words_and_phrases),
        cmocka_unit_test(severities_have_names),
        cmocka_unit_test(counts_by_severity),
        cmocka_unit_test(says_of_which_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
