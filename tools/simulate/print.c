/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/simulate/print.h"

#include <stdio.h>

#include "caps/units.h"
#include "orchestrator/decision.h"
#include "tools/caps/grid.h"
#include "tools/plain.h"

static const Said *said_at(const Play *play, guint index)
{
    return &g_array_index(play->said, Said, index);
}

static char *ms_text(double us)
{
    return us < 10e6 ? g_strdup_printf("%.0f ms", us / 1e3)
                     : g_strdup_printf("%.1f s", us / 1e6);
}

static char *bytes_text(int64_t bytes, Unit unit)
{
    return bytes < 0 ? g_strdup("") : unit_format(bytes, unit);
}

/* ---- a model ---- */

void print_play(const Scene *scene, const Play *play)
{
    const ModelResult *result = &play->result;
    g_autofree char *downtime = ms_text(result->downtime_us);
    g_autofree char *sent =
        unit_format((uint64_t)result->sent_bytes, UNIT_BYTES);
    for (guint i = 0; i < play->said->len; i++) {
        if (said_at(play, i)->verdict.action == POLICY_WAIT) {
            continue;
        }
        g_autofree char *text = decision_to_text(&said_at(play, i)->verdict);
        plain_print(stdout, "%s\n", text);
    }
    plain_print(stdout, "policy     %s\n", policy_spec_name(play->policy));
    plain_print(stdout, "outcome    %s\n", scene_end_name(result->end));
    plain_print(stdout, "total      %.2f s in %ld passes\n",
                result->total_us / 1e6, (long)result->passes);
    if (scene_has_migrated(result)) {
        plain_print(stdout, "downtime   %s\n", downtime);
    }
    plain_print(stdout, "sent       %s, %.2f times the memory\n", sent,
                result->sent_bytes / scene->memory_bytes);
    plain_print(stdout, "slowdown   %.1f %%: the guest lost %.2f s\n",
                scene_slowdown(result) * 100, result->lost_us / 1e6);
}

void print_plays(const GPtrArray *plays)
{
    static const GridColumn columns[] = {
        { "POLICY", false },   { "OUTCOME", false },   { "TOTAL", false },
        { "DOWNTIME", false }, { "SENT", false },      { "PASSES", false },
        { "SLOWDOWN", false }, { "DECISIONS", false }, { NULL },
    };
    Grid *grid = grid_new(columns);
    for (guint i = 0; i < plays->len; i++) {
        const Play *play = plays->pdata[i];
        const ModelResult *result = &play->result;
        g_autofree char *total =
            g_strdup_printf("%.2f s", result->total_us / 1e6);
        g_autofree char *downtime =
            scene_has_migrated(result) ? ms_text(result->downtime_us) : NULL;
        g_autofree char *sent =
            unit_format((uint64_t)result->sent_bytes, UNIT_BYTES);
        g_autofree char *passes = g_strdup_printf("%ld", (long)result->passes);
        g_autofree char *slowdown =
            g_strdup_printf("%.1f %%", scene_slowdown(result) * 100);
        g_autofree char *decisions = g_strdup_printf("%u", play->n_decisions);
        grid_add(grid, GRID_CELLS(policy_spec_name(play->policy),
                                  scene_end_name(result->end), total, downtime,
                                  sent, passes, slowdown, decisions));
    }
    grid_print(grid);
}

/* ---- a trace ---- */

static char *verdict_text(const Verdict *verdict)
{
    if (verdict->action == POLICY_WAIT) {
        return g_strdup("wait");
    }
    return verdict->parameter
               ? g_strdup_printf("%s=%" G_GUINT64_FORMAT, verdict->parameter,
                                 verdict->value)
               : g_strdup(policy_action_name(verdict->action));
}

static void print_end(const Recorded *recorded)
{
    g_autofree char *end = ms_text(recorded->end_us);
    if (recorded->why) {
        plain_print(stdout, "it really ended after %s: %s\n", end,
                    recorded->why);
    } else if (g_strcmp0(recorded->phase, "done") == 0) {
        plain_print(stdout, "it really migrated, in %s\n", end);
    } else {
        plain_print(stdout, "the trace ends in phase %s\n",
                    recorded->phase ? recorded->phase : "inspect");
    }
}

void print_rejudged(const Recorded *recorded, const Play *play)
{
    static const GridColumn columns[] = {
        { "TIME", false },
        { "PASS", false },
        { "PENDING", false },
        { "BANDWIDTH", false },
        { "VERDICT", false },
        { "REASON", true },
        { NULL },
    };
    Grid *grid = grid_new(columns);
    for (guint i = 0; i < play->said->len; i++) {
        const Said *said = said_at(play, i);
        const Sample *sample = &said->sample;
        g_autofree char *time =
            g_strdup_printf("%.3f s", sample->time_us / 1e6);
        g_autofree char *pass = g_strdup_printf("%ld", (long)sample->pass);
        g_autofree char *pending =
            bytes_text(sample->remaining_bytes, UNIT_BYTES);
        g_autofree char *bandwidth = bytes_text(
            said->verdict.inputs.bandwidth_bytes_per_s, UNIT_BYTES_PER_SECOND);
        g_autofree char *verdict = verdict_text(&said->verdict);
        grid_add(grid, GRID_CELLS(time, pass, pending, bandwidth, verdict,
                                  said->verdict.reason));
    }
    grid_print(grid);
    print_end(recorded);
}

void print_all_rejudged(const Recorded *recorded, const GPtrArray *plays)
{
    static const GridColumn columns[] = {
        { "POLICY", false },
        { "DECISIONS", false },
        { "THE LAST", true },
        { NULL },
    };
    Grid *grid = grid_new(columns);
    for (guint i = 0; i < plays->len; i++) {
        const Play *play = plays->pdata[i];
        g_autofree char *last = NULL;
        g_autofree char *decisions = g_strdup_printf("%u", play->n_decisions);
        for (guint j = 0; j < play->said->len; j++) {
            const Verdict *verdict = &said_at(play, j)->verdict;
            if (verdict->action != POLICY_WAIT) {
                g_free(last);
                last = decision_to_text(verdict);
            }
        }
        grid_add(grid,
                 GRID_CELLS(policy_spec_name(play->policy), decisions, last));
    }
    grid_print(grid);
    print_end(recorded);
}
