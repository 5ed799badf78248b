/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traces that are judged again, policies in a model, and the grid's figures. */
#include "tests/lib/check.h"

#include <math.h>
#include <stdio.h>

#include "qmp/json.h"
#include "tools/simulate/cells.h"
#include "tools/simulate/simulated.h"

static GPtrArray *read_trace(const char *name, GError **error)
{
    g_autofree char *file = g_strconcat(name, ".jsonl", NULL);
    g_autofree char *path =
        g_build_filename(g_getenv("QMIGRATE_TEST_DATA"), "traces", file, NULL);
    return recorded_read(path, error);
}

static void reads_the_migrations_of_a_trace(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = read_trace("there-and-back-10.0", &error);

    check_no_error(error);
    assert_int_equal(all->len, 2);
    const Recorded *first = all->pdata[0];
    assert_int_equal(first->samples->len, 5);
    const Sample *last = &g_array_index(first->samples, Sample, 4);
    assert_int_equal(last->pass, 2);
    /* since migrate was sent, and not behind STOP */
    assert_true(last->time_us > 100000 && last->time_us < 303000);
    assert_int_equal(first->qemu_downtime_us, 300000);
    assert_string_equal(first->phase, "done");
    assert_null(first->why);
    assert_int_equal(first->end_us, 3944023989 - 3943692983);
}

static void post_copy_is_part_of_the_time(void **state)
{
    g_autoptr(GPtrArray) all = read_trace("postcopy-7.2", NULL);
    const Recorded *recorded = all->pdata[0];
    /* from transfer to settle */
    assert_int_equal(recorded->end_us, 29398698684 - 29398282006);
}

static void says_why_it_failed(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = read_trace("timeout-7.2", &error);

    check_no_error(error);
    const Recorded *recorded = all->pdata[0];
    check_contains(recorded->why, "not done within");
    assert_true(recorded->samples->len > 3);
}

static void refuses_what_is_no_trace(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "", "has no migration in it" },
        { "{\"kind\":\"phase\",\"to\":\"done\"}\n", "has no migration in it" },
        { "hello\nworld\n", "has a line that is no JSON object" },
        { "{\"kind\":\"event\",\"event\":\"start\"}\n",
          "has nothing to judge in it" },
    };
    g_autofree char *folder = g_dir_make_tmp("simulate-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "trace", NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_true(g_file_set_contents(path, cases[i].text, -1, NULL));
        assert_null(recorded_read(path, &error));
        check_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
        check_contains(error->message, cases[i].why);
    }
    assert_int_equal(remove(path), 0);
    g_autoptr(GError) error = NULL;
    assert_null(recorded_read(path, &error));
    check_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    assert_int_equal(remove(folder), 0);
}

static void judges_each_sample_again(void **state)
{
    g_autoptr(GPtrArray) all = read_trace("there-and-back-10.0", NULL);
    const Recorded *recorded = all->pdata[0];
    PolicyTerms terms = { 0 };
    g_autoptr(Play) hands_off =
        play_recorded(recorded, &terms, policy_spec_find("qemu"));

    assert_int_equal(hands_off->said->len, recorded->samples->len);
    assert_int_equal(hands_off->n_decisions, 0);
    /* of whom waits, too */
    const Said *last = &g_array_index(hands_off->said, Said, 4);
    assert_true(last->verdict.inputs.bandwidth_bytes_per_s > 0);

    terms.has_postcopy = true;
    terms.postcopy_after_passes = 1;
    g_autoptr(Play) switches =
        play_recorded(recorded, &terms, policy_spec_find("qemu"));
    assert_int_equal(switches->n_decisions, 1);
    last = &g_array_index(switches->said, Said, switches->said->len - 1);
    assert_int_equal(last->verdict.action, POLICY_POSTCOPY);
    assert_int_equal(last->sample.pass, 2);
}

static void arms_what_a_policy_is_made_for(void **state)
{
    Scene scene = scene_default();
    scene_arm(&scene, policy_spec_find("qemu"));
    assert_false(scene.auto_converge || scene.terms.has_postcopy);
    scene_arm(&scene, policy_spec_find("ovirt-postcopy"));
    assert_true(scene.auto_converge && scene.terms.has_postcopy);
}

static void channels_share_the_link(void **state)
{
    Scene scene = scene_default();
    const PolicySpec *qemu = policy_spec_find("qemu");
    scene.bandwidth_bytes_per_s = 5e9;
    scene.dirty_bytes_per_s = 0;
    double one = scene_run(&scene, qemu, NULL, NULL).total_us;
    scene.n_channels = 2;
    double two = scene_run(&scene, qemu, NULL, NULL).total_us;
    scene.n_channels = 8;
    double eight = scene_run(&scene, qemu, NULL, NULL).total_us;

    assert_true(fabs(one / two - 2) < 0.05);
    /* no more than there is */
    assert_true(fabs(one / eight - 4) < 0.1);
}

static Run outcome(double total_s, double lost_s, bool kept)
{
    return (Run){ .result = { .end = MODEL_PRECOPY,
                              .total_us = total_s * 1e6,
                              .lost_us = lost_s * 1e6 },
                  .migrated = true,
                  .kept = kept };
}

/* Two policies, ours is the second. */
static void counts_the_figures(void **state)
{
    Run runs[][2] = {
        { outcome(100, 1, true), outcome(104, 1, true) },
        { outcome(100, 1, true), outcome(120, 12, true) },
        { outcome(100, 1, false), outcome(100, 1, true) },
        { outcome(100, 1, true), outcome(50, 1, false) },
        { outcome(100, 1, false), outcome(50, 1, false) },
        /* gentle, but no match */
        { outcome(500, 0, true), outcome(100, 30, true) },
    };
    Cell cells[G_N_ELEMENTS(runs)] = { 0 };
    Cells all = { .n_policies = 2, .cells = g_ptr_array_new() };
    for (guint i = 0; i < G_N_ELEMENTS(runs); i++) {
        cells[i].runs = runs[i];
        g_ptr_array_add(all.cells, &cells[i]);
    }
    g_auto(Figures) figures = cells_figures(&all, 1);

    assert_int_equal(figures.missed->len, 1);
    assert_ptr_equal(figures.missed->pdata[0], &cells[3]);
    assert_int_equal(figures.n_compared, 4);
    assert_int_equal(figures.slow->len, 1);
    assert_true(fabs(figures.near_share - 0.75) < 1e-9);
    assert_true(fabs(figures.ratio_worst - 1.2) < 1e-9);
    assert_ptr_equal(figures.worst, &cells[1]);
    assert_true(fabs(figures.slowdown_over - 0.09) < 1e-9);
    assert_true(fabs(figures.slowdown_over_all - 0.3) < 1e-9);
    assert_int_equal(figures.n_torn, 1);
    assert_false(figures_hold(&figures));

    Standing standing = cells_standing(&all, 0);
    assert_int_equal(standing.migrated, 6);
    assert_int_equal(standing.kept, 4);
    assert_true(fabs(standing.ratio_worst - 5) < 1e-9);
    g_ptr_array_unref(all.cells);
}

static void the_grid_has_all_cells(void **state)
{
    Scene base = scene_default();
    base.memory_bytes /= 64; /* quick */
    base.terms.timeout_us = 20 * G_USEC_PER_SEC;
    g_autoptr(Cells) cells = cells_new(&base);

    assert_int_equal(cells->cells->len, 8 * 4 * 3 * 3 * 2);
    assert_true(cells_has(cells, "1.5/60%/random/300ms/postcopy"));
    assert_true(cells_has(cells, "0.2/*"));
    assert_false(cells_has(cells, "0.3/*"));
    /* an easy one: everybody who waits comes through */
    const Cell *easy = cells->cells->pdata[0];
    assert_string_equal(easy->name, "0.2/5%/sequential/100ms/precopy");
    assert_true(easy->runs[cells_policy("qemu")].kept);

    g_autoptr(JsonNode) document = simulated_grid(cells);
    JsonObject *object = json_node_get_object(document);
    assert_string_equal(qmp_json_string(object, "schema"),
                        "qmigrate.simulation/1");
    assert_int_equal(json_array_get_length(qmp_json_array(object, "cells")),
                     576);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_migrations_of_a_trace),
        cmocka_unit_test(post_copy_is_part_of_the_time),
        cmocka_unit_test(says_why_it_failed),
        cmocka_unit_test(refuses_what_is_no_trace),
        cmocka_unit_test(judges_each_sample_again),
        cmocka_unit_test(arms_what_a_policy_is_made_for),
        cmocka_unit_test(channels_share_the_link),
        cmocka_unit_test(counts_the_figures),
        cmocka_unit_test(the_grid_has_all_cells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
