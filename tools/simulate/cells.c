/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/simulate/cells.h"

#include <math.h>
#include <string.h>

static const double rates[] = { 0.2, 0.4, 0.6, 0.8, 0.95, 1.1, 1.5, 2 };
static const unsigned sets[] = { 5, 25, 60, 95 };
static const unsigned downtimes_ms[] = { 100, 300, 1000 };

#define NEAR          1.05
#define NEAR_SHARE    0.95
#define RATIO_MOST    1.25
#define SLOWDOWN_OVER 0.10

static void cell_free(Cell *cell)
{
    g_free(cell->name);
    g_free(cell->runs);
    g_free(cell);
}

/* QEMU's own rule with all the downtime that is allowed, from the start: what
 * the others must be better than.  And the default turns on nothing by itself:
 * it is allowed what others turn on. */
static void help(Scene *scene, const PolicySpec *policy)
{
    if (strcmp(policy_spec_name(policy), "qemu") == 0) {
        scene->terms.start_downtime_us = scene->terms.max_downtime_us;
    } else if (strcmp(policy_spec_name(policy), POLICY_DEFAULT) == 0) {
        scene->auto_converge = true;
    }
}

static Run run(const Scene *cell, const PolicySpec *policy)
{
    Scene scene = *cell;
    Run run = { 0 };
    scene_arm(&scene, policy);
    help(&scene, policy);
    scene.terms.has_postcopy = cell->terms.has_postcopy;
    run.result = scene_run(&scene, policy, NULL, NULL);
    run.migrated = scene_has_migrated(&run.result) &&
                   run.result.total_us <= scene.terms.timeout_us;
    /* what no policy can change does not count against one */
    run.kept =
        run.migrated &&
        run.result.downtime_us <= scene.terms.max_downtime_us + scene.resume_us;
    return run;
}

static void add(Cells *cells, const Scene *base, guint rate, guint set,
                guint pattern, guint downtime, bool postcopy)
{
    Cell *cell = g_new0(Cell, 1);
    cell->scene = *base;
    cell->scene.dirty_bytes_per_s = rates[rate] * base->bandwidth_bytes_per_s;
    cell->scene.working_set_bytes = base->memory_bytes * sets[set] / 100;
    cell->scene.pattern = pattern;
    cell->scene.terms.max_downtime_us = downtimes_ms[downtime] * 1000u;
    cell->scene.terms.has_postcopy = postcopy;
    cell->name =
        g_strdup_printf("%g/%u%%/%s/%ums/%s", rates[rate], sets[set],
                        scene_pattern_name(pattern), downtimes_ms[downtime],
                        postcopy ? "postcopy" : "precopy");
    cell->runs = g_new0(Run, cells->n_policies);
    for (guint i = 0; i < cells->n_policies; i++) {
        cell->runs[i] = run(&cell->scene, policy_spec_at(i));
    }
    g_ptr_array_add(cells->cells, cell);
}

Cells *cells_new(const Scene *base)
{
    Cells *cells = g_new0(Cells, 1);
    cells->cells = g_ptr_array_new_with_free_func((GDestroyNotify)cell_free);
    while (policy_spec_at(cells->n_policies)) {
        cells->n_policies++;
    }
    const guint ends[] = { G_N_ELEMENTS(rates), G_N_ELEMENTS(sets), 3,
                           G_N_ELEMENTS(downtimes_ms), 2 };
    guint at[5] = { 0 };
    for (int i = 0; i >= 0;) {
        add(cells, base, at[0], at[1], at[2], at[3], at[4]);
        for (i = 4; i >= 0 && ++at[i] == ends[i]; i--) {
            at[i] = 0;
        }
    }
    return cells;
}

bool cells_has(const Cells *cells, const char *pattern)
{
    for (guint i = 0; i < cells->cells->len; i++) {
        const Cell *cell = cells->cells->pdata[i];
        if (g_pattern_match_simple(pattern, cell->name)) {
            return true;
        }
    }
    return false;
}

void cells_free(Cells *cells)
{
    g_ptr_array_unref(cells->cells);
    g_free(cells);
}

double cell_best_total_us(const Cell *cell, guint n_policies)
{
    double best = 0;
    for (guint i = 0; i < n_policies; i++) {
        const Run *run = &cell->runs[i];
        if (run->kept && (best == 0 || run->result.total_us < best)) {
            best = run->result.total_us;
        }
    }
    return best;
}

double cell_least_slowdown(const Cell *cell, guint n_policies, double within_us)
{
    double least = INFINITY;
    for (guint i = 0; i < n_policies; i++) {
        const Run *run = &cell->runs[i];
        if (run->kept && run->result.total_us <= within_us) {
            least = MIN(least, scene_slowdown(&run->result));
        }
    }
    return isinf(least) ? 0 : least;
}

Standing cells_standing(const Cells *cells, guint policy)
{
    Standing standing = { 0 };
    for (guint i = 0; i < cells->cells->len; i++) {
        const Cell *cell = cells->cells->pdata[i];
        const Run *run = &cell->runs[policy];
        standing.migrated += run->migrated;
        standing.kept += run->kept;
        if (run->kept) {
            double ratio = run->result.total_us /
                           cell_best_total_us(cell, cells->n_policies);
            double slowdown = scene_slowdown(&run->result);
            standing.ratio_mean += ratio;
            standing.ratio_worst = MAX(standing.ratio_worst, ratio);
            standing.slowdown_mean += slowdown;
            standing.slowdown_worst = MAX(standing.slowdown_worst, slowdown);
        }
    }
    if (standing.kept > 0) {
        standing.ratio_mean /= standing.kept;
        standing.slowdown_mean /= standing.kept;
    }
    return standing;
}

static void compare_total(Figures *figures, Cell *cell, double ratio)
{
    figures->n_compared++;
    if (ratio > NEAR) {
        g_ptr_array_add(figures->slow, cell);
    }
    if (ratio > figures->ratio_worst) {
        figures->ratio_worst = ratio;
        figures->worst = cell;
    }
}

/* Who is slower than the best by more has lost already, and whoever throttles
 * nothing and takes for ever would be the gentlest. */
static void compare_slowdown(Figures *figures, const Cell *cell,
                             double slowdown, double best_us, guint n_policies)
{
    double least = cell_least_slowdown(cell, n_policies, best_us * NEAR);
    double least_of_all = cell_least_slowdown(cell, n_policies, INFINITY);
    if (slowdown - least > figures->slowdown_over) {
        figures->slowdown_over = slowdown - least;
        figures->hardest = cell;
    }
    if (least > 0) {
        figures->slowdown_ratio =
            MAX(figures->slowdown_ratio, slowdown / least);
    }
    figures->slowdown_over_all =
        MAX(figures->slowdown_over_all, slowdown - least_of_all);
}

static void compare(Figures *figures, Cell *cell, guint policy,
                    guint n_policies)
{
    const Run *run = &cell->runs[policy];
    double best_us = cell_best_total_us(cell, n_policies);
    if (best_us > 0 &&
        cell_least_slowdown(cell, n_policies, best_us * NEAR) >
            cell_least_slowdown(cell, n_policies, INFINITY) + SLOWDOWN_OVER) {
        figures->n_torn++;
    }
    if (run->kept) {
        compare_total(figures, cell, run->result.total_us / best_us);
        compare_slowdown(figures, cell, scene_slowdown(&run->result), best_us,
                         n_policies);
    } else if (best_us > 0) {
        g_ptr_array_add(figures->missed, cell);
    }
}

Figures cells_figures(const Cells *cells, guint policy)
{
    Figures figures = { .missed = g_ptr_array_new(),
                        .slow = g_ptr_array_new() };
    for (guint i = 0; i < cells->cells->len; i++) {
        compare(&figures, cells->cells->pdata[i], policy, cells->n_policies);
    }
    figures.near_share =
        figures.n_compared > 0
            ? 1 - (double)figures.slow->len / figures.n_compared
            : 1;
    return figures;
}

void figures_clear(Figures *figures)
{
    g_clear_pointer(&figures->missed, g_ptr_array_unref);
    g_clear_pointer(&figures->slow, g_ptr_array_unref);
}

bool figures_hold(const Figures *figures)
{
    return figures->missed->len == 0 && figures->near_share >= NEAR_SHARE &&
           figures->ratio_worst <= RATIO_MOST &&
           figures->slowdown_over <= SLOWDOWN_OVER;
}

guint cells_policy(const char *name)
{
    guint i = 0;
    while (strcmp(policy_spec_name(policy_spec_at(i)), name) != 0) {
        i++;
    }
    return i;
}
