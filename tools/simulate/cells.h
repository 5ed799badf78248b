/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The grid: every policy in every combination of guest and terms, and how good
 * the default policy is among them (docs/policies.rst).  Pure.
 */
#include "tools/simulate/scene.h"

/* A policy in a cell. */
typedef struct {
    ModelResult result;
    bool migrated; /* within the timeout */
    bool kept;     /* and the downtime within --max-downtime */
} Run;

typedef struct {
    char *name; /* "0.95/60%/random/300ms/postcopy" */
    Scene scene;
    Run *runs; /* of each policy */
} Cell;

typedef struct {
    guint n_policies;
    GPtrArray *cells; /* of Cell */
} Cells;

/* @base says memory, bandwidth, timeout and what a fault costs. */
Cells *cells_new(const Scene *base);
/* Is there one whose name @pattern fits (* is anything)? */
bool cells_has(const Cells *cells, const char *pattern);
void cells_free(Cells *cells);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cells, cells_free)

/* The shortest total of those that kept the downtime; 0: none did. */
double cell_best_total_us(const Cell *cell, guint n_policies);

/* The smallest slowdown of those that kept the downtime and took no longer than
 * @within_us; 0 if none did. */
double cell_least_slowdown(const Cell *cell, guint n_policies,
                           double within_us);

/* Of one policy over all cells. */
typedef struct {
    guint migrated, kept;
    double ratio_mean, ratio_worst; /* total to best, where it kept */
    double slowdown_mean, slowdown_worst;
} Standing;

Standing cells_standing(const Cells *cells, guint policy);

/* How good a policy is; docs/policies.rst says what is counted, and why. */
typedef struct {
    GPtrArray *missed;  /* of Cell: another migrates in time and downtime */
    GPtrArray *slow;    /* of Cell: total over 1.05 times the best */
    guint n_compared;   /* cells where it kept the downtime */
    double near_share;  /* of them: not slow */
    double ratio_worst; /* total to best */
    const Cell *worst;
    double slowdown_over; /* that of the gentlest that is about as quick as the
                           * best, at worst; 0.1: by ten points */
    const Cell *hardest;
    double slowdown_ratio;    /* the same as a ratio */
    double slowdown_over_all; /* of all, however long they take */
    guint n_torn; /* cells where no policy is both quick and gentle */
} Figures;

Figures cells_figures(const Cells *cells, guint policy);
void figures_clear(Figures *figures);
bool figures_hold(const Figures *figures);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Figures, figures_clear)

/* The index of a policy; it must be there. */
guint cells_policy(const char *name);
