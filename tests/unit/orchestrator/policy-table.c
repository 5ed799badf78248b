/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policies by name: with which downtime they start, and what for. */
#include "tests/lib/check.h"

#include <inttypes.h>

#include "caps/feature.h"
#include "orchestrator/policy.h"

static const struct {
    const char *name;
    uint64_t start_ms;           /* of its own; 0: QEMU's */
    uint64_t start_of_second_ms; /* with --max-downtime=1s */
    const char *features;
} cases[] = {
    { "qemu", 0, 0, "" },
    { "adaptive", 100, 100, "" },
    { "ovirt-legacy", 101, 201, "" },
    { "ovirt-minimal-downtime", 100, 100, "auto-converge" },
    { "ovirt-suspend", 100, 100, "auto-converge xbzrle" },
    { "ovirt-postcopy", 100, 100, "auto-converge postcopy" },
    { "ovirt-very-large", 300, 300, "auto-converge" },
    { "kubevirt", 0, 0, "" },
    { "kubevirt-stall", 300, 300, "" },
    { "nova", 0, 0, "auto-converge" },
    { "proxmox", 100, 100, "auto-converge xbzrle" },
    { "ganeti", 30, 30, "postcopy" },
};

static void check_start(const PolicySpec *spec, PolicyTerms terms,
                        uint64_t expected_ms)
{
    uint64_t start_ms = policy_spec_start_ms(spec, &terms);
    if (start_ms != expected_ms) {
        fail_msg("%s starts with %" PRIu64 " ms, not %" PRIu64,
                 policy_spec_name(spec), start_ms, expected_ms);
    }
}

static void each_has_its_start(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PolicySpec *spec = policy_spec_find(cases[i].name);
        check_case(cases[i].name, spec);
        g_autofree char *features =
            g_strjoinv(" ", (char **)policy_spec_features(spec));
        assert_string_equal(features, cases[i].features);
        check_start(spec, (PolicyTerms){ 0 }, cases[i].start_ms);
        check_start(spec, (PolicyTerms){ .qemu_downtime_us = 300000 },
                    cases[i].start_ms);
        check_start(spec, (PolicyTerms){ .max_downtime_us = 1000000 },
                    cases[i].start_of_second_ms);
    }
}

/* Also where the policy leaves QEMU's limit alone. */
static void max_downtime_holds_from_the_start(void **state)
{
    for (guint i = 0; policy_spec_at(i); i++) {
        const PolicySpec *spec = policy_spec_at(i);
        uint64_t start_ms = policy_spec_start_ms(
            spec, &(PolicyTerms){ .max_downtime_us = 20000,
                                  .qemu_downtime_us = 300000 });
        check_case(policy_spec_name(spec), start_ms > 0 && start_ms <= 20);
        check_start(spec,
                    (PolicyTerms){ .start_downtime_us = 70000,
                                   .max_downtime_us = 80000 },
                    70);
    }
}

static void each_is_found_and_tells_of_itself(void **state)
{
    for (guint i = 0; policy_spec_at(i); i++) {
        const PolicySpec *spec = policy_spec_at(i);
        const char *name = policy_spec_name(spec);
        assert_ptr_equal(policy_spec_find(name), spec);
        check_case(name, strlen(policy_spec_help(spec)) > 20);
        for (const char *const *feature = policy_spec_features(spec); *feature;
             feature++) {
            check_case(name, caps_feature(*feature));
        }
    }
    assert_true(policy_spec_heeds_on_stall(policy_spec_find(POLICY_DEFAULT)));
    assert_false(policy_spec_heeds_on_stall(policy_spec_find("ganeti")));
    assert_null(policy_spec_find("hope"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_start),
        cmocka_unit_test(max_downtime_holds_from_the_start),
        cmocka_unit_test(each_is_found_and_tells_of_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
