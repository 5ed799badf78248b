/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Predictions of guests that are known, and what their passes then correct. */
#include "tests/lib/check.h"

#include "orchestrator/predict.h"

#define MIB       (1024.0 * 1024)
#define MEMORY    (256 * MIB)
#define BANDWIDTH (64ull << 20)
#define LIMIT_US  300000u

static PredictSpec spec_of(double rate_mib, double working_set_mib)
{
    g_autoptr(Curve) curve =
        curve_of_pattern(PATTERN_RANDOM, rate_mib * MIB, working_set_mib * MIB);
    PredictSpec spec = {
        .memory_bytes = MEMORY,
        .first_bytes = MEMORY,
        .points = g_array_new(FALSE, FALSE, sizeof(MeasurePoint)),
        .link_bytes_per_s = 2e9,
        .policy = policy_spec_find("qemu"),
        .terms = { .qemu_downtime_us = LIMIT_US,
                   .timeout_us = 60 * G_USEC_PER_SEC,
                   .max_bandwidth_bytes_per_s = BANDWIDTH },
    };
    for (unsigned i = 0; i < MEASURE_LOOKS; i++) {
        double seconds = measure_look_us(MEASURE_US, i) / 1e6;
        const MeasurePoint point = { seconds, curve_bytes(curve, seconds) };
        g_array_append_val(spec.points, point);
    }
    return spec;
}

static void an_idle_guest_takes_what_its_memory_takes(void **state)
{
    g_auto(PredictSpec) spec = spec_of(0, 64);
    Prediction prediction = predict(&spec);
    assert_true(prediction.is_known && prediction.converges);
    assert_true(prediction.model.total_us > 3.5e6);
    assert_true(prediction.model.total_us < 4.1e6);
    assert_true(prediction.model.downtime_us < LIMIT_US);
}

static void zero_pages_take_next_to_nothing(void **state)
{
    g_auto(PredictSpec) spec = spec_of(0, 64);
    spec.first_bytes = 32 * MIB;
    assert_true(predict(&spec).model.total_us < 0.7e6);
}

static void without_a_bandwidth_there_is_none(void **state)
{
    g_auto(PredictSpec) spec = spec_of(10, 64);
    spec.link_bytes_per_s = 0;
    spec.terms.max_bandwidth_bytes_per_s = 0;
    assert_false(predict(&spec).is_known);
}

static void a_cap_alone_will_do(void **state)
{
    g_auto(PredictSpec) spec = spec_of(10, 64);
    spec.link_bytes_per_s = 0;
    Prediction prediction = predict(&spec);
    assert_true(prediction.is_known && prediction.converges);
    assert_true(prediction.bandwidth_bytes_per_s == BANDWIDTH);
}

/* Each need, were it so, would do, and a tenth less of it would not. */
static void what_it_needs_would_do(void **state)
{
    g_auto(PredictSpec) spec = spec_of(300, 200);
    Prediction prediction = predict(&spec);
    g_autofree char *text = predict_needs(&prediction);
    assert_true(prediction.is_known && !prediction.converges);
    check_contains(text, "MiB/s");
    check_contains(text, "of downtime");
    check_contains(text, "instead of");
    check_contains(text, "post-copy");

    double times = prediction.needs_bandwidth_bytes_per_s / BANDWIDTH;
    spec.terms.max_bandwidth_bytes_per_s = BANDWIDTH * times;
    assert_true(predict(&spec).converges);
    spec.terms.max_bandwidth_bytes_per_s = BANDWIDTH * times * 0.9;
    assert_false(predict(&spec).converges);

    spec.terms.max_bandwidth_bytes_per_s = BANDWIDTH;
    spec.terms.qemu_downtime_us = prediction.needs_downtime_us;
    assert_true(predict(&spec).converges);
    spec.terms.qemu_downtime_us = prediction.needs_downtime_us * 0.9;
    assert_false(predict(&spec).converges);
}

/* It does not go on for ever, so there is nothing to be done about it. */
static void post_copy_is_an_end_that_needs_nothing(void **state)
{
    g_auto(PredictSpec) spec = spec_of(300, 200);
    spec.terms.has_postcopy = true;
    spec.terms.postcopy_after_passes = 1;
    Prediction prediction = predict(&spec);
    assert_int_equal(prediction.model.end, MODEL_POSTCOPY);
    assert_true(predict_arrives(&prediction) && !prediction.converges);
    assert_false(predict_lacks(&prediction));
    assert_true(prediction.needs_bandwidth_bytes_per_s == 0);
}

static void keep_pass(const Sample *sample, const Verdict *verdict,
                      gpointer user_data)
{
    GArray *passes = user_data;
    guint n = passes->len;
    if (n > 0 && g_array_index(passes, Sample, n - 1).pass == sample->pass) {
        g_array_set_size(passes, n - 1);
    }
    g_array_append_val(passes, *sample);
}

/* Measured as a guest of @said, while it really is one of @is MiB/s. */
static void check_correction(double said, double is)
{
    g_auto(PredictSpec) real = spec_of(is, 150);
    g_auto(PredictSpec) wrong = spec_of(said, 150);
    g_autoptr(GArray) passes = g_array_new(FALSE, FALSE, sizeof(Sample));
    ModelResult result = predict_play(&real, keep_pass, passes);
    double before = predict(&wrong).model.total_us / result.total_us - 1;
    assert_true(predict_correct(&wrong, passes, 2));
    double after = predict(&wrong).model.total_us / result.total_us - 1;
    print_message("%g is %g: %+.3f %+.3f\n", said, is, before, after);
    assert_true(ABS(after) < 0.1);
    assert_true(said == is || ABS(after) < ABS(before));
}

static void passes_correct_what_was_measured(void **state)
{
    check_correction(20, 20);
    check_correction(10, 25);
    check_correction(40, 25);
}

static void a_slower_link_is_seen(void **state)
{
    g_auto(PredictSpec) real = spec_of(10, 150);
    g_auto(PredictSpec) wrong = spec_of(10, 150);
    g_autoptr(GArray) passes = g_array_new(FALSE, FALSE, sizeof(Sample));
    real.link_bytes_per_s = BANDWIDTH / 2.0;
    ModelResult result = predict_play(&real, keep_pass, passes);
    assert_true(predict_correct(&wrong, passes, 1));
    double off = predict(&wrong).model.total_us / result.total_us - 1;
    assert_true(ABS(off) < 0.1);
}

static void no_pass_corrects_nothing(void **state)
{
    g_auto(PredictSpec) spec = spec_of(10, 64);
    g_autoptr(GArray) passes = g_array_new(FALSE, FALSE, sizeof(Sample));
    Sample unknown = sample_unknown();
    assert_false(predict_correct(&spec, passes, 0));
    assert_false(predict_correct(&spec, passes, 2));
    g_array_append_val(passes, unknown);
    g_array_append_val(passes, unknown);
    assert_false(predict_correct(&spec, passes, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_guest_takes_what_its_memory_takes),
        cmocka_unit_test(zero_pages_take_next_to_nothing),
        cmocka_unit_test(without_a_bandwidth_there_is_none),
        cmocka_unit_test(a_cap_alone_will_do),
        cmocka_unit_test(what_it_needs_would_do),
        cmocka_unit_test(post_copy_is_an_end_that_needs_nothing),
        cmocka_unit_test(passes_correct_what_was_measured),
        cmocka_unit_test(a_slower_link_is_seen),
        cmocka_unit_test(no_pass_corrects_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
