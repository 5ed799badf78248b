/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/caps/view.h"

#include <string.h>

#include "caps/fit.h"
#include "caps/table.h"
#include "tools/caps/compare.h"
#include "tools/caps/describe.h"
#include "tools/caps/grid.h"

#define COLOR_ON      "green"
#define COLOR_DIFFERS "yellow"

/* --- one QEMU, or both --- */

static const char *told(const char *text)
{
    return text ? text : "not told";
}

static const char *accelerator(const CapsInventory *inventory)
{
    return !inventory->accel                      ? told(NULL)
           : strcmp(inventory->accel, "kvm") == 0 ? "kvm"
                                                  : "not kvm";
}

/* Whose they are: of one QEMU or of both. */
static void view_qemus(const Inquired *qemus)
{
    static const char *const names[] = { "address", "QEMU", "machine",
                                         "accelerator" };
    GridColumn columns[N_SIDES + 2] = { { "", false } };
    const char *cells[G_N_ELEMENTS(names)][N_SIDES + 1];
    size_t n = 1;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (qemus->addresses[side]) {
            columns[n] =
                (GridColumn){ side == SIDE_SOURCE ? "SOURCE" : "DESTINATION",
                              true };
            cells[0][n] = qemus->addresses[side]->text;
            cells[1][n] = told(qemus->inventories[side].version_text);
            cells[2][n] = told(qemus->machines[side].type);
            cells[3][n] = accelerator(&qemus->inventories[side]);
            n++;
        }
    }
    Grid *grid = grid_new(columns);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        cells[i][0] = names[i];
        grid_add(grid, cells[i]);
    }
    grid_print(grid);
}

static const char *state_of(const CapsInventory *inventory, const char *name)
{
    return !caps_inventory_has(inventory, name)    ? "-"
           : caps_inventory_is_on(inventory, name) ? "on"
                                                   : "off";
}

static void view_capabilities(const CapsInventory *inventory)
{
    static const GridColumn columns[] = { { "CAPABILITY", false },
                                          { "IS", false },
                                          { "WHAT IT DOES", true },
                                          { NULL } };
    g_auto(GStrv) names = caps_inventory_names(inventory, true);
    Grid *grid = grid_new(columns);
    for (char **name = names; *name; name++) {
        const CapsRow *row = caps_table_capability(*name);
        g_autofree char *marks = describe_marks(inventory, true, *name);
        g_autofree char *text =
            describe_together(row ? row->help : NULL, marks, NULL);
        grid_add(grid, GRID_CELLS(*name, state_of(inventory, *name), text));
        grid_paint(grid, 1,
                   caps_inventory_is_on(inventory, *name) ? COLOR_ON : NULL);
    }
    grid_print(grid);
}

static void view_parameters(const CapsInventory *inventory)
{
    static const GridColumn columns[] = { { "PARAMETER", false },
                                          { "IS", true },
                                          { "WHAT IT DOES", true },
                                          { NULL } };
    g_auto(GStrv) names = caps_inventory_names(inventory, false);
    Grid *grid = grid_new(columns);
    for (char **name = names; *name; name++) {
        const CapsRow *row = caps_table_parameter(*name);
        g_autofree char *value = caps_inventory_value(inventory, *name);
        g_autofree char *shown = describe_value(row, value);
        g_autofree char *change = describe_change(row, value);
        g_autofree char *marks = describe_marks(inventory, false, *name);
        g_autofree char *text =
            describe_together(row ? row->help : NULL, change, marks);
        grid_add(grid, GRID_CELLS(*name, shown, text));
        grid_paint(grid, 1, *change ? COLOR_ON : NULL);
    }
    grid_print(grid);
}

void view_one(const Inquired *qemus, Side side)
{
    view_qemus(qemus);
    view_capabilities(&qemus->inventories[side]);
    view_parameters(&qemus->inventories[side]);
}

/* --- two QEMUs --- */

/* Why it matters that both differ, or that it does not. */
static char *describe_difference(const Compared *compared, const CapsRow *row)
{
    if (!compared->differs) {
        return g_strdup("");
    }
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (!compared->has[side]) {
            return g_strdup_printf("only the %s has it",
                                   side_name(side_other(side)));
        }
    }
    return g_strdup_printf("differs, and counts on %s%s",
                           caps_row_sides(row) == NEEDED_BY_BOTH ? "" : "the ",
                           needed_by_name(caps_row_sides(row)));
}

/* Of whom has it, and once if both say the same. */
static char *describe_both_marks(const Inquired *qemus,
                                 const Compared *compared, bool is_capability)
{
    char *marks[N_SIDES];
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        marks[side] = compared->has[side]
                          ? describe_marks(&qemus->inventories[side],
                                           is_capability, compared->name)
                          : g_strdup("");
    }
    g_autofree char *source = marks[SIDE_SOURCE];
    g_autofree char *destination = marks[SIDE_DESTINATION];
    if (strcmp(source, destination) == 0 ||
        compared->has[SIDE_SOURCE] != compared->has[SIDE_DESTINATION]) {
        return g_strdup(*source ? source : destination);
    }
    g_autofree char *first =
        *source ? g_strconcat("source: ", source, NULL) : NULL;
    g_autofree char *second =
        *destination ? g_strconcat("destination: ", destination, NULL) : NULL;
    return describe_together(first, second, NULL);
}

static char *show(const Compared *compared, bool is_capability,
                  const CapsRow *row, Side side)
{
    return !compared->has[side] ? g_strdup("-")
           : is_capability      ? g_strdup(compared->values[side])
                                : describe_value(row, compared->values[side]);
}

static void add_compared(Grid *grid, const Inquired *qemus, bool is_capability,
                         const Compared *compared)
{
    const CapsRow *row = is_capability ? caps_table_capability(compared->name)
                                       : caps_table_parameter(compared->name);
    g_autofree char *source = show(compared, is_capability, row, SIDE_SOURCE);
    g_autofree char *destination =
        show(compared, is_capability, row, SIDE_DESTINATION);
    g_autofree char *difference = describe_difference(compared, row);
    g_autofree char *marks =
        describe_both_marks(qemus, compared, is_capability);
    g_autofree char *notes = describe_together(difference, marks, NULL);
    grid_add(grid, GRID_CELLS(compared->name, source, destination, notes));
    for (size_t column = 1; compared->differs && column <= N_SIDES; column++) {
        grid_paint(grid, column, COLOR_DIFFERS);
    }
}

static void view_compared(const Inquired *qemus, bool is_capability)
{
    static const GridColumn columns[][5] = {
        { { "PARAMETER", false },
          { "SOURCE", true },
          { "DESTINATION", true },
          { "NOTES", true } },
        { { "CAPABILITY", false },
          { "SOURCE", false },
          { "DESTINATION", false },
          { "NOTES", true } },
    };
    g_autoptr(GPtrArray) compared = compare(qemus->inventories, is_capability);
    Grid *grid = grid_new(columns[is_capability]);
    for (guint i = 0; i < compared->len; i++) {
        add_compared(grid, qemus, is_capability, compared->pdata[i]);
    }
    grid_print(grid);
}

static void view_fit(const Inquired *qemus)
{
    static const GridColumn columns[] = { { "FEATURE", false },
                                          { "FITS", false },
                                          { "HOW, OR WHY NOT", true },
                                          { NULL } };
    g_autoptr(GPtrArray) fits = caps_fit(qemus->inventories);
    Grid *grid = grid_new(columns);
    for (guint i = 0; i < fits->len; i++) {
        const CapsFit *fit = fits->pdata[i];
        g_autofree char *option = g_strconcat("--", fit->feature->option, NULL);
        grid_add(grid, GRID_CELLS(option, fit->fits ? "yes" : "no", fit->text));
        grid_paint(grid, 1, fit->fits ? COLOR_ON : NULL);
    }
    grid_print(grid);
}

void view_two(const Inquired *qemus)
{
    view_qemus(qemus);
    view_compared(qemus, /* is_capability= */ true);
    view_compared(qemus, /* is_capability= */ false);
    view_fit(qemus);
}
