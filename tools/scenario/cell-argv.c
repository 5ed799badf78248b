/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/cell-argv.h"

#include <string.h>

static void add(GPtrArray *argv, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GPtrArray *argv, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(argv, g_strdup_vprintf(format, args));
    va_end(args);
}

char *cell_fill_in(const CellRun *run, const char *option)
{
    g_auto(GStrv) parts = g_strsplit(option, "%t", -1);
    return g_strjoinv(run->own_folder, parts);
}

/* qemu-arguments is no option: it stands behind --. */
static void add_options(const CellRun *run, GPtrArray *argv, GPtrArray *behind,
                        char **options)
{
    static const char own[] = "--qemu-arguments=";
    for (char **option = options; *option; option++) {
        g_auto(GStrv) words = NULL;
        g_autofree char *filled = cell_fill_in(run, *option);
        if (!g_str_has_prefix(filled, own)) {
            add(argv, "%s", filled);
        } else if (g_shell_parse_argv(filled + strlen(own), NULL, &words,
                                      NULL)) {
            for (char **word = words; *word; word++) {
                add(behind, "%s", *word);
            }
        }
    }
}

GPtrArray *cell_make_argv(const CellRun *run, char **files, char **options,
                          char **more)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) behind = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

    add(argv, "%s", self ? self : "qmigrate");
    add(argv, "lab");
    add_options(run, argv, behind, run->cell->options);
    add_options(run, argv, behind, options);
    for (char **file = files; *file; file++) {
        add(argv, "--scenario=%s", *file);
    }
    add(argv, "--script=%s", run->cell->scenario->name);
    add(argv, "--progress=never");
    add(argv, "--json=%s/result.json", run->folder);
    add(argv, "--trace=%s/trace.jsonl", run->folder);
    for (char **word = more; word && *word; word++) {
        add(behind, "%s", *word);
    }
    if (behind->len) {
        add(argv, "--");
        for (guint i = 0; i < behind->len; i++) {
            add(argv, "%s", (char *)behind->pdata[i]);
        }
    }
    g_ptr_array_add(argv, NULL);
    return argv;
}
