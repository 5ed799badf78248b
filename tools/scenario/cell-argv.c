/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/cell-argv.h"

#include <string.h>

#define QEMU_ARGUMENTS "--qemu-arguments="
#define OWN_FOLDER     "%t"

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
    g_auto(GStrv) parts = g_strsplit(option, OWN_FOLDER, -1);
    return g_strjoinv(run->own_folder, parts);
}

/* qemu-arguments is no option: it stands behind --. */
static void add_options(const CellRun *run, GPtrArray *argv, GPtrArray *behind,
                        char **options)
{
    for (char **option = options; *option; option++) {
        g_auto(GStrv) words = NULL;
        g_autofree char *filled = cell_fill_in(run, *option);
        if (!g_str_has_prefix(filled, QEMU_ARGUMENTS)) {
            add(argv, "%s", filled);
        } else if (g_shell_parse_argv(filled + strlen(QEMU_ARGUMENTS), NULL,
                                      &words, NULL)) {
            for (char **word = words; *word; word++) {
                add(behind, "%s", *word);
            }
        }
    }
}

static char *own_path(void)
{
    char *self = g_file_read_link("/proc/self/exe", NULL);
    return self ? self : g_strdup("qmigrate");
}

/* The driver reads its own options, and %t is none of its folders. */
static bool is_sayable(const char *key, const char *value)
{
    return strcmp(key, "qemu-arguments") != 0 && !strstr(value, OWN_FOLDER);
}

/* The cell's name where all that options can say is said by options. */
static char *name_beside_options(const Cell *cell)
{
    g_autoptr(GString) names = g_string_new(NULL);
    guint i_choice = 0;
    for (guint i = 0; i < cell->scenario->settings->len; i++) {
        const ScenarioSetting *setting = cell->scenario->settings->pdata[i];
        if (!setting->values[1] || !cell->choice[i_choice]) {
            continue;
        }
        const char *value = cell->choice[i_choice++];
        if (setting->choices || !is_sayable(setting->key, value)) {
            g_string_append_printf(names, "%s%s=%s", names->len ? " " : "",
                                   setting->key, value);
        }
    }
    return names->len
               ? g_strdup_printf("=%s [%s]", cell->scenario->name, names->str)
               : g_strdup_printf("=%s", cell->scenario->name);
}

char **cell_make_again(const CellRun *run, char **files, char **options,
                       char **more)
{
    GPtrArray *words = g_ptr_array_new();
    g_autofree char *only = name_beside_options(run->cell);

    g_ptr_array_add(words, own_path());
    add(words, "lab");
    for (char **file = files; *file; file++) {
        g_autofree char *path = g_canonicalize_filename(*file, NULL);
        add(words, "--scenario=%s", path);
    }
    add(words, "--only=%s", only);
    for (char **option = run->cell->options; *option; option++) {
        if (!g_str_has_prefix(*option, QEMU_ARGUMENTS) &&
            !strstr(*option, OWN_FOLDER)) {
            add(words, "%s", *option);
        }
    }
    for (char **option = options; *option; option++) {
        add(words, "%s", *option);
    }
    if (more && *more) {
        add(words, "--");
    }
    for (char **word = more; word && *word; word++) {
        add(words, "%s", *word);
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

GPtrArray *cell_make_argv(const CellRun *run, char **files, char **options,
                          char **more)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) behind = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, own_path());
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
        g_ptr_array_add(behind, cell_fill_in(run, *word));
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
