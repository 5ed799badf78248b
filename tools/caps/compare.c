/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/caps/compare.h"

static void compared_free(Compared *compared)
{
    g_free(compared->name);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_free(compared->values[side]);
    }
    g_free(compared);
}

static char *value_of(const CapsInventory *inventory, bool is_capability,
                      const char *name)
{
    return is_capability
               ? g_strdup(caps_inventory_is_on(inventory, name) ? "on" : "off")
               : caps_inventory_value(inventory, name);
}

static Compared *compare_one(const CapsInventory inventories[],
                             bool is_capability, const char *name)
{
    Compared *compared = g_new0(Compared, 1);
    compared->name = g_strdup(name);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const CapsInventory *inventory = &inventories[side];
        compared->has[side] =
            is_capability ? caps_inventory_has(inventory, name)
                          : caps_inventory_has_parameter(inventory, name);
        compared->values[side] = compared->has[side]
                                     ? value_of(inventory, is_capability, name)
                                     : NULL;
    }
    compared->differs =
        compared->has[SIDE_SOURCE] != compared->has[SIDE_DESTINATION] ||
        g_strcmp0(compared->values[SIDE_SOURCE],
                  compared->values[SIDE_DESTINATION]) != 0;
    return compared;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    const Compared *const *one = a, *const *other = b;
    return g_strcmp0((*one)->name, (*other)->name);
}

GPtrArray *compare(const CapsInventory inventories[N_SIDES], bool capabilities)
{
    GPtrArray *all =
        g_ptr_array_new_with_free_func((GDestroyNotify)compared_free);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_auto(GStrv) names =
            caps_inventory_names(&inventories[side], capabilities);
        for (char **name = names; *name; name++) {
            if (g_hash_table_add(seen, g_strdup(*name))) {
                g_ptr_array_add(all,
                                compare_one(inventories, capabilities, *name));
            }
        }
    }
    g_ptr_array_sort(all, by_name);
    return all;
}
