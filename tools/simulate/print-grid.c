/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "tools/caps/grid.h"
#include "tools/plain.h"
#include "tools/simulate/print.h"

#define CELLS_SHOWN 6u

static void print_standings(const Cells *cells)
{
    static const GridColumn columns[] = {
        { "POLICY", false },   { "MIGRATED", false },
        { "KEPT", false },     { "TOTAL/BEST", false },
        { "WORST", false },    { "SLOWDOWN", false },
        { "AT WORST", false }, { NULL },
    };
    Grid *grid = grid_new(columns);
    for (guint i = 0; i < cells->n_policies; i++) {
        Standing standing = cells_standing(cells, i);
        char text[6][24];
        g_snprintf(text[0], sizeof(text[0]), "%u", standing.migrated);
        g_snprintf(text[1], sizeof(text[1]), "%u", standing.kept);
        g_snprintf(text[2], sizeof(text[2]), "%.2f", standing.ratio_mean);
        g_snprintf(text[3], sizeof(text[3]), "%.2f", standing.ratio_worst);
        g_snprintf(text[4], sizeof(text[4]), "%.1f %%",
                   standing.slowdown_mean * 100);
        g_snprintf(text[5], sizeof(text[5]), "%.1f %%",
                   standing.slowdown_worst * 100);
        grid_add(grid, GRID_CELLS(policy_spec_name(policy_spec_at(i)), text[0],
                                  text[1], text[2], text[3], text[4], text[5]));
    }
    grid_print(grid);
}

static void name_some(const GPtrArray *cells)
{
    for (guint i = 0; i < cells->len && i < CELLS_SHOWN; i++) {
        const Cell *cell = cells->pdata[i];
        plain_print(stdout, "    %s\n", cell->name);
    }
    if (cells->len > CELLS_SHOWN) {
        plain_print(stdout, "    and %u more\n", cells->len - CELLS_SHOWN);
    }
}

static void print_figures(const Cells *cells, const char *name)
{
    g_auto(Figures) figures = cells_figures(cells, cells_policy(name));
    plain_print(stdout, "\n%s, of %u cells:\n", name, cells->cells->len);
    plain_print(stdout,
                "  not migrated though another policy does: %u (wanted: 0)\n",
                figures.missed->len);
    name_some(figures.missed);
    plain_print(stdout,
                "  total at most 1.05 times the best: %.1f %% of %u (wanted: "
                "95 %%)\n",
                figures.near_share * 100, figures.n_compared);
    name_some(figures.slow);
    plain_print(stdout,
                "  total at worst: %.2f times the best (wanted: 1.25)\n",
                figures.ratio_worst);
    if (figures.worst) {
        plain_print(stdout, "    %s\n", figures.worst->name);
    }
    plain_print(
        stdout,
        "  slowdown over the gentlest that is about as quick, at worst: "
        "%.1f points (wanted: 10)\n",
        figures.slowdown_over * 100);
    if (figures.hardest) {
        plain_print(stdout, "    %s\n", figures.hardest->name);
    }
    plain_print(stdout, "  the same as a ratio: %.2f\n",
                figures.slowdown_ratio);
    plain_print(
        stdout,
        "  the same over the gentlest of all: %.1f points; in %u cells no "
        "policy is both quick and so gentle\n",
        figures.slowdown_over_all * 100, figures.n_torn);
    plain_print(stdout, "%s\n",
                figures_hold(&figures) ? "all as wanted" : "not as wanted");
}

void print_cells(const Cells *cells)
{
    print_standings(cells);
    print_figures(cells, POLICY_DEFAULT);
}

static void print_cell(const Cell *cell, guint n_policies)
{
    const GridColumn columns[] = {
        { cell->name, false }, { "END", false },
        { "TOTAL", false },    { "TO BEST", false },
        { "DOWNTIME", false }, { "SLOWDOWN", false },
        { "PASSES", false },   { NULL },
    };
    Grid *grid = grid_new(columns);
    double best_us = cell_best_total_us(cell, n_policies);
    for (guint i = 0; i < n_policies; i++) {
        const Run *run = &cell->runs[i];
        const ModelResult *result = &run->result;
        char text[5][24] = { "", "", "", "", "" };
        g_snprintf(text[0], sizeof(text[0]), "%.2f s", result->total_us / 1e6);
        if (run->kept) {
            g_snprintf(text[1], sizeof(text[1]), "%.3f",
                       result->total_us / best_us);
        }
        if (run->migrated) {
            g_snprintf(text[2], sizeof(text[2]), "%.0f ms%s",
                       result->downtime_us / 1e3,
                       run->kept ? "" : ", too long");
        }
        g_snprintf(text[3], sizeof(text[3]), "%.1f %%",
                   scene_slowdown(result) * 100);
        g_snprintf(text[4], sizeof(text[4]), "%ld", (long)result->passes);
        grid_add(grid, GRID_CELLS(policy_spec_name(policy_spec_at(i)),
                                  scene_end_name(result->end), text[0], text[1],
                                  text[2], text[3], text[4]));
    }
    grid_print(grid);
}

void print_some(const Cells *cells, const char *pattern)
{
    for (guint i = 0; i < cells->cells->len; i++) {
        const Cell *cell = cells->cells->pdata[i];
        if (g_pattern_match_simple(pattern, cell->name)) {
            print_cell(cell, cells->n_policies);
        }
    }
}
