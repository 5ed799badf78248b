/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of one migration, top to bottom.  See migration.h for how to read
 * the table, docs/architecture.rst for the rules I1 to I10 that it keeps.
 */
#include "orchestrator/migration.h"

#include <string.h>

#include "orchestrator/phases.h"
#include "orchestrator/secure.h"
#include "orchestrator/uri.h"
#include "qmp/json.h"

#define BIT(event) (1u << (event))

/* clang-format off */
static const PhaseRow phases[N_PHASES] = {
    [PHASE_INSPECT] = { "inspect", inspect_enter, inspect_handle,
        PHASE_ROLL_BACK, 0, 20000, 0 },
    /* Of recover, instead of inspect: a QEMU that is gone is a finding. */
    [PHASE_EXAMINE] = { "examine", examine_enter, examine_handle,
        PHASE_DONE, BIT(EVENT_LOST) | BIT(EVENT_DIED) | BIT(EVENT_SILENT) |
        BIT(EVENT_CANCEL), 20000, 100 },
    [PHASE_PREPARE] = { "prepare", prepare_enter, prepare_handle,
        PHASE_ROLL_BACK, 0, 30000, 0 },
    /* From here QEMU acts on its own: ask who runs before undoing anything. */
    [PHASE_TRANSFER] = { "transfer", transfer_enter, transfer_handle,
        PHASE_RESOLVE, 0, 0, 100 },
    [PHASE_SWITCHOVER] = { "switchover", switchover_enter, switchover_handle,
        PHASE_RESOLVE, 0, 60000, 0 },
    /* I4, I10: neither side is cancelled, killed or continued. */
    [PHASE_POSTCOPY] = { "postcopy", postcopy_enter, postcopy_handle,
        PHASE_RESOLVE, BIT(EVENT_CANCEL) | BIT(EVENT_SILENT), 0, 100 },
    [PHASE_RECOVER] = { "recover", recover_enter, recover_handle,
        PHASE_RESOLVE, BIT(EVENT_CANCEL) | BIT(EVENT_SILENT) |
        BIT(EVENT_DEADLINE), 60000, 100 },
    [PHASE_LOAD] = { "load", load_enter, load_handle,
        PHASE_RESOLVE, BIT(EVENT_CANCEL), 60000, 0 },
    [PHASE_SETTLE] = { "settle", settle_enter, settle_handle,
        PHASE_RESOLVE, BIT(EVENT_CANCEL), 30000, 10 },
    [PHASE_RESOLVE] = { "resolve", resolve_enter, resolve_handle,
        PHASE_ROLL_BACK, ~0u, 20000, 100 },
    [PHASE_ROLL_BACK] = { "roll-back", roll_back_enter, roll_back_handle,
        PHASE_DONE, ~0u, 10000, 100 },
    [PHASE_DONE] = { "done", done_enter, done_handle,
        PHASE_DONE, ~0u, 0, 0 },
};

/*
 * What is sent, how long it may take, what a refusal means; and whether it is a
 * question, which all are asked in inspect.  What came after the oldest QEMU
 * may be refused: that is an answer too.
 */
#define QUESTION(command, optional)                                            \
    { command, 10000, FAILURE_QMP_REFUSED, optional, TRUE }
static const AskRow asks[N_ASKS] = {
    [ASK_RUN_STATE]    = QUESTION("query-status", FALSE),
    [ASK_MIGRATION]    = QUESTION("query-migrate", FALSE),
    [ASK_CAPABILITIES] = QUESTION("query-migrate-capabilities", FALSE),
    [ASK_PARAMETERS]   = QUESTION("query-migrate-parameters", FALSE),
    [ASK_SCHEMA]       = QUESTION("query-qmp-schema", TRUE),
    [ASK_KVM]          = QUESTION("query-kvm", TRUE),
    [ASK_JOBS]         = QUESTION("query-jobs", TRUE),
    [ASK_BLOCK_JOBS]   = QUESTION("query-block-jobs", TRUE),
    [ASK_MACHINE ... ASK_MACHINE_LAST] = QUESTION(NULL, TRUE),
    [ASK_THREADS]      = { "query-migrationthreads", 10000,
                           FAILURE_QMP_REFUSED, TRUE },
    [ASK_LIFE]         = { "query-yank", 10000, FAILURE_QMP_REFUSED, TRUE },
    [ASK_JIT]          = { "x-query-jit", 10000, FAILURE_QMP_REFUSED, TRUE },
    [ASK_VCPU_STATS]   = { "query-stats", 10000, FAILURE_QMP_REFUSED, TRUE },
    [TELL_SETTING]     = { NULL, 10000, FAILURE_SETTING_REFUSED },
    [TELL_INCOMING]    = { "migrate-incoming", 10000,
                           FAILURE_INCOMING_REFUSED },
    [TELL_STOP]        = { "stop", 30000, FAILURE_MIGRATE_REFUSED },
    [TELL_MIGRATE]     = { "migrate", 30000, FAILURE_MIGRATE_REFUSED },
    [TELL_PARAMETER]   = { "migrate-set-parameters", 10000,
                           FAILURE_SETTING_REFUSED, TRUE },
    [TELL_POSTCOPY]    = { "migrate-start-postcopy", 10000,
                           FAILURE_MIGRATE_REFUSED, TRUE },
    [TELL_CONTINUE]    = { "migrate-continue", 10000,
                           FAILURE_MIGRATION_FAILED },
    [TELL_CONT]        = { "cont", 10000, FAILURE_DESTINATION_FAILED },
    [TELL_CANCEL]      = { "migrate_cancel", 10000, FAILURE_QMP_REFUSED },
    [TELL_YANK]        = { "yank", 10000, FAILURE_QMP_REFUSED, TRUE },
    [TELL_PAUSE]       = { "migrate-pause", 10000, FAILURE_QMP_REFUSED, TRUE },
    [TELL_RECOVER]     = { "migrate-recover", 10000, FAILURE_QMP_REFUSED,
                           TRUE },
    [TELL_RESUME]      = { "migrate resume", 30000, FAILURE_MIGRATE_REFUSED, TRUE },
    [TELL_UNDO]        = { NULL, 5000, FAILURE_SETTING_REFUSED, TRUE },
    [TELL_QUIT]        = { "quit", 5000, FAILURE_QMP_REFUSED, TRUE },
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

static unsigned switchover_ms(const Migration *m)
{
    JsonObject *parameters = m->inventories[SIDE_SOURCE].parameters;
    uint64_t limit_ms = 0;
    if (parameters) {
        qmp_json_size(parameters, "downtime-limit", &limit_ms);
    }
    return (unsigned)MIN(limit_ms, 2000000); /* QEMU takes no more */
}

unsigned migration_deadline_ms(const Migration *m)
{
    unsigned more_ms = 0;
    if (m->phase == PHASE_SWITCHOVER) {
        more_ms = switchover_ms(m);
    } else if (m->phase == PHASE_LOAD || m->phase == PHASE_RESOLVE) {
        more_ms = phase_file_ms(m);
    }
    if (m->phase == PHASE_RECOVER) {
        return (unsigned)MIN(phase_recover_max_us(m) / 1000, G_MAXUINT);
    }
    return phases[m->phase].deadline_ms + more_ms;
}

const AskRow *ask_row(Ask ask)
{
    return &asks[ask];
}

static bool is_of_machine(Ask ask)
{
    return ask >= ASK_MACHINE && ask <= ASK_MACHINE_LAST;
}

QmpCommand *ask_question(Ask ask)
{
    return is_of_machine(ask) ? caps_machine_question(ask - ASK_MACHINE)
                              : qmp_command_new(asks[ask].command);
}

const char *ask_name(Ask ask)
{
    return is_of_machine(ask)  ? caps_machine_question_name(ask - ASK_MACHINE)
           : asks[ask].command ? asks[ask].command
           : ask == TELL_UNDO  ? "put back"
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

static GPtrArray *share(GPtrArray *array)
{
    return array ? g_ptr_array_ref(array) : NULL;
}

void migration_settings_copy(const MigrationSettings *from,
                             MigrationSettings *to)
{
    *to = *from;
    to->uri = g_strdup(from->uri);
    to->folders = g_strdupv(from->folders);
    to->way_uri = g_strdup(from->way_uri);
    to->destination_host = g_strdup(from->destination_host);
    to->recover_uri = g_strdup(from->recover_uri);
    to->wishes = share(from->wishes);
    to->features = share(from->features);
    to->found = share(from->found);
    to->secure = secure_ref(from->secure);
}

void migration_settings_clear(MigrationSettings *settings)
{
    g_free(settings->uri);
    g_strfreev(settings->folders);
    g_free(settings->way_uri);
    g_free(settings->destination_host);
    g_free(settings->recover_uri);
    g_clear_pointer(&settings->wishes, g_ptr_array_unref);
    g_clear_pointer(&settings->features, g_ptr_array_unref);
    g_clear_pointer(&settings->found, g_ptr_array_unref);
    secure_unref(settings->secure);
    *settings = (MigrationSettings){ 0 };
}

Migration *migration_new(const MigrationSettings *settings)
{
    Migration *m = g_new0(Migration, 1);
    m->settings = settings;
    m->context.through_file = uri_is_file(settings->uri);
    m->phase = settings->recover_only ? PHASE_EXAMINE : PHASE_INSPECT;
    m->sample = sample_unknown();
    m->recovery.moved_bytes = -1;
    m->throttle_max_percent = m->dirty_limit_max_us = m->n_channels = -1;
    m->findings = findings_new();
    m->wishes = g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    m->steps = g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    m->actions = g_ptr_array_new_with_free_func((GDestroyNotify)action_free);
    m->notes = g_ptr_array_new_with_free_func(g_free);
    m->decisions = g_array_new(FALSE, FALSE, sizeof(Verdict));
    m->passes = g_array_new(FALSE, FALSE, sizeof(Sample));
    return m;
}

void migration_free(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        facts_clear(&m->facts[side]);
        caps_inventory_clear(&m->inventories[side]);
        caps_inventory_clear(&m->wanted[side]);
        caps_machine_clear(&m->machines[side]);
        g_clear_pointer(&m->jobs[side], g_ptr_array_unref);
        g_clear_pointer(&m->job_rows[side], json_node_unref);
        g_free(m->monitor[side]);
    }
    recovery_record_unref(m->record);
    g_free(m->blocked);
    g_free(m->uri);
    g_free(m->uri_reason);
    g_free(m->migrate_uri);
    g_clear_pointer(&m->blocktime, json_object_unref);
    g_free(m->recovery.home);
    failure_clear(&m->failure);
    g_ptr_array_unref(m->findings);
    g_ptr_array_unref(m->wishes);
    g_ptr_array_unref(m->steps);
    g_ptr_array_unref(m->actions);
    g_ptr_array_unref(m->notes);
    g_array_unref(m->passes);
    g_array_unref(m->decisions);
    g_clear_pointer(&m->policy, policy_free);
    g_free(m);
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

static const char *what_was_told(const Migration *m, Ask ask)
{
    if (ask == TELL_SETTING && m->n_sent > 0) {
        const CapsStep *step = m->steps->pdata[m->n_sent - 1];
        return step->command->name;
    }
    return ask_name(ask);
}

static PhaseId take_failure(Migration *m, const Event *event)
{
    PhaseId next = phases[m->phase].on_failure;
    switch (event->kind) {
    case EVENT_REFUSED:
        next = phase_fail(m, asks[event->ask].refused, event->side,
                          "%s was refused", what_was_told(m, event->ask));
        keep_qemu_text(m, event->side, event->text);
        /* It takes all of a command or nothing: there is nothing to undo. */
        m->n_sent -= event->ask == TELL_SETTING;
        break;
    case EVENT_SILENT:
        next = phase_fail(m, FAILURE_MONITOR_SILENT, event->side,
                          "no answer to %s within %u s", ask_name(event->ask),
                          (asks[event->ask].deadline_ms + phase_file_ms(m)) /
                              1000);
        break;
    case EVENT_LOST:
        next = phase_fail(m, event->code, event->side, "%s", event->text);
        break;
    case EVENT_DIED:
        next = phase_fail(m, phase_death_code(m, event->side), event->side,
                          "%s", phase_death_text(m, event->side));
        break;
    case EVENT_DEADLINE:
        next = phase_fail(m, FAILURE_DEADLINE, N_SIDES,
                          "not over within %u s; source: %s, destination: %s",
                          migration_deadline_ms(m) / 1000,
                          m->facts[SIDE_SOURCE].status_word,
                          m->facts[SIDE_DESTINATION].status_word);
        break;
    default:
        next = phase_fail(m, FAILURE_CANCELLED, N_SIDES, "cancelled as asked");
        break;
    }
    /* Once it was there, a source that is gone must be looked for. */
    bool gone = event->kind == EVENT_DIED || event->kind == EVENT_LOST;
    /* A source refuses settings while someone else migrates it. */
    bool refused = event->kind == EVENT_REFUSED && m->phase == PHASE_PREPARE;
    if ((gone || refused) && event->side == SIDE_SOURCE &&
        m->facts[SIDE_SOURCE].run_state[0] != '\0') {
        next = PHASE_RESOLVE;
    }
    return next;
}

static PhaseId detach(Migration *m)
{
    bool is_touched = m->context.started || m->context.held;
    failure_clear(&m->failure); /* that it was asked to end is no news */
    phase_fail(m, FAILURE_DETACHED, N_SIDES,
               is_touched ? "left while QEMU goes on" : "left");
    m->outcome = OUTCOME_CANCELLED;
    if (is_touched) {
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

static void enter(Migration *m, PhaseId next)
{
    while (next != m->phase) {
        m->phase = next;
        m->may_listen_later |=
            phase_is_waiting_for(m, SIDE_DESTINATION, TELL_INCOMING);
        m->waiting[SIDE_SOURCE] = m->waiting[SIDE_DESTINATION] = 0;
        next = phases[next].enter(m);
    }
}

void migration_go_on(Migration *m)
{
    g_assert(m->phase == PHASE_DONE && m->settings->check_only &&
             m->failure.code == FAILURE_NONE);
    enter(m, PHASE_PREPARE);
}

void migration_feed(Migration *m, const Event *event)
{
    PhaseId next;
    bool late = is_late(m, event);

    m->now_us = event->time_us;
    phase_absorb(m, event);
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

    enter(m, next);
}

const char *migration_uri(const Migration *m)
{
    return m->record ? m->record->uri : m->uri ? m->uri : m->settings->uri;
}

const char *migration_way(const Migration *m)
{
    return m->settings->way_uri ? m->settings->way_uri : m->migrate_uri;
}

QmpCommand *migration_yank_command(void)
{
    static const char instances[] = "[{\"type\":\"migration\"}]";
    QmpCommand *command = qmp_command_new("yank");
    command->oob = true;
    qmp_command_set_node(command, "instances",
                         json_from_string(instances, NULL));
    return command;
}

const char *migration_monitor(const Migration *m, Side side)
{
    return m->monitor[side] ? m->monitor[side] : "QMP";
}
