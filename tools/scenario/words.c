/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/words.h"

#include <string.h>

/* Of the run of all cells: no cell gets them, nor may a file name them. */
static const char *const own[] = {
    "scenario", "only",  "jobs",     "list",   "tap",    "junit",
    "failed",   "csv",   "json",     "trace",  "script", "keep",
    "dry-run",  "quiet", "progress", "repeat",
};

static int find_own(const char *name, size_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        if (strlen(own[i]) == n && strncmp(own[i], name, n) == 0) {
            return (int)i;
        }
    }
    return -1;
}

char **words_keys(const GPtrArray *names)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (find_own(name, strlen(name)) < 0) {
            g_strv_builder_add(keys, name);
        }
    }
    g_strv_builder_add(keys, "qemu-arguments");
    return g_strv_builder_end(keys);
}

/* "--name value" becomes "--name=value", so that each option is one word. */
char **words_for_cells(char **argv)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autoptr(GString) option = g_string_new(NULL);
    gboolean is_own = FALSE;

    for (char **word = argv + 1; *word && strcmp(*word, "--") != 0; word++) {
        if (g_str_has_prefix(*word, "--")) {
            size_t n = strcspn(*word + 2, "=");
            if (option->len && !is_own) {
                g_strv_builder_add(words, option->str);
            }
            is_own = find_own(*word + 2, n) >= 0;
            g_string_assign(option, *word);
        } else if (option->len) {
            g_string_append_printf(option, "=%s", *word);
        }
    }
    if (option->len && !is_own) {
        g_strv_builder_add(words, option->str);
    }
    return g_strv_builder_end(words);
}
