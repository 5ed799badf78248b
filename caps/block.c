/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/block.h"

#include <string.h>

static void block_free(CapsBlock *block)
{
    g_free(block->name);
    g_free(block->page_size);
    g_free(block);
}

/* The name is aligned to the right and may be missing; 10.0 has two columns
 * more than 7.2. */
static GRegex *row_regex(void)
{
    g_autoptr(GError) error = NULL;
    GRegex *regex = g_regex_new("^ *(.*?) *([0-9]+ [A-Za-z]+) +0x([0-9a-f]+)"
                                " +0x([0-9a-f]+) +0x([0-9a-f]+)(?: |$)",
                                0, 0, &error);
    g_assert_no_error(error);
    return regex;
}

static bool fetch_hex(const GMatchInfo *match, int group, uint64_t *ret)
{
    g_autofree char *word = g_match_info_fetch(match, group);
    return g_ascii_string_to_unsigned(word, 16, 0, UINT64_MAX, ret, NULL);
}

static bool take_row(GPtrArray *blocks, GRegex *regex, const char *line)
{
    g_autoptr(GMatchInfo) match = NULL;
    uint64_t offset, used, total;

    if (!g_regex_match(regex, line, 0, &match) ||
        !fetch_hex(match, 3, &offset) || !fetch_hex(match, 4, &used) ||
        !fetch_hex(match, 5, &total)) {
        return false;
    }
    CapsBlock *block = g_new0(CapsBlock, 1);
    block->name = g_match_info_fetch(match, 1);
    block->page_size = g_match_info_fetch(match, 2);
    block->offset = offset;
    block->used_bytes = used;
    block->total_bytes = total;
    g_ptr_array_add(blocks, block);
    return true;
}

GPtrArray *caps_blocks_parse(const char *text)
{
    g_autoptr(GRegex) regex = row_regex();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) blocks =
        g_ptr_array_new_with_free_func((GDestroyNotify)block_free);

    for (size_t i = 1; lines[0] && lines[i]; i++) { /* [0]: the titles */
        g_strchomp(lines[i]);
        if (*lines[i] && !take_row(blocks, regex, lines[i])) {
            return NULL;
        }
    }
    return blocks->len > 0 ? g_steal_pointer(&blocks) : NULL;
}

const CapsBlock *caps_blocks_find(const GPtrArray *blocks, const char *name)
{
    for (guint i = 0; i < blocks->len; i++) {
        const CapsBlock *block = blocks->pdata[i];
        if (strcmp(block->name, name) == 0) {
            return block;
        }
    }
    return NULL;
}
