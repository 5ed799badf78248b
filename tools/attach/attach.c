/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/attach/attach.h"

#include <stdio.h>

#include "orchestrator/monitor.h"
#include "tools/attach/document.h"
#include "tools/attach/holder.h"
#include "tools/attach/view.h"
#include "tools/conclude.h"
#include "tools/interrupt.h"
#include "tools/output.h"
#include "tools/plain.h"

#define TICK_MS 100u

typedef struct {
    GMainLoop *loop;
    Attached *attached; /* NULL: it is over */
    Monitor *monitors[N_SIDES];
    AttachProgress *progress;
    gpointer user_data;
} Shell;

static void feed_kind(Shell *shell, EventKind kind);

/* Everything that happens comes through here. */
static void feed(const Event *event, gpointer user_data)
{
    Shell *shell = user_data;
    Attached *a = shell->attached;
    if (!a || a->is_over) {
        return;
    }
    attached_feed(a, event);
    for (guint i = 0; i < a->actions->len; i++) {
        const Action *action = a->actions->pdata[i];
        Monitor *monitor = shell->monitors[action->side];
        if (action->kind == ACTION_CONNECT) {
            monitor_connect(monitor);
        } else {
            monitor_send(monitor, action->ask, action->command,
                         action->deadline_ms);
        }
    }
    g_ptr_array_set_size(a->actions, 0);
    if (shell->progress && !shell->progress(a, shell->user_data) &&
        !a->is_over) {
        feed_kind(shell, EVENT_CANCEL);
    } else if (a->is_over) {
        g_main_loop_quit(shell->loop);
    }
}

static void feed_kind(Shell *shell, EventKind kind)
{
    feed(&(Event){ .kind = kind, .time_us = g_get_monotonic_time() }, shell);
}

static gboolean on_tick(gpointer user_data)
{
    feed_kind(user_data, EVENT_TICK);
    return G_SOURCE_CONTINUE;
}

/* Further ones find nothing to be ended; the source goes with the loop. */
static gboolean on_deadline(gpointer user_data)
{
    feed_kind(user_data, EVENT_DEADLINE);
    return G_SOURCE_CONTINUE;
}

static void on_interrupt(gpointer user_data)
{
    feed_kind(user_data, EVENT_CANCEL);
}

static void run_loop(Shell *shell, unsigned timeout_ms)
{
    guint tick = g_timeout_add(TICK_MS, on_tick, shell);
    guint deadline =
        timeout_ms ? g_timeout_add(timeout_ms, on_deadline, shell) : 0;

    feed_kind(shell, EVENT_START);
    if (!shell->attached->is_over) {
        g_main_loop_run(shell->loop);
    }
    g_source_remove(tick);
    if (deadline) {
        g_source_remove(deadline);
    }
}

/* Who is in the way of one that waits for a greeting? */
static void name_holder(const AttachOptions *options, Attached *a)
{
    Failure *failure = &a->failure;
    if (failure->code != FAILURE_MONITOR_SILENT || failure->hint) {
        return;
    }
    g_autofree char *holder = holder_find(options->address[failure->side]);
    if (holder) {
        failure->hint =
            g_strdup_printf("%s has it, and a monitor serves one client: give "
                            "QEMU a second -qmp, or wait for the other's end",
                            holder);
    }
}

Attached *attach_run(const AttachOptions *options, AttachProgress *progress,
                     gpointer user_data)
{
    static Shell shell; /* signals may come until the program ends */
    gboolean acts =
        options->wish == ATTACHED_CANCEL || options->wish == ATTACHED_POSTCOPY;
    Attached *a =
        attached_new(options->wish, options->address[SIDE_DESTINATION] != NULL);

    a->interval_us = options->interval_us;
    shell = (Shell){ .loop = g_main_loop_new(NULL, FALSE),
                     .attached = a,
                     .progress = progress,
                     .user_data = user_data };
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (options->address[side]) {
            shell.monitors[side] = monitor_new(side, options->address[side], 0,
                                               feed, NULL, &shell);
        }
    }
    interrupt_watch(on_interrupt, &shell);
    run_loop(&shell, acts ? options->timeout_ms : 0);

    shell.attached = NULL;
    g_clear_pointer(&shell.monitors[SIDE_SOURCE], monitor_free);
    g_clear_pointer(&shell.monitors[SIDE_DESTINATION], monitor_free);
    g_clear_pointer(&shell.loop, g_main_loop_unref);
    name_holder(options, a);
    return a;
}

int attach_conclude(const AttachOptions *options, const Attached *a)
{
    g_autoptr(JsonNode) document =
        options->json ? attach_document_new(a, options) : NULL;

    conclude_say(&a->failure);
    if (g_strcmp0(options->json, "-") != 0 && a->has_begun) {
        g_autofree char *text = view_all(a, options);
        plain_print(stdout, "%s", text);
    }
    /* the exit code says where the guest is, unless nothing was to be done */
    gboolean looks =
        options->wish == ATTACHED_LOOK || options->wish == ATTACHED_WATCH;
    return output_conclude(outcome_row(a->outcome)->exit_code,
                           looks ? OUTCOME_ERROR : OUTCOME_VERDICT,
                           options->json, document);
}
