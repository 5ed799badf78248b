/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/layout.h"

#include <string.h>

static void mapping_free(CapsMapping *mapping)
{
    g_free(mapping->block);
    g_free(mapping);
}

static const CapsMapping *find(const GPtrArray *layout, const char *block,
                               uint64_t base)
{
    for (guint i = 0; i < layout->len; i++) {
        const CapsMapping *mapping = layout->pdata[i];
        if (mapping->base == base && strcmp(mapping->block, block) == 0) {
            return mapping;
        }
    }
    return NULL;
}

/*
 * START-END (prio N, TYPE): NAME @OFFSET.  The firmware makes parts of memory
 * read-only and back, so that does not count.  The accelerator may follow.
 */
static GRegex *range_regex(void)
{
    g_autoptr(GError) error = NULL;
    GRegex *regex = g_regex_new("^ *([0-9a-f]{1,16})-[0-9a-f]{1,16} "
                                "\\(prio -?[0-9]+, (?:nv-)?r[ao]md?\\): (\\S+)"
                                "(?: @([0-9a-f]{1,16}))?(?: |$)",
                                0, 0, &error);
    g_assert_no_error(error);
    return regex;
}

static uint64_t fetch_hex(const GMatchInfo *match, int group)
{
    g_autofree char *word = g_match_info_fetch(match, group);
    return word ? g_ascii_strtoull(word, NULL, 16) : 0;
}

static void take_range(GPtrArray *layout, GRegex *regex, const char *line)
{
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(regex, line, 0, &match)) {
        return; /* a device's registers */
    }
    g_autofree char *block = g_match_info_fetch(match, 2);
    uint64_t start = fetch_hex(match, 1);
    uint64_t base = start - fetch_hex(match, 3);
    if (!find(layout, block, base)) {
        CapsMapping *mapping = g_new0(CapsMapping, 1);
        mapping->block = g_steal_pointer(&block);
        mapping->base = base;
        mapping->start = start;
        g_ptr_array_add(layout, mapping);
    }
}

/* The view of one vCPU differs while it is in its firmware (SMM), that of a
 * device behind an IOMMU is the guest's to change. */
static bool is_memory(const char *line)
{
    return g_str_has_prefix(g_strchug((char *)line), "AS \"memory\", root: ");
}

GPtrArray *caps_layout_parse(const char *text)
{
    g_autoptr(GRegex) regex = range_regex();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) layout =
        g_ptr_array_new_with_free_func((GDestroyNotify)mapping_free);
    bool is_ours = false;

    for (size_t i = 0; lines[i]; i++) {
        g_strchomp(lines[i]);
        if (g_str_has_prefix(lines[i], "FlatView ")) {
            if (layout->len > 0) {
                break; /* there is only one */
            }
            is_ours = false;
        } else if (is_memory(lines[i])) {
            is_ours = true;
        } else if (is_ours) {
            take_range(layout, regex, lines[i]);
        }
    }
    return layout->len > 0 ? g_steal_pointer(&layout) : NULL;
}

bool caps_layout_has(const GPtrArray *layout, const char *block)
{
    for (guint i = 0; i < layout->len; i++) {
        const CapsMapping *mapping = layout->pdata[i];
        if (strcmp(mapping->block, block) == 0) {
            return true;
        }
    }
    return false;
}

bool caps_layout_is_in(const GPtrArray *one, const GPtrArray *other,
                       const char *block)
{
    for (guint i = 0; i < one->len; i++) {
        const CapsMapping *mapping = one->pdata[i];
        if (strcmp(mapping->block, block) == 0 &&
            !find(other, block, mapping->base)) {
            return false;
        }
    }
    return true;
}

char *caps_layout_to_text(const GPtrArray *layout, const char *block)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < layout->len; i++) {
        const CapsMapping *mapping = layout->pdata[i];
        if (strcmp(mapping->block, block) == 0) {
            g_string_append_printf(text, "%s0x%" G_GINT64_MODIFIER "x",
                                   text->len > 0 ? " and " : "",
                                   mapping->start);
        }
    }
    return g_string_free(text, FALSE);
}
