/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include "caps/table.h"
#include "tools/caps/relations.h"

static char *to_text(const char *const *names, RuleKind kind)
{
    g_autoptr(GPtrArray) relations = relations_of(names);
    return relations_to_text(relations, kind);
}

static void says_what_rules_and_effects_say(void **state)
{
    static const struct {
        const char *names[4];
        const char *needs, *excludes;
    } cases[] = {
        { { "events" }, "", "" },
        { { "no-such-thing" }, "", "" },
        /* of two rules that follow each other, once */
        { { "multifd" },
          "mapped-ram (with a file: address)",
          "postcopy-ram (before 10.1), xbzrle (from 8.2), compress, "
          "an address of one connection" },
        /* the other way round */
        { { "xbzrle" }, "", "multifd (from 8.2), zero-copy-send, mapped-ram" },
        { { "compress" }, "", "multifd, zero-copy-send, postcopy-preempt" },
        /* values, and what is no capability */
        { { "zero-copy-send" },
          "multifd, a tcp: address",
          "xbzrle, compress, multifd-compression!=none, tls-creds" },
        { { "dirty-limit" }, "", "auto-converge, any accelerator but kvm" },
        { { "mapped-ram" },
          "a file: address",
          "xbzrle, postcopy-ram, multifd-compression!=none" },
        /* what does nothing without another */
        { { "multifd-zstd-level" }, "multifd, multifd-compression=zstd", "" },
        { { "tls-hostname" }, "tls-creds", "" },
        /* a parameter that a rule is about by its value */
        { { "multifd-compression" }, "multifd", "zero-copy-send, mapped-ram" },
        /* together: what one needs of the other is there, the same comes once */
        { { "postcopy-preempt" },
          "postcopy-ram",
          "compress, an address that nothing comes back from, "
          "an address of one connection" },
        { { "postcopy-ram", "postcopy-preempt" },
          "",
          "multifd (before 10.1), compress, x-ignore-shared, "
          "an address that nothing comes "
          "back from, an address of one connection, mapped-ram, mode!=normal" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        print_message("%s\n", cases[i].names[0]);
        g_autofree char *needs = to_text(cases[i].names, RULE_NEEDS);
        g_autofree char *excludes = to_text(cases[i].names, RULE_EXCLUDES);
        assert_string_equal(needs, cases[i].needs);
        assert_string_equal(excludes, cases[i].excludes);
    }
}

/* Each rule is told of what it is about, and if it excludes of the other. */
static void forgets_no_rule(void **state)
{
    size_t n;
    const CapsRule *rules = caps_rules(&n);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *name =
            g_strndup(rules[i].when, strcspn(rules[i].when, " !="));
        const char *names[] = { name, NULL };
        g_autoptr(GPtrArray) relations = relations_of(names);
        bool is_there = false;
        for (guint j = 0; j < relations->len; j++) {
            const Relation *relation = relations->pdata[j];
            is_there |= relation->kind == rules[i].kind &&
                        strcmp(relation->setting, rules[i].other) == 0 &&
                        relation->since == rules[i].since &&
                        relation->until == rules[i].until &&
                        relation->why == rules[i].why;
        }
        check_case(rules[i].when, is_there);
    }
}

static void knows_all_that_a_feature_sets(void **state)
{
    size_t n;
    const CapsFeature *features = caps_features(&n);
    for (size_t i = 0; i < n; i++) {
        g_autofree const char **names = relations_feature_names(&features[i]);
        check_case(features[i].option, names[0] != NULL);
        for (const char **name = names; *name; name++) {
            check_case(*name, caps_table_capability(*name) ||
                                  caps_table_parameter(*name));
        }
    }
    g_autofree const char **names =
        relations_feature_names(caps_feature("auto-converge"));
    assert_string_equal(names[0], "auto-converge");
    assert_string_equal(names[3], "max-cpu-throttle");
    assert_null(names[4]);
}

static void versions_are_words(void **state)
{
    static const struct {
        CapsVersion since, until;
        const char *text;
    } cases[] = {
        { 0, 0, "" },
        { CAPS_VERSION(8, 2), 0, "from 8.2" },
        { 0, CAPS_VERSION(10, 1), "before 10.1" },
        { CAPS_VERSION(8, 1), CAPS_VERSION(10, 1), "from 8.1, before 10.1" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            relation_versions_to_text(cases[i].since, cases[i].until);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_rules_and_effects_say),
        cmocka_unit_test(forgets_no_rule),
        cmocka_unit_test(knows_all_that_a_feature_sets),
        cmocka_unit_test(versions_are_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
