/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/phases.h"

#include <string.h>

#include "orchestrator/unresolved-hint.h"

void phase_ask(Migration *m, Side side, Ask ask, QmpCommand *command)
{
    if (m->waiting[side] & ASK_BIT(ask)) {
        g_clear_pointer(&command, qmp_command_free);
        return; /* it is on its way already */
    }
    Action *action = g_new0(Action, 1);
    action->kind = ACTION_SEND;
    action->side = side;
    action->ask = ask;
    action->command = command ? command : ask_question(ask);
    action->deadline_ms = ask_row(ask)->deadline_ms + phase_file_ms(m);
    m->waiting[side] |= ASK_BIT(ask);
    m->asked_us[side][ask] = m->now_us;
    if (side == SIDE_SOURCE && ask == ASK_MIGRATION) {
        ours_ask(&m->context.ours, m->now_us);
    }
    g_ptr_array_add(m->actions, action);
}

void phase_look_at_threads(Migration *m, Side side)
{
    if (m->pid[side] <= 0 || phase_is_waiting_for(m, side, ASK_THREADS)) {
        return;
    }
    Action *action = g_new0(Action, 1);
    action->kind = ACTION_LOOK;
    action->side = side;
    action->ask = ASK_THREADS;
    m->waiting[side] |= ASK_BIT(ASK_THREADS);
    g_ptr_array_add(m->actions, action);
}

void phase_yank(Migration *m)
{
    phase_ask(m, SIDE_SOURCE, TELL_YANK, migration_yank_command());
}

void phase_connect(Migration *m, Side side)
{
    if (!m->connecting[side] && !m->facts[side].connected) {
        Action *action = g_new0(Action, 1);
        action->kind = ACTION_CONNECT;
        action->side = side;
        m->connecting[side] = true;
        g_ptr_array_add(m->actions, action);
    }
}

EvidenceNow phase_evidence_now(const Migration *m, const Sample *sample)
{
    return (EvidenceNow){ .asked_us = m->asked_us[SIDE_SOURCE][ASK_MIGRATION],
                          .now_us = m->now_us,
                          .total_us = sample->total_us,
                          .sent_bytes = sample->transferred_bytes,
                          .vcpu_ns = m->vcpu_ns,
                          .n_vcpus = m->n_vcpus };
}

bool phase_is_waiting(const Migration *m)
{
    return m->waiting[SIDE_SOURCE] || m->waiting[SIDE_DESTINATION] ||
           m->connecting[SIDE_SOURCE] || m->connecting[SIDE_DESTINATION];
}

bool phase_is_waiting_for(const Migration *m, Side side, Ask ask)
{
    return m->waiting[side] & ASK_BIT(ask);
}

/* Nothing was sent, so nothing can have failed or got lost on the way. */
static Outcome outcome_before_start(FailureCode code)
{
    Outcome outcome = failure_row(code)->outcome;
    return outcome == OUTCOME_FAILED || outcome == OUTCOME_LOST ||
                   outcome == OUTCOME_VERDICT
               ? OUTCOME_ERROR
               : outcome;
}

PhaseId phase_fail(Migration *m, FailureCode code, Side side,
                   const char *format, ...)
{
    if (m->failure.code == FAILURE_NONE) {
        va_list args;
        va_start(args, format);
        m->failure.message = g_strdup_vprintf(format, args);
        va_end(args);
        m->failure.code = code;
        m->failure.phase = phase_row(m->phase)->name;
        m->failure.has_side = side < N_SIDES;
        m->failure.side = side;
        if (!m->context.started && !m->context.ours.is_refused) {
            m->outcome = outcome_before_start(code);
        }
    }
    return phase_row(m->phase)->on_failure;
}

void phase_note(Migration *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *note = g_strdup_vprintf(format, args);
    va_end(args);
    if (!g_ptr_array_find_with_equal_func(m->notes, note, g_str_equal, NULL)) {
        g_ptr_array_add(m->notes, g_steal_pointer(&note));
    }
}

bool phase_is_event(const Event *event, Side side, const char *name)
{
    return event->kind == EVENT_QMP && event->side == side &&
           strcmp(event->name, name) == 0;
}

static const char *word_or(const char *word)
{
    return *word ? word : "unknown";
}

void phase_say_unresolved(Migration *m)
{
    static const char known[] = "the %s is %s: run state %s, migration %s";
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const Facts *facts = &m->facts[side];
        phase_note(m, known, side_name(side),
                   facts->dead        ? "dead"
                   : facts->connected ? "there"
                                      : "not reached",
                   word_or(facts->run_state), word_or(facts->status_word));
    }
    if (phase_say_unproved(m)) {
        return;
    }
    g_free(m->failure.hint);
    m->failure.hint =
        g_strdup(unresolved_hint(m->facts, m->context.arrived).text);
}
