/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/progress.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "caps/units.h"
#include "orchestrator/decision.h"
#include "tools/findings.h"
#include "tools/plain.h"
#include "tools/terminal.h"

#define TERMINAL_INTERVAL_US 100000
#define FILE_INTERVAL_US     1000000

Progress progress_start(const Settings *settings)
{
    gboolean is_terminal = isatty(STDERR_FILENO);
    return (Progress){
        .is_quiet = settings->quiet,
        .is_terminal = is_terminal,
        .is_shown = !settings->quiet &&
                    (settings->progress == PROGRESS_ALWAYS ||
                     (settings->progress == PROGRESS_AUTO && is_terminal)),
    };
}

char *progress_line(const Migration *m)
{
    const Sample *sample = &m->sample;
    if (m->migrate_us == 0 || sample->transferred_bytes < 0) {
        return g_strdup(phase_row(m->phase)->name);
    }
    g_autofree char *left =
        unit_format(MAX(sample->remaining_bytes, 0), UNIT_BYTES);
    g_autofree char *sent = unit_format(sample->transferred_bytes, UNIT_BYTES);
    g_autofree char *rate =
        unit_format(MAX(sample->sent_bytes_per_s, 0), UNIT_BYTES_PER_SECOND);
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(
        line, "%s %.1f s  pass %" G_GINT64_FORMAT "  %s sent, %s left, %s",
        phase_row(m->phase)->name, (m->now_us - m->migrate_us) / 1e6,
        sample->pass, sent, left, rate);
    if (sample->dirty_bytes_per_s >= 0) {
        g_autofree char *dirty =
            unit_format(sample->dirty_bytes_per_s, UNIT_BYTES_PER_SECOND);
        g_string_append_printf(line, ", dirtied %s", dirty);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

static void put(Progress *progress, const char *line)
{
    if (progress->is_terminal) {
        guint columns, rows;
        terminal_size(STDERR_FILENO, &columns, &rows);
        g_autofree char *cut = terminal_cut(line, columns);
        plain_clear_line(stderr);
        plain_print(stderr, "%s", cut);
        progress->is_dirty = TRUE;
    } else {
        plain_print(stderr, "%s\n", line);
    }
    plain_flush(stderr);
}

/* A terminal that Ctrl-S stopped, or a full pipe: waiting for it would keep the
 * guest waiting. */
static bool can_write(void)
{
    struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
    return poll(&ready, 1, 0) > 0;
}

/* A line of its own for each, which stays. */
static void tell_decisions(Progress *progress, const Migration *m)
{
    while (progress->n_decisions < m->decisions->len) {
        g_autofree char *text = decision_to_text(
            &g_array_index(m->decisions, Verdict, progress->n_decisions++));
        progress_end(progress);
        plain_print(stderr, "%s, %s\n", policy_spec_name(m->settings->policy),
                    text);
    }
}

/* Once, when the first passes say how it goes. */
static void tell_forecast(Progress *progress, const Migration *m)
{
    g_autofree char *text = progress->forecast
                                ? forecast_again_to_text(progress->forecast, m)
                                : NULL;
    if (text) {
        progress_end(progress);
        plain_print(stderr, "%s", text);
        progress->forecast = NULL;
    }
}

void progress_show(Progress *progress, const Migration *m,
                   gboolean phase_changed)
{
    int64_t interval_us =
        progress->is_terminal ? TERMINAL_INTERVAL_US : FILE_INTERVAL_US;

    if (phase_changed && m->phase == PHASE_PREPARE && !progress->is_quiet) {
        progress_end(progress);
        findings_warn(m->findings);
    }
    if (!progress->is_shown || migration_is_in_blackout(m) ||
        m->phase == PHASE_DONE ||
        status_is_switchover(m->facts[SIDE_SOURCE].status) ||
        m->now_us - progress->last_us < interval_us || !can_write()) {
        return;
    }
    tell_decisions(progress, m);
    tell_forecast(progress, m);
    g_autofree char *line = progress_line(m);
    progress->last_us = m->now_us;
    put(progress, line);
}

void progress_say(Progress *progress, const char *phrase)
{
    if (progress->is_shown) {
        put(progress, phrase);
    }
}

void progress_end(Progress *progress)
{
    if (progress->is_dirty) {
        plain_clear_line(stderr);
        progress->is_dirty = FALSE;
    }
}
