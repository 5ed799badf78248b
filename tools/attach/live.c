/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/attach/live.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/attach/view.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/terminal.h"

Live live_start(gboolean is_silent, int64_t interval_us)
{
    return (Live){ .is_silent = is_silent,
                   .is_terminal = isatty(STDOUT_FILENO),
                   .interval_us = interval_us };
}

/* A block that scrolls would stay behind. */
static void put_block(Live *live, const char *text)
{
    guint columns, rows;
    g_autofree char *plain = plain_text(text);
    g_auto(GStrv) lines = g_strsplit(plain, "\n", -1);

    terminal_size(STDOUT_FILENO, &columns, &rows);
    live_end(live);
    for (char **line = lines; *line && **line && live->n_lines + 1 < rows;
         line++) {
        g_autofree char *cut = terminal_cut(*line, columns);
        plain_print(stdout, "%s\n", cut);
        live->n_lines++;
    }
}

gboolean live_show(Live *live, const Attached *a)
{
    Status status = a->facts[SIDE_SOURCE].status;
    bool is_new = status != live->status;
    bool is_due = a->now_us - live->shown_us >= live->interval_us;

    if (live->is_silent || !a->has_begun || a->is_over ||
        status == STATUS_UNKNOWN || status_is_switchover(status) ||
        status_is_terminal(status) || !(is_due || is_new)) {
        return TRUE;
    }
    live->shown_us = a->now_us;
    live->status = status;
    if (live->is_terminal) {
        g_autofree char *text = view_live(a);
        put_block(live, text);
    } else {
        g_autofree char *line = view_line(a);
        plain_print(stdout, "%s\n", line);
    }
    return output_flush();
}

void live_end(Live *live)
{
    if (live->n_lines > 0) {
        g_autofree char *up = g_strdup_printf("\033[%uA\033[J", live->n_lines);
        plain_put_sequence(stdout, up);
        live->n_lines = 0;
    }
}
