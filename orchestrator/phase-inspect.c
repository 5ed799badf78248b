/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect: ask both sides what they are, change nothing, and refuse what cannot
 * work (preflight.c).  QEMU itself verifies little and then hangs rather than
 * fails.
 */
#include "orchestrator/phases.h"
#include "orchestrator/preflight.h"
#include "qmp/json.h"

PhaseId inspect_enter(Migration *m)
{
    phase_connect(m, SIDE_SOURCE);
    phase_connect(m, SIDE_DESTINATION);
    return m->phase;
}

/*
 * The schema is 200 KB and costs QEMU 50 ms, in which a guest can wait for its
 * devices: a source that runs one is only asked if something depends on it.
 */
static bool wants_schema(const Migration *m, Side side)
{
    const MigrationSettings *settings = m->settings;
    return (side == SIDE_DESTINATION || settings->check_only ||
            m->context.through_file || settings->secure ||
            (settings->features && settings->features->len > 0) ||
            (settings->wishes && settings->wishes->len > 0));
}

static void ask_all(Migration *m, Side side)
{
    for (Ask ask = 0; ask < N_ASKS; ask++) {
        if (ask_row(ask)->is_question &&
            (ask != ASK_SCHEMA || wants_schema(m, side))) {
            phase_ask(m, side, ask, NULL);
        }
    }
}

static void take_blocked(Migration *m, JsonNode *reply)
{
    JsonArray *reasons =
        reply && JSON_NODE_HOLDS_OBJECT(reply)
            ? qmp_json_array(json_node_get_object(reply), "blocked-reasons")
            : NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (guint i = 0; reasons && i < json_array_get_length(reasons); i++) {
        JsonNode *reason = json_array_get_element(reasons, i);
        if (json_node_get_value_type(reason) == G_TYPE_STRING) {
            g_ptr_array_add(words, (char *)json_node_get_string(reason));
        }
    }
    if (words->len > 0) {
        g_ptr_array_add(words, NULL);
        g_free(m->blocked);
        m->blocked = g_strjoinv("; ", (char **)words->pdata);
    }
}

/* The first error is the failure, the others stand beside it. */
static PhaseId refuse(Migration *m)
{
    const Finding *first = findings_first(m->findings, FINDING_ERROR);
    PhaseId next = phase_fail(m, preflight_failure(first->code), first->side,
                              "%s", first->text);
    m->failure.hint = g_strdup(first->hint);
    for (guint i = 0; i < m->findings->len; i++) {
        const Finding *finding = m->findings->pdata[i];
        if (finding->severity == FINDING_ERROR && finding != first) {
            failure_add(&m->failure, finding->side, finding->text,
                        finding->hint);
        }
    }
    return next;
}

PhaseId phase_refuse_busy(Migration *m, const Event *event)
{
    PhaseId next = phase_fail(m, FAILURE_BUSY, event->side,
                              "another qmigrate is migrating this QEMU");
    if (event->locked_by > 0) {
        m->failure.hint =
            g_strdup_printf("it is process %d: wait for its end; qmigrate "
                            "status, cancel and postcopy work beside it",
                            (int)event->locked_by);
    }
    return next;
}

PhaseId inspect_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_CONNECTED && event->is_locked_out) {
        return phase_refuse_busy(m, event);
    }
    if (event->kind == EVENT_CONNECTED) {
        ask_all(m, event->side);
    } else if (event->kind == EVENT_REPLY && event->ask == ASK_MIGRATION &&
               event->side == SIDE_SOURCE) {
        take_blocked(m, event->value);
    }
    if (phase_is_waiting(m)) {
        return m->phase;
    }
    if (!preflight_judge(m)) {
        return refuse(m);
    }
    phase_find_guest(m);
    return m->settings->check_only ? PHASE_DONE : PHASE_PREPARE;
}
