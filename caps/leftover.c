/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/leftover.h"

#include <string.h>

#include "caps/table.h"
#include "caps/wish.h"

static bool is_wished(const GPtrArray *wishes, const char *name)
{
    for (guint i = 0; i < wishes->len; i++) {
        const CapsWish *wish = wishes->pdata[i];
        if (strcmp(wish->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool counts(const CapsRow *row, Side side, const GPtrArray *wishes)
{
    return caps_row_sides(row) & (1 << side) && !is_wished(wishes, row->name);
}

static void add(GString *text, const char *what)
{
    g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", what);
}

/* Those that stay as they are: a value that we change is restored later. */
static void collect_parameters(const CapsInventory *now,
                               const CapsInventory *wanted, Side side,
                               const GPtrArray *wishes, GString *text)
{
    size_t n;
    const CapsRow *rows = caps_table_parameters(&n);
    for (size_t i = 0; i < n; i++) {
        const CapsRow *row = &rows[i];
        g_autofree char *value = caps_inventory_value(now, row->name);
        g_autofree char *later = caps_inventory_value(wanted, row->name);
        if (row->usual && value && counts(row, side, wishes) &&
            strcmp(value, row->usual) != 0 && g_strcmp0(value, later) == 0) {
            g_autofree char *what = g_strdup_printf(
                "%s=%s (by default %s)", row->name, value, row->usual);
            add(text, what);
        }
    }
}

static void collect_capabilities(const CapsInventory *now,
                                 const CapsInventory *wanted, Side side,
                                 const GPtrArray *wishes, GString *text)
{
    size_t n;
    const CapsRow *rows = caps_table_capabilities(&n);
    for (size_t i = 0; i < n; i++) {
        if (caps_inventory_is_on(now, rows[i].name) &&
            caps_inventory_is_on(wanted, rows[i].name) &&
            counts(&rows[i], side, wishes)) {
            add(text, rows[i].name);
        }
    }
}

void caps_leftovers_note(const CapsInventory inventories[N_SIDES],
                         const CapsInventory wanted[N_SIDES],
                         const GPtrArray *wishes, GPtrArray *findings)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_autoptr(GString) text = g_string_new(NULL);
        collect_capabilities(&inventories[side], &wanted[side], side, wishes,
                             text);
        collect_parameters(&inventories[side], &wanted[side], side, wishes,
                           text);
        if (text->len > 0) {
            findings_add(findings, FINDING_LEFT_OVER, FINDING_NOTE, side,
                         g_strdup("use --set or --disable to change them for "
                                  "this migration"),
                         "another client set before, and it stays: %s",
                         text->str);
        }
    }
}
