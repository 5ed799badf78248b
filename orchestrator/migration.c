/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of one migration, top to bottom.  See migration.h for how to read
 * the table, docs/architecture.rst for the rules I1 to I10 that it keeps.
 */
#include "orchestrator/migration.h"

#include <string.h>

#include "orchestrator/phases.h"
#include "qmp/json.h"

#define BIT(event) (1u << (event))

/* clang-format off */
static const PhaseRow phases[N_PHASES] = {
    [PHASE_INSPECT] = { "inspect", inspect_enter, inspect_handle,
        PHASE_ROLL_BACK, 0, 20000, 0 },
    [PHASE_PREPARE] = { "prepare", prepare_enter, prepare_handle,
        PHASE_ROLL_BACK, 0, 30000, 0 },
    /* From here QEMU acts on its own: ask who runs before undoing anything. */
    [PHASE_TRANSFER] = { "transfer", transfer_enter, transfer_handle,
        PHASE_RESOLVE, 0, 0, 100 },
    [PHASE_SWITCHOVER] = { "switchover", switchover_enter, switchover_handle,
        PHASE_RESOLVE, 0, 60000, 0 },
    [PHASE_SETTLE] = { "settle", settle_enter, settle_handle,
        PHASE_RESOLVE, BIT(EVENT_CANCEL), 30000, 10 },
    [PHASE_RESOLVE] = { "resolve", resolve_enter, resolve_handle,
        PHASE_ROLL_BACK, ~0u, 20000, 100 },
    [PHASE_ROLL_BACK] = { "roll-back", roll_back_enter, roll_back_handle,
        PHASE_DONE, ~0u, 10000, 0 },
    [PHASE_DONE] = { "done", done_enter, done_handle,
        PHASE_DONE, ~0u, 0, 0 },
};

/* What is sent, how long it may take, and what a refusal means. */
static const struct {
    const char *command;
    unsigned deadline_ms;
    FailureCode refused;
    gboolean optional; /* a refusal is an answer too */
} asks[N_ASKS] = {
    [ASK_RUN_STATE]    = { "query-status", 10000, FAILURE_QMP_REFUSED },
    [ASK_MIGRATION]    = { "query-migrate", 10000, FAILURE_QMP_REFUSED },
    [ASK_CAPABILITIES] = { "query-migrate-capabilities", 10000,
                           FAILURE_QMP_REFUSED },
    [ASK_PARAMETERS]   = { "query-migrate-parameters", 10000,
                           FAILURE_QMP_REFUSED },
    [ASK_SCHEMA]       = { "query-qmp-schema", 10000, FAILURE_QMP_REFUSED,
                           TRUE },
    [ASK_MACHINE]      = { "qom-get", 10000, FAILURE_QMP_REFUSED, TRUE },
    [TELL_SETTING]     = { NULL, 10000, FAILURE_SETTING_REFUSED },
    [TELL_INCOMING]    = { "migrate-incoming", 10000,
                           FAILURE_INCOMING_REFUSED },
    [TELL_MIGRATE]     = { "migrate", 30000, FAILURE_MIGRATE_REFUSED },
    [TELL_CONTINUE]    = { "migrate-continue", 10000,
                           FAILURE_MIGRATION_FAILED },
    [TELL_CONT]        = { "cont", 10000, FAILURE_DESTINATION_FAILED },
    [TELL_CANCEL]      = { "migrate_cancel", 10000, FAILURE_QMP_REFUSED },
    [TELL_UNDO]        = { NULL, 5000, FAILURE_SETTING_REFUSED, TRUE },
};

static const char *const event_names[N_EVENTS] = {
    [EVENT_START]    = "start",    [EVENT_CONNECTED] = "connected",
    [EVENT_REPLY]    = "reply",    [EVENT_REFUSED]   = "refused",
    [EVENT_SILENT]   = "silent",   [EVENT_QMP]       = "qmp",
    [EVENT_LOST]     = "lost",     [EVENT_DIED]      = "died",
    [EVENT_TICK]     = "tick",     [EVENT_DEADLINE]  = "deadline",
    [EVENT_CANCEL]   = "cancel",   [EVENT_DETACH]    = "detach",
};
/* clang-format on */

const PhaseRow *phase_row(PhaseId phase)
{
    return &phases[phase];
}

const char *ask_name(Ask ask)
{
    return asks[ask].command  ? asks[ask].command
           : ask == TELL_UNDO ? "put back"
                              : "set";
}

const char *event_name(EventKind kind)
{
    return event_names[kind];
}

void action_free(Action *action)
{
    g_clear_pointer(&action->command, qmp_command_free);
    g_free(action);
}

void migration_settings_clear(MigrationSettings *settings)
{
    g_free(settings->uri);
    g_free(settings->destination_host);
    g_clear_pointer(&settings->wishes, g_ptr_array_unref);
    *settings = (MigrationSettings){ 0 };
}

Migration *migration_new(const MigrationSettings *settings)
{
    Migration *m = g_new0(Migration, 1);
    m->settings = settings;
    m->phase = PHASE_INSPECT;
    m->sample = sample_unknown();
    m->steps = g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    m->actions = g_ptr_array_new_with_free_func((GDestroyNotify)action_free);
    m->notes = g_ptr_array_new_with_free_func(g_free);
    m->passes = g_array_new(FALSE, FALSE, sizeof(Sample));
    return m;
}

void migration_free(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        facts_clear(&m->facts[side]);
        caps_inventory_clear(&m->inventories[side]);
        g_free(m->machine[side]);
    }
    g_free(m->blocked);
    g_free(m->migrate_uri);
    failure_clear(&m->failure);
    g_ptr_array_unref(m->steps);
    g_ptr_array_unref(m->actions);
    g_ptr_array_unref(m->notes);
    g_array_unref(m->passes);
    g_free(m);
}

void phase_ask(Migration *m, Side side, Ask ask, QmpCommand *command)
{
    if (m->waiting[side] & (1u << ask)) {
        g_clear_pointer(&command, qmp_command_free);
        return; /* it is on its way already */
    }
    Action *action = g_new0(Action, 1);
    action->kind = ACTION_SEND;
    action->side = side;
    action->ask = ask;
    action->command = command ? command : qmp_command_new(asks[ask].command);
    action->deadline_ms = asks[ask].deadline_ms;
    m->waiting[side] |= 1u << ask;
    g_ptr_array_add(m->actions, action);
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

bool phase_is_waiting(const Migration *m)
{
    return m->waiting[SIDE_SOURCE] || m->waiting[SIDE_DESTINATION] ||
           m->connecting[SIDE_SOURCE] || m->connecting[SIDE_DESTINATION];
}

bool phase_is_waiting_for(const Migration *m, Side side, Ask ask)
{
    return m->waiting[side] & (1u << ask);
}

/* Nothing was sent, so nothing can have failed or got lost on the way. */
static Outcome outcome_before_start(FailureCode code)
{
    Outcome outcome = failure_row(code)->outcome;
    return outcome == OUTCOME_FAILED || outcome == OUTCOME_LOST ? OUTCOME_ERROR
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
        m->failure.phase = phases[m->phase].name;
        m->failure.has_side = side < N_SIDES;
        m->failure.side = side;
        if (!m->context.started) {
            m->outcome = outcome_before_start(code);
        }
    }
    return phases[m->phase].on_failure;
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

static void take_sample(Migration *m, JsonNode *reply)
{
    Sample sample = sample_from_query_migrate(
        reply, m->migrate_us ? m->now_us - m->migrate_us : 0);
    /* In setup, failed and cancelled QEMU says nothing: keep what it said. */
    if (sample.transferred_bytes < 0) {
        return;
    }
    if (sample.transferred_bytes > m->sample.transferred_bytes) {
        m->moved_us = m->now_us;
    }
    Sample *last = m->passes->len > 0
                       ? &g_array_index(m->passes, Sample, m->passes->len - 1)
                       : NULL;
    if (last && last->pass == sample.pass) {
        *last = sample;
    } else {
        g_array_append_val(m->passes, sample);
    }
    m->sample = sample;
}

static void absorb_reply(Migration *m, const Event *event)
{
    Facts *facts = &m->facts[event->side];
    CapsInventory *inventory = &m->inventories[event->side];

    switch ((int)event->ask) {
    case ASK_RUN_STATE:
        facts_take_query_status(facts, event->value);
        break;
    case ASK_MIGRATION:
        facts_take_query_migrate(facts, event->value);
        if (event->side == SIDE_SOURCE && m->context.started) {
            take_sample(m, event->value);
        }
        break;
    case ASK_CAPABILITIES:
        caps_inventory_take_capabilities(inventory, event->value);
        break;
    case ASK_PARAMETERS:
        caps_inventory_take_parameters(inventory, event->value);
        break;
    case ASK_SCHEMA:
        caps_inventory_take_schema(inventory, event->value);
        break;
    case ASK_MACHINE:
        if (event->value &&
            json_node_get_value_type(event->value) == G_TYPE_STRING) {
            g_free(m->machine[event->side]);
            m->machine[event->side] =
                g_strdup(json_node_get_string(event->value));
        }
        break;
    }
}

/* A monitor that broke, or a migration, because this process ended. */
static void name_the_dead(Migration *m, Side side)
{
    Failure *failure = &m->failure;
    bool its_monitor = failure->code == FAILURE_MONITOR_LOST &&
                       failure->has_side && failure->side == side;
    bool its_stream =
        failure->code == (side == SIDE_SOURCE ? FAILURE_DESTINATION_FAILED
                                              : FAILURE_MIGRATION_FAILED);
    if (m->phase != PHASE_DONE && (its_monitor || its_stream)) {
        failure->code = side == SIDE_SOURCE ? FAILURE_SOURCE_LOST
                                            : FAILURE_DESTINATION_LOST;
        failure->has_side = TRUE;
        failure->side = side;
        g_free(failure->message);
        failure->message = g_strdup("the QEMU process ended");
    }
}

/* What the event says, whatever the phase makes of it. */
static void absorb(Migration *m, const Event *event)
{
    Facts *facts = &m->facts[event->side];

    switch (event->kind) {
    case EVENT_CONNECTED:
        /* Back after a gap in which it may have been given the guest. */
        facts->blind |= m->context.handed_over;
        facts->connected = true;
        m->connecting[event->side] = false;
        m->pid[event->side] = event->pid;
        break;
    case EVENT_LOST:
        facts->connected = false;
        m->connecting[event->side] = false;
        m->waiting[event->side] = 0;
        break;
    case EVENT_DIED:
        facts->dead = true;
        facts->connected = false;
        name_the_dead(m, event->side);
        m->connecting[event->side] = false;
        m->waiting[event->side] = 0;
        break;
    case EVENT_QMP:
        facts_take_event(facts, event->name, event->data, event->qemu_time_us);
        break;
    case EVENT_REPLY:
        absorb_reply(m, event);
        m->waiting[event->side] &= ~(1u << event->ask);
        break;
    case EVENT_REFUSED:
    case EVENT_SILENT:
        m->waiting[event->side] &= ~(1u << event->ask);
        break;
    default:
        break;
    }
}

static bool is_failure(const Migration *m, const Event *event)
{
    switch (event->kind) {
    case EVENT_REFUSED:
        return !asks[event->ask].optional &&
               !(phases[m->phase].tolerates & BIT(EVENT_REFUSED));
    case EVENT_SILENT:
    case EVENT_LOST:
    case EVENT_DIED:
    case EVENT_DEADLINE:
    case EVENT_CANCEL:
        return !(phases[m->phase].tolerates & BIT(event->kind));
    default:
        return false;
    }
}

static void keep_qemu_text(Migration *m, Side side, const char *text)
{
    if (!m->failure.qemu_text[side] && text) {
        m->failure.qemu_text[side] = g_strdup(text);
    }
}

static PhaseId take_failure(Migration *m, const Event *event)
{
    PhaseId next = phases[m->phase].on_failure;
    switch (event->kind) {
    case EVENT_REFUSED:
        next = phase_fail(m, asks[event->ask].refused, event->side,
                          "%s was refused", ask_name(event->ask));
        keep_qemu_text(m, event->side, event->text);
        break;
    case EVENT_SILENT:
        next = phase_fail(m, FAILURE_MONITOR_SILENT, event->side,
                          "no answer to %s within %u s", ask_name(event->ask),
                          asks[event->ask].deadline_ms / 1000);
        break;
    case EVENT_LOST:
        next = phase_fail(m, event->code, event->side, "%s", event->text);
        break;
    case EVENT_DIED:
        next = phase_fail(m,
                          event->side == SIDE_SOURCE ? FAILURE_SOURCE_LOST
                                                     : FAILURE_DESTINATION_LOST,
                          event->side, "the QEMU process ended");
        break;
    case EVENT_DEADLINE:
        next = phase_fail(m, FAILURE_DEADLINE, N_SIDES,
                          "not over within %u s; source: %s, destination: %s",
                          phases[m->phase].deadline_ms / 1000,
                          m->facts[SIDE_SOURCE].status_word,
                          m->facts[SIDE_DESTINATION].status_word);
        break;
    default:
        next = phase_fail(m, FAILURE_CANCELLED, N_SIDES, "cancelled as asked");
        break;
    }
    /* Once it was there, a source that is gone must be looked for. */
    bool gone = event->kind == EVENT_DIED || event->kind == EVENT_LOST;
    return gone && event->side == SIDE_SOURCE && m->pid[SIDE_SOURCE] >= 0 &&
                   m->facts[SIDE_SOURCE].run_state[0] != '\0'
               ? PHASE_RESOLVE
               : next;
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
    g_free(m->failure.hint);
    m->failure.hint =
        g_strdup("ask both, by qmigrate qmp QMP query-status and "
                 "query-migrate; cont the "
                 "source only if the destination is gone or never ran");
}

static PhaseId detach(Migration *m)
{
    failure_clear(&m->failure); /* that it was asked to end is no news */
    phase_fail(m, FAILURE_DETACHED, N_SIDES,
               m->context.started ? "left while QEMU goes on" : "left");
    m->outcome = OUTCOME_CANCELLED;
    if (m->context.started) {
        m->outcome = OUTCOME_UNRESOLVED;
        phase_say_unresolved(m);
    }
    return PHASE_DONE;
}

/* An answer that an earlier phase asked for: its facts count, nothing else. */
static bool is_late(const Migration *m, const Event *event)
{
    bool is_answer = event->kind == EVENT_REPLY ||
                     event->kind == EVENT_REFUSED ||
                     event->kind == EVENT_SILENT;
    return is_answer && !phase_is_waiting_for(m, event->side, event->ask);
}

void migration_feed(Migration *m, const Event *event)
{
    PhaseId next;
    bool late = is_late(m, event);

    m->now_us = event->time_us;
    absorb(m, event);
    if (late) {
        return;
    }
    if (event->kind == EVENT_START) {
        m->start_us = m->now_us;
        next = phases[m->phase].enter(m);
    } else if (event->kind == EVENT_DETACH && m->phase != PHASE_DONE) {
        next = detach(m);
    } else if (is_failure(m, event)) {
        next = take_failure(m, event);
    } else {
        next = phases[m->phase].handle(m, event);
    }

    while (next != m->phase) {
        m->phase = next;
        m->waiting[SIDE_SOURCE] = m->waiting[SIDE_DESTINATION] = 0;
        next = phases[next].enter(m);
    }
}
