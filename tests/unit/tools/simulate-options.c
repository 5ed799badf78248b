/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of qmigrate simulate, and what they become. */
#include "tests/lib/check.h"

#include "tools/simulate/options.h"

#define GIB 1073741824.0

static gboolean read_words(const char *line, SimulateOptions *options,
                           GError **error)
{
    g_autofree char *whole = g_strconcat("simulate ", line, NULL);
    g_auto(GStrv) words = NULL;
    int argc;

    if (!g_shell_parse_argv(whole, &argc, &words, NULL)) {
        g_error("%s", line);
    }
    /* what is understood is taken out of the array, but not freed */
    g_autofree char **array = g_memdup2(words, (argc + 1) * sizeof(*words));
    char **argv = array;
    return simulate_options_read(options, &argc, &argv, error);
}

static void reads_a_model(void **state)
{
    g_auto(SimulateOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    read_words("--model --policy qemu --memory 64GiB --dirty-rate 1GB/s "
               "--working-set 2GiB --pattern hot-cold --busy 20% --bandwidth "
               "10Gbit/s --max-bandwidth 1GB/s --multifd 4 --fault-cost 1.5ms "
               "--downtime-limit 50 --max-downtime 2s --timeout 5min "
               "--postcopy --postcopy-after 3 --auto-converge --json -",
               &options, &error);
    check_no_error(error);
    const Scene *scene = &options.scene;
    const PolicyTerms *terms = &scene->terms;
    assert_int_equal(options.mode, SIMULATE_MODEL);
    assert_string_equal(policy_spec_name(options.policy), "qemu");
    assert_string_equal(options.json, "-");
    assert_true(scene->memory_bytes == 64 * GIB);
    assert_true(scene->dirty_bytes_per_s == 1e9);
    assert_true(scene->working_set_bytes == 2 * GIB);
    assert_int_equal(scene->pattern, PATTERN_HOT_COLD);
    assert_true(scene->busy == 0.2);
    assert_true(scene->bandwidth_bytes_per_s == 1.25e9);
    assert_true(scene->fault_us == 1500);
    assert_int_equal(scene->n_channels, 4);
    assert_true(scene->auto_converge);
    assert_int_equal(terms->start_downtime_us, 50000);
    assert_int_equal(terms->max_downtime_us, 2000000);
    assert_int_equal(terms->timeout_us, 300 * G_USEC_PER_SEC);
    assert_int_equal(terms->max_bandwidth_bytes_per_s, 1000000000);
    assert_true(terms->has_postcopy);
    assert_int_equal(terms->postcopy_after_passes, 3);
}

static void has_something_for_what_is_not_said(void **state)
{
    g_auto(SimulateOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    read_words("--model --memory 8GiB --timeout 0", &options, &error);
    check_no_error(error);
    assert_string_equal(policy_spec_name(options.policy), POLICY_DEFAULT);
    assert_true(options.scene.working_set_bytes == 2 * GIB);
    assert_true(options.scene.busy == 1);
    assert_false(options.scene.auto_converge);
    assert_int_equal(options.scene.terms.timeout_us, 0);
}

static void knows_its_three_kinds(void **state)
{
    g_auto(SimulateOptions) grid = { 0 };
    g_auto(SimulateOptions) trace = { 0 };
    g_autoptr(GError) error = NULL;

    read_words("--grid --memory 4GiB --show '*/random/*'", &grid, &error);
    check_no_error(error);
    assert_int_equal(grid.mode, SIMULATE_GRID);
    assert_int_equal(grid.scene.terms.timeout_us, 600 * G_USEC_PER_SEC);
    assert_string_equal(grid.show, "*/random/*");

    read_words("--policy all a.jsonl", &trace, &error);
    check_no_error(error);
    assert_int_equal(trace.mode, SIMULATE_TRACE);
    assert_null(trace.policy);
    assert_string_equal(trace.trace, "a.jsonl");
}

static const struct {
    const char *line, *why;
} bad[] = {
    { "", "one of these is wanted: --model, --grid, or the file of a trace" },
    { "--model --grid", "one of these is wanted" },
    { "--model a.jsonl", "one of these is wanted" },
    { "a.jsonl b.jsonl", "'b.jsonl' is one word too many" },
    { "--model --policy quemu",
      "there is no policy 'quemu'; did you mean qemu?" },
    { "--model --patern random",
      "there is no option --patern; did you mean --pattern?" },
    { "--model --pattern rondom", "did you mean random?" },
    { "--model --pattern zigzag", "none of sequential, random, hot-cold" },
    { "--model --memory 1s", "--memory: '1s' has a unit that does not fit" },
    { "--model --memory 0", "--memory: '0' is too little" },
    { "--model --bandwidth 0", "--bandwidth: '0' is too little" },
    { "--model --memory 1GiB --working-set 2GiB",
      "--working-set: 2GiB is more than the memory" },
    { "--model --busy 101%", "--busy: '101%' is more than all its time" },
    { "--model --busy 0", "--busy: '0' is too little" },
    { "--model --multifd 256", "--multifd: '256' is not from 1 to 255" },
    { "--model --multifd 0", "--multifd: '0' is too little" },
    { "--model --multifd -1", "--multifd: '-1' is not a number" },
    { "--model --on-stall postcopy", "--on-stall=postcopy needs --postcopy" },
    { "--model --policy qemu --on-stall abort",
      "--on-stall is not for --policy qemu" },
    { "--model --downtime-limit 2s --max-downtime 1s",
      "--max-downtime: '1s' is under --downtime-limit" },
    { "--model --on-stall wait",
      "--on-stall: 'wait' is none of abort, postcopy, stop" },
    { "--model --postcopy-after 2", "--postcopy-after needs --postcopy" },
    { "--model --show '*'", "--show is of --grid" },
    { "--grid --pattern random", "--grid has each --pattern of its own" },
    { "--grid --postcopy", "--grid has each --postcopy of its own" },
    { "--grid --policy qemu", "--grid has each --policy of its own" },
};

static void refuses_with_what_is_wrong(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(SimulateOptions) options = { 0 };
        g_autoptr(GError) error = NULL;

        check_case(bad[i].line, !read_words(bad[i].line, &options, &error));
        assert_int_equal(error->domain, G_OPTION_ERROR);
        check_contains(error->message, bad[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_model),
        cmocka_unit_test(has_something_for_what_is_not_said),
        cmocka_unit_test(knows_its_three_kinds),
        cmocka_unit_test(refuses_with_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
