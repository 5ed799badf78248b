/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of what is found in TLS credentials. */
#include "tests/lib/check.h"

#include "tls/finding.h"

/* The words are in scripts, the phrases on screens: one line, told apart. */
static void rows_are_words_and_phrases(void **state)
{
    for (TlsFindingCode code = 0; code < N_TLS_FINDINGS; code++) {
        const TlsFindingRow *row = tls_finding_row(code);

        assert_non_null(row->word);
        check_case(row->word,
                   strspn(row->word, "abcdefghijklmnopqrstuvwxyz-") ==
                       strlen(row->word));
        check_case(row->word, row->meaning && !strchr(row->meaning, '\n'));
        check_case(row->word, row->mend && !strchr(row->mend, '\n'));
        for (TlsFindingCode other = 0; other < code; other++) {
            check_case(row->word,
                       strcmp(row->word, tls_finding_row(other)->word) != 0);
        }
    }
}

static void says_a_thing_once(void **state)
{
    g_autoptr(GPtrArray) findings = tls_findings_new();
    const TlsFinding *finding;

    tls_findings_add(findings, TLS_FINDING_EXPIRED, TLS_WARNING, TLS_CLIENT,
                     "/a", "%d", 1);
    tls_findings_add(findings, TLS_FINDING_EXPIRED, TLS_WARNING, TLS_CLIENT,
                     "/b", "%d", 1);
    assert_int_equal(findings->len, 2);
    assert_false(tls_findings_have_error(findings));
    tls_findings_add(findings, TLS_FINDING_EXPIRED, TLS_ERROR, TLS_SERVER, "/a",
                     "%d", 1);
    assert_int_equal(findings->len, 2);
    finding = tls_findings_find(findings, TLS_FINDING_EXPIRED);
    assert_ptr_equal(finding, findings->pdata[0]);
    assert_int_equal(finding->role, N_TLS_ROLES);
    assert_int_equal(finding->severity, TLS_ERROR);
    assert_true(tls_findings_have_error(findings));
    assert_null(tls_findings_find(findings, TLS_FINDING_NAME));

    g_autofree char *text = tls_finding_to_text(finding);
    assert_string_equal(text, "/a: 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_words_and_phrases),
        cmocka_unit_test(says_a_thing_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
