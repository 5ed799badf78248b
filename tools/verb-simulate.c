/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate simulate: what policies would do, without a guest. */
#include <stdio.h>

#include "orchestrator/outcome.h"
#include "tools/conclude.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/simulate/options.h"
#include "tools/simulate/print.h"
#include "tools/simulate/simulated.h"
#include "tools/verb.h"

/* Writes what is for programs; @outcome, if all could be written. */
static int finish(const SimulateOptions *options, JsonNode *document,
                  Outcome outcome)
{
    return output_conclude(outcome_row(outcome)->exit_code, OUTCOME_ERROR,
                           options->json, document);
}

static bool is_for_people(const SimulateOptions *options)
{
    return g_strcmp0(options->json, "-") != 0;
}

static GPtrArray *plays_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)play_free);
}

/* The policies that were asked for. */
static const PolicySpec *policy_at(const SimulateOptions *options, guint index)
{
    if (!options->policy) {
        return policy_spec_at(index);
    }
    return index == 0 ? options->policy : NULL;
}

static int simulate_model(const SimulateOptions *options)
{
    g_autoptr(GPtrArray) plays = plays_new();
    const PolicySpec *policy;
    for (guint i = 0; (policy = policy_at(options, i)); i++) {
        g_ptr_array_add(plays, play_model(&options->scene, policy));
    }
    if (is_for_people(options) && options->policy) {
        print_play(&options->scene, plays->pdata[0]);
    } else if (is_for_people(options)) {
        print_plays(plays);
    }
    g_autoptr(JsonNode) document = simulated_model(&options->scene, plays);
    return finish(options, document, OUTCOME_MIGRATED);
}

static GPtrArray *judge(const SimulateOptions *options,
                        const Recorded *recorded)
{
    GPtrArray *plays = plays_new();
    const PolicySpec *policy;
    for (guint i = 0; (policy = policy_at(options, i)); i++) {
        Scene scene = options->scene;
        scene_arm(&scene, policy);
        scene.terms.has_auto_converge = scene.auto_converge;
        g_ptr_array_add(plays, play_recorded(recorded, &scene.terms, policy));
    }
    return plays;
}

static int simulate_trace(const SimulateOptions *options,
                          const GPtrArray *recorded)
{
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < recorded->len; i++) {
        GPtrArray *plays = judge(options, recorded->pdata[i]);
        g_ptr_array_add(all, plays);
        if (is_for_people(options) && options->policy) {
            print_rejudged(recorded->pdata[i], plays->pdata[0]);
        } else if (is_for_people(options)) {
            print_all_rejudged(recorded->pdata[i], plays);
        }
    }
    g_autoptr(JsonNode) document = simulated_trace(recorded, all);
    return finish(options, document, OUTCOME_MIGRATED);
}

static int read_trace(const SimulateOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) recorded = recorded_read(options->trace, &error);
    if (!recorded) {
        return conclude_usage("simulate", options->json, error);
    }
    return simulate_trace(options, recorded);
}

static int simulate_grid(const SimulateOptions *options)
{
    g_autoptr(Cells) cells = cells_new(&options->scene);
    g_auto(Figures) figures =
        cells_figures(cells, cells_policy(POLICY_DEFAULT));
    if (options->show && !cells_has(cells, options->show)) {
        g_autoptr(GError) error = g_error_new(
            G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
            "--show: no cell is like '%s'; one is %s", options->show,
            ((const Cell *)cells->cells->pdata[0])->name);
        return conclude_usage("simulate", options->json, error);
    }
    if (is_for_people(options) && options->show) {
        print_some(cells, options->show);
    } else if (is_for_people(options)) {
        print_cells(cells);
    }
    g_autoptr(JsonNode) document = simulated_grid(cells);
    return finish(options, document,
                  figures_hold(&figures) ? OUTCOME_MIGRATED : OUTCOME_VERDICT);
}

int verb_simulate(int argc, char **argv)
{
    g_auto(SimulateOptions) options = { 0 };
    g_autoptr(GError) error = NULL;
    if (!simulate_options_read(&options, &argc, &argv, &error)) {
        return conclude_usage("simulate", simulate_options_json_word(), error);
    }
    if (options.json && !output_check("json", options.json, &error)) {
        plain_print(stderr, "error: %s\n", error->message);
        return outcome_row(OUTCOME_ERROR)->exit_code;
    }
    switch (options.mode) {
    case SIMULATE_TRACE:
        return read_trace(&options);
    case SIMULATE_MODEL:
        return simulate_model(&options);
    case SIMULATE_GRID:
        return simulate_grid(&options);
    }
    g_assert_not_reached();
}
