/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/qmp/history.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>

#include "tools/plain.h"

#define LINES_MAX 1000

static char *file; /* NULL: it cannot be written */

/* Each line is appended when it is typed: shells may run side by side. */
static bool make_file(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = -1;

    if (g_mkdir_with_parents(folder, 0700) == 0) {
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    }
    if (fd < 0) {
        plain_print(stderr, "warning: %s: %s; lines are not remembered\n", path,
                    g_strerror(errno));
        return false;
    }
    close(fd);
    return true;
}

void history_open(void)
{
    g_autofree char *path = g_build_filename(g_get_user_state_dir(), "qmigrate",
                                             "qmp_history", NULL);

    using_history();
    stifle_history(LINES_MAX);
    if (make_file(path)) {
        file = g_steal_pointer(&path);
        read_history(file);
    }
}

void history_keep(const char *line)
{
    HIST_ENTRY *last = history_get(history_base + history_length - 1);

    if (!*line || g_ascii_isspace(*line) ||
        (last && strcmp(last->line, line) == 0)) {
        return;
    }
    add_history(line);
    if (file) {
        append_history(1, file);
    }
}

void history_close(void)
{
    if (file) {
        history_truncate_file(file, LINES_MAX);
    }
    g_clear_pointer(&file, g_free);
    clear_history();
}
