/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of a migration against what can be worked out on paper: a GiB of
 * memory on a link of 256 MiB/s, so that the first pass takes 4 s.
 */
#include "tests/lib/check.h"

#include <math.h>

#include "orchestrator/model.h"
#include "orchestrator/policies.h"

#define MIB       (1024.0 * 1024)
#define MEMORY    (1024 * MIB)
#define BANDWIDTH (256 * MIB)
#define SECOND    1e6

static ModelSpec guest(const Curve *dirty)
{
    return (ModelSpec){
        .memory_bytes = MEMORY,
        .first_bytes = MEMORY,
        .dirty = dirty,
        .bandwidth_bytes_per_s = BANDWIDTH,
        .setup_us = 10000,
        .resume_us = 20000,
        .fault_us = 500,
    };
}

static PolicyTerms with_limit(uint64_t downtime_ms)
{
    return (PolicyTerms){ .qemu_downtime_us = downtime_ms * 1000,
                          .timeout_us = 200 * G_USEC_PER_SEC };
}

static ModelResult run(const ModelSpec *spec, const PolicyTerms *terms)
{
    return model_run(spec, policy_spec_find("qemu"), terms, NULL, NULL);
}

/* Within @of. */
#define check_near(what, found, expected, of)                                  \
    do {                                                                       \
        double near_found = (found), near_expected = (expected);               \
                                                                               \
        if (!(fabs(near_found - near_expected) <= (of))) {                     \
            fail_msg("%s: %g, not %g", what, near_found, near_expected);       \
        }                                                                      \
    } while (0)

static void an_idle_guest_is_sent_once(void **state)
{
    g_autoptr(Curve) idle = curve_of_pattern(PATTERN_RANDOM, 0, MEMORY);
    ModelSpec spec = guest(idle);
    PolicyTerms terms = with_limit(300);
    ModelResult result = run(&spec, &terms);

    assert_int_equal(result.end, MODEL_PRECOPY);
    /* the last 300 ms of it while it stands still */
    check_near("total", result.total_us, 4.03 * SECOND, 1000);
    check_near("sent", result.sent_bytes, MEMORY, MIB);
    check_near("downtime", result.downtime_us, 0.27 * SECOND, 0.05 * SECOND);
    check_near("lost", result.lost_us, result.downtime_us, 1);
    /* one when it looked, one when the guest stood still */
    assert_int_equal(result.passes, 3);
}

static void zero_pages_cost_nine_bytes(void **state)
{
    g_autoptr(Curve) idle = curve_of_pattern(PATTERN_RANDOM, 0, MEMORY);
    ModelSpec spec = guest(idle);
    PolicyTerms terms = with_limit(300);
    spec.first_bytes = MEMORY / 2;
    ModelResult result = run(&spec, &terms);

    check_near("sent", result.sent_bytes, MEMORY / 2 + MEMORY / 2 / 4096 * 9,
               MIB);
    check_near("total", result.total_us, 2.03 * SECOND, 0.01 * SECOND);
}

/* Each pass is D / B as long as the one before; the sum is T / (1 - D / B). */
static void passes_are_a_geometric_series(void **state)
{
    static const double ratios[] = { 0.2, 0.5, 0.8 };
    for (guint i = 0; i < G_N_ELEMENTS(ratios); i++) {
        double ratio = ratios[i];
        g_autoptr(Curve) dirty =
            curve_of_pattern(PATTERN_SEQUENTIAL, ratio * BANDWIDTH, MEMORY);
        ModelSpec spec = guest(dirty);
        PolicyTerms terms = with_limit(20);
        ModelResult result = run(&spec, &terms);
        double passes = ceil(log(0.02 / 4) / log(ratio));
        double series = 4 * SECOND * (1 - pow(ratio, passes)) / (1 - ratio);

        assert_int_equal(result.end, MODEL_PRECOPY);
        check_near("total", result.total_us, series + 0.04 * SECOND,
                   0.03 * series);
        check_near("passes", result.passes, passes + 2, 1);
        check_case("the limit", result.downtime_us <= 40000);
        check_near("sent", result.sent_bytes,
                   result.total_us / SECOND * BANDWIDTH, 0.02 * MEMORY);
    }
}

typedef struct {
    double least, most; /* left at the begin of a pass, from the third on */
    int64_t pass;
} Floor;

static void watch_floor(const Sample *sample, const Verdict *verdict,
                        gpointer user_data)
{
    Floor *found = user_data;
    if (sample->pass >= 3 && sample->pass != found->pass) {
        found->least = MIN(found->least, sample->remaining_bytes);
        found->most = MAX(found->most, sample->remaining_bytes);
    }
    found->pass = sample->pass;
}

/* What is written faster than it can be sent stays: the working set. */
static void a_working_set_is_the_floor(void **state)
{
    double working_set = 100 * MIB;
    g_autoptr(Curve) dirty =
        curve_of_pattern(PATTERN_SEQUENTIAL, 4 * BANDWIDTH, working_set);
    ModelSpec spec = guest(dirty);
    PolicyTerms too_little = with_limit(50), enough = with_limit(400);
    Floor found = { .least = INFINITY };
    ModelResult result = model_run(&spec, policy_spec_find("qemu"), &too_little,
                                   watch_floor, &found);

    assert_int_equal(result.end, MODEL_TIMED_OUT);
    check_near("at the end", result.total_us, 200 * SECOND, 0.2 * SECOND);
    check_near("least", found.least, working_set, MIB);
    check_near("most", found.most, working_set, MIB);

    result = run(&spec, &enough);
    assert_int_equal(result.end, MODEL_PRECOPY);
    check_near("downtime", result.downtime_us,
               working_set / BANDWIDTH * SECOND + 20000, 5000);
}

static void the_limit_decides(void **state)
{
    /* 0.39 s for the working set; the last of it may be sent and still be
     * clean when QEMU looks, so a limit a little below that does, too */
    g_autoptr(Curve) dirty =
        curve_of_pattern(PATTERN_SEQUENTIAL, 4 * BANDWIDTH, 100 * MIB);
    ModelSpec spec = guest(dirty);
    PolicyTerms under = with_limit(300), over = with_limit(393);

    assert_int_equal(run(&spec, &under).end, MODEL_TIMED_OUT);
    assert_int_equal(run(&spec, &over).end, MODEL_PRECOPY);
    /* a cap makes the bandwidth that QEMU reckons with less, too */
    over.max_bandwidth_bytes_per_s = BANDWIDTH / 2;
    assert_int_equal(run(&spec, &over).end, MODEL_TIMED_OUT);
    over.switchover_bandwidth_bytes_per_s = BANDWIDTH;
    ModelResult result = run(&spec, &over);
    assert_int_equal(result.end, MODEL_PRECOPY);
    /* it goes by the link then */
    check_case("downtime", result.downtime_us < 0.42 * SECOND);
}

/* 100 TiB over 1 MiB/s would take years, and so many samples. */
static void no_end_is_not_waited_for(void **state)
{
    g_autoptr(Curve) dirty =
        curve_of_pattern(PATTERN_RANDOM, 4 * BANDWIDTH, MEMORY);
    ModelSpec spec = guest(dirty);
    PolicyTerms terms = with_limit(1);
    terms.timeout_us = 0;
    assert_int_equal(run(&spec, &terms).end, MODEL_ENDLESS);
    spec.memory_bytes = spec.first_bytes = 100 * 1048576.0 * MIB;
    spec.bandwidth_bytes_per_s = MIB;
    assert_int_equal(run(&spec, &terms).end, MODEL_ENDLESS);
    terms.timeout_us = 100 * SECOND;
    assert_int_equal(run(&spec, &terms).end, MODEL_TIMED_OUT);
}

static void auto_converge_slows_the_guest_down(void **state)
{
    g_autoptr(Curve) dirty =
        curve_of_pattern(PATTERN_RANDOM, 1.5 * BANDWIDTH, MEMORY);
    ModelSpec spec = guest(dirty);
    PolicyTerms terms = with_limit(300);

    assert_int_equal(run(&spec, &terms).end, MODEL_TIMED_OUT);
    spec.auto_converge = true;
    ModelResult slow = run(&spec, &terms);
    assert_int_equal(slow.end, MODEL_PRECOPY);
    check_case("the guest lost time", slow.lost_us > SECOND);

    /* it has half of its time to spare: a throttle takes that first */
    spec.busy = 0.5;
    ModelResult spared = run(&spec, &terms);
    assert_int_equal(spared.end, MODEL_PRECOPY);
    check_case("later", spared.total_us > slow.total_us);
    spec.busy = 1;

    /* as little as it may be throttled, it does not help */
    spec.throttle_initial = spec.throttle_max = 5;
    ModelResult mild = run(&spec, &terms);
    assert_int_equal(mild.end, MODEL_TIMED_OUT);
    check_case("a twentieth", mild.lost_us < 0.05 * 200 * SECOND);
}

static void postcopy_ends_whatever_is_dirtied(void **state)
{
    g_autoptr(Curve) dirty =
        curve_of_pattern(PATTERN_RANDOM, 2 * BANDWIDTH, MEMORY);
    ModelSpec spec = guest(dirty);
    PolicyTerms terms = with_limit(300);
    terms.has_postcopy = true;
    terms.postcopy_after_passes = 1;
    ModelResult result = run(&spec, &terms);
    double left = curve_bytes(dirty, 4);

    assert_int_equal(result.end, MODEL_POSTCOPY);
    check_near("downtime", result.downtime_us, 20000, 1);
    check_near("total", result.total_us,
               (4 + left / BANDWIDTH) * SECOND + 30000, 0.3 * SECOND);
    check_near("sent", result.sent_bytes, MEMORY + left, 0.07 * MEMORY);
    check_case("the guest waits", result.lost_us > SECOND);

    /* cheaper faults, less waiting; not more than a page takes on the link */
    spec.fault_us = 50;
    ModelResult cheap = run(&spec, &terms);
    check_case("cheaper", cheap.lost_us < result.lost_us);
    check_near("as long", cheap.total_us, result.total_us, 0.01 * SECOND);

    spec.postcopy_bandwidth_bytes_per_s = BANDWIDTH / 2;
    check_case("slower", run(&spec, &terms).total_us > result.total_us);
    /* not armed, not done */
    terms.has_postcopy = false;
    assert_int_equal(run(&spec, &terms).end, MODEL_TIMED_OUT);
}

/* A policy that does one thing at the begin of its third pass. */
typedef struct {
    PolicyAction action;
    const char *parameter;
    uint64_t value;
} Deed;

static Verdict do_deed(Policy *policy, const Sample *sample)
{
    const Deed *deed = policy->spec->data;
    if (policy_passes(policy) != 2 || !policy->is_boundary) {
        return policy_wait();
    }
    if (deed->action == POLICY_SET) {
        return policy_set(policy, deed->parameter, deed->value, "deed", "now");
    }
    return deed->action == POLICY_STOP
               ? policy_stop(policy, deed->value, "deed", "now")
               : policy_act(policy, deed->action, "deed", "now");
}

static ModelResult run_deed(const ModelSpec *spec, const PolicyTerms *terms,
                            const Deed *deed)
{
    const char *const none[] = { NULL };
    const PolicySpec policy = { .name = "deed",
                                .help = "",
                                .features = none,
                                .judge = do_deed,
                                .data = deed };
    return model_run(spec, &policy, terms, NULL, NULL);
}

static void what_a_policy_says_is_done(void **state)
{
    static const struct {
        const char *what;
        Deed deed;
        ModelEnd end;
    } cases[] = {
        { "stop", { POLICY_STOP, NULL, 60000 }, MODEL_STOPPED },
        { "stop, with too low a ceiling",
          { POLICY_STOP, NULL, 100 },
          MODEL_TIMED_OUT },
        { "abort", { POLICY_ABORT, NULL, 0 }, MODEL_ABORTED },
        { "post-copy", { POLICY_POSTCOPY, NULL, 0 }, MODEL_POSTCOPY },
        { "more downtime",
          { POLICY_SET, "downtime-limit", 4000 },
          MODEL_PRECOPY },
        { "a cap", { POLICY_SET, "max-bandwidth", 1 << 20 }, MODEL_TIMED_OUT },
        { "a parameter of no interest",
          { POLICY_SET, "multifd-channels", 4 },
          MODEL_TIMED_OUT },
    };
    g_autoptr(Curve) dirty =
        curve_of_pattern(PATTERN_RANDOM, 2 * BANDWIDTH, MEMORY);
    ModelSpec spec = guest(dirty);
    PolicyTerms terms = with_limit(300);
    terms.has_postcopy = true;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        ModelResult result = run_deed(&spec, &terms, &cases[i].deed);
        check_case(cases[i].what, result.end == cases[i].end);
        check_case(cases[i].what, result.end != MODEL_STOPPED ||
                                      result.downtime_us > 3 * SECOND);
    }
}

static void a_dead_link_ends_some_time(void **state)
{
    g_autoptr(Curve) idle = curve_of_pattern(PATTERN_RANDOM, 0, MEMORY);
    ModelSpec spec = guest(idle);
    PolicyTerms terms = { .qemu_downtime_us = 300000 };
    spec.bandwidth_bytes_per_s = 0;
    ModelResult result = run(&spec, &terms);

    assert_int_equal(result.end, MODEL_ENDLESS);
    check_near("nothing sent", result.sent_bytes, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_guest_is_sent_once),
        cmocka_unit_test(zero_pages_cost_nine_bytes),
        cmocka_unit_test(passes_are_a_geometric_series),
        cmocka_unit_test(a_working_set_is_the_floor),
        cmocka_unit_test(the_limit_decides),
        cmocka_unit_test(no_end_is_not_waited_for),
        cmocka_unit_test(auto_converge_slows_the_guest_down),
        cmocka_unit_test(postcopy_ends_whatever_is_dirtied),
        cmocka_unit_test(what_a_policy_says_is_done),
        cmocka_unit_test(a_dead_link_ends_some_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
