/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/table.h"
#include "tools/caps/describe.h"
#include "tools/caps/grid.h"
#include "tools/caps/view.h"

static void view_features(void)
{
    static const GridColumn columns[] = { { "FEATURE", false },
                                          { "WHAT IT DOES", true },
                                          { NULL } };
    size_t n;
    const CapsFeature *features = caps_features(&n);
    Grid *grid = grid_new(columns);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *option = g_strconcat("--", features[i].option, NULL);
        g_autofree char *text = describe_feature(&features[i]);
        grid_add(grid, GRID_CELLS(option, text));
    }
    grid_print(grid);
}

static void view_capability_rows(void)
{
    static const GridColumn columns[] = { { "CAPABILITY", false },
                                          { "SIDE", false },
                                          { "SINCE", false },
                                          { "WHAT IT DOES", true },
                                          { NULL } };
    size_t n;
    const CapsRow *rows = caps_table_capabilities(&n);
    Grid *grid = grid_new(columns);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *since = caps_version_to_text(rows[i].since);
        g_autofree char *text = describe_capability(&rows[i]);
        grid_add(grid, GRID_CELLS(rows[i].name, needed_by_name(rows[i].sides),
                                  since, text));
    }
    grid_print(grid);
}

static void view_parameter_rows(void)
{
    static const GridColumn columns[] = {
        { "PARAMETER", false }, { "SIDE", false },        { "SINCE", false },
        { "DEFAULT", false },   { "WHAT IT DOES", true }, { NULL }
    };
    size_t n;
    const CapsRow *rows = caps_table_parameters(&n);
    Grid *grid = grid_new(columns);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *since = caps_version_to_text(rows[i].since);
        g_autofree char *usual = describe_default(&rows[i]);
        g_autofree char *text = describe_parameter(&rows[i]);
        grid_add(grid, GRID_CELLS(rows[i].name, needed_by_name(rows[i].sides),
                                  since, usual, text));
    }
    grid_print(grid);
}

void view_table(void)
{
    view_features();
    view_capability_rows();
    view_parameter_rows();
}
