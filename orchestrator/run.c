/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/run.h"

#include "orchestrator/journal.h"
#include "orchestrator/monitor.h"
#include "orchestrator/passed.h"
#include "orchestrator/vcpus.h"

struct Run {
    Migration *migration;
    Monitor *monitors[N_SIDES];
    Passed *passed;
    Vcpus *vcpus;         /* of the source; NULL: not known */
    char *journal_folder; /* or NULL, and then there is no journal */
    Journal *journal;
    char *address[N_SIDES];
    Trace *trace;
    RunHandlers handlers;
    gpointer user_data;

    guint n_decisions; /* that the trace has */
    guint tick_source, deadline_source, done_source;
    gboolean is_cancelled, is_feeding;
};

static void feed(const Event *event, gpointer user_data);

static gboolean on_tick(gpointer user_data)
{
    feed(&(Event){ .kind = EVENT_TICK, .time_us = g_get_monotonic_time() },
         user_data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_deadline(gpointer user_data)
{
    Run *run = user_data;
    run->deadline_source = 0;
    feed(&(Event){ .kind = EVENT_DEADLINE, .time_us = g_get_monotonic_time() },
         run);
    return G_SOURCE_REMOVE;
}

static gboolean on_done(gpointer user_data)
{
    Run *run = user_data;
    run->done_source = 0;
    run->handlers.done(run, run->user_data);
    return G_SOURCE_REMOVE;
}

static void stop_timers(Run *run)
{
    g_clear_handle_id(&run->tick_source, g_source_remove);
    g_clear_handle_id(&run->deadline_source, g_source_remove);
}

static void enter_phase(Run *run, PhaseId from)
{
    const PhaseRow *row = phase_row(run->migration->phase);

    trace_phase(run->trace, run->migration, from);
    stop_timers(run);
    if (row->tick_ms) {
        run->tick_source = g_timeout_add_full(G_PRIORITY_DEFAULT, row->tick_ms,
                                              on_tick, run, NULL);
    }
    unsigned deadline_ms = migration_deadline_ms(run->migration);
    if (deadline_ms) {
        run->deadline_source = g_timeout_add_full(
            G_PRIORITY_DEFAULT, deadline_ms, on_deadline, run, NULL);
    }
    if (run->migration->phase == PHASE_DONE && !run->done_source) {
        run->done_source =
            g_idle_add_full(G_PRIORITY_DEFAULT, on_done, run, NULL);
    }
}

static void send(Run *run, const Action *action)
{
    Monitor *monitor = run->monitors[action->side];
    g_autoptr(GError) error = NULL;

    if (passed_open(run->passed, migration_uri(run->migration), action->side,
                    action->command, &error)) {
        monitor_send(monitor, action->ask, action->command,
                     action->deadline_ms);
    } else {
        monitor_refuse(monitor, action->ask, error->message);
    }
}

static void perform(Run *run, GPtrArray *actions)
{
    for (guint i = 0; i < actions->len; i++) {
        const Action *action = actions->pdata[i];
        if (action->kind == ACTION_CONNECT) {
            monitor_connect(run->monitors[action->side]);
        } else if (action->kind == ACTION_LOOK) {
            monitor_tell_threads(run->monitors[action->side], action->ask);
        } else {
            send(run, action);
        }
    }
}

static bool is_answer(const Event *event, Ask ask)
{
    return event->ask == ask &&
           (event->kind == EVENT_REPLY || event->kind == EVENT_REFUSED ||
            event->kind == EVENT_SILENT);
}

static void trace_decisions(Run *run)
{
    const GArray *decisions = run->migration->decisions;
    while (run->n_decisions < decisions->len) {
        trace_decision(run->trace, run->migration,
                       &g_array_index(decisions, Verdict, run->n_decisions++));
    }
}

static void warn(Run *run, const char *text)
{
    g_ptr_array_add(run->migration->notes, g_strdup(text));
    if (run->handlers.warning) {
        run->handlers.warning(text, run->user_data);
    }
}

/* Before anything is sent that recover might have to finish. */
static void check_recorded(Run *run, PhaseId before)
{
    const Migration *m = run->migration;
    if (!run->journal || m->phase != PHASE_PREPARE || before == m->phase) {
        return;
    }
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (!process_identity_is_known(&m->identity[side])) {
            g_autofree char *text = g_strdup_printf(
                "no record is kept, so qmigrate recover can do less after a "
                "crash: the process of the %s is not known, as its monitor is "
                "not a socket on this host",
                side_name(side));
            warn(run, text);
            return;
        }
    }
}

/* Write-ahead: before the actions that the event led to are performed. */
static void write_journal(Run *run)
{
    g_autoptr(GError) error = NULL;
    if (run->journal &&
        !journal_follow(run->journal, run->migration, run->address, &error)) {
        g_autofree char *text = g_strdup_printf(
            "no record is kept, so qmigrate recover can do less "
            "after a crash: %s",
            error->message);
        warn(run, text);
    }
}

/* What an interrupted qmigrate left about the QEMU that was connected to. */
static RecoveryRecord *find_record(Run *run, const Event *event)
{
    g_autoptr(GError) error = NULL;
    RecoveryRecord *record =
        run->journal_folder && event->kind == EVENT_CONNECTED &&
                event->identity && !run->migration->record
            ? journal_find(run->journal_folder, event->identity, &error)
            : NULL;
    if (error) {
        warn(run, error->message);
    }
    return record;
}

/* The other QEMU of a recorded migration needs no monitor to be proved dead. */
static void check_recorded_death(Run *run, Side connected)
{
    const Migration *m = run->migration;
    Side other = side_other(connected);
    if (m->settings->recover_only && m->record && !m->facts[other].dead &&
        !m->facts[other].connected && journal_proves_dead(m->record, other)) {
        feed(&(Event){ .kind = EVENT_DIED,
                       .time_us = g_get_monotonic_time(),
                       .side = other },
             run);
    }
}

/* While the source's guest is stopped its vCPUs use no CPU time: this tells a
 * later recover whether somebody continued it. */
static void look_at_vcpus(Run *run, Event *event)
{
    const Migration *m = run->migration;
    bool is_list = event->kind == EVENT_REPLY &&
                   event->ask == ASK_MACHINE + CAPS_MACHINE_CPUS;
    if (!run->journal_folder || event->side != SIDE_SOURCE ||
        (event->kind != EVENT_REPLY && event->kind != EVENT_QMP)) {
        return;
    }
    if (is_list && process_identity_is_known(&m->identity[SIDE_SOURCE])) {
        vcpus_free(run->vcpus);
        run->vcpus = vcpus_open(m->pid[SIDE_SOURCE], event->value);
    }
    event->vcpu_ns = vcpus_used_ns(run->vcpus);
    event->n_vcpus = vcpus_count(run->vcpus);
}

/* Everything that happens comes through here. */
static void feed(const Event *event, gpointer user_data)
{
    Run *run = user_data;
    Migration *m = run->migration;
    PhaseId before = m->phase;

    if (before == PHASE_DONE) {
        return;
    }
    if (run->handlers.event) {
        run->handlers.event(event, run->user_data);
    }
    g_autoptr(RecoveryRecord) record = find_record(run, event);
    Event with_record = *event;
    with_record.record = record;
    look_at_vcpus(run, &with_record);
    event = &with_record;
    /* Nothing that an action starts calls back before it returns. */
    g_assert(!run->is_feeding);
    run->is_feeding = TRUE;

    if (is_answer(event, TELL_SETTING)) {
        passed_close(run->passed);
    }
    trace_event(run->trace, m, event);
    migration_feed(m, event);
    check_recorded(run, before);
    write_journal(run);
    perform(run, m->actions);
    g_ptr_array_set_size(m->actions, 0);
    trace_decisions(run);
    if (m->phase != before || event->kind == EVENT_START) {
        enter_phase(run, before);
    }
    run->is_feeding = FALSE;
    if (run->handlers.progress) {
        run->handlers.progress(m, m->phase != before, run->user_data);
    }
    if (event->kind == EVENT_CONNECTED) {
        check_recorded_death(run, event->side);
    }
}

static void tap(Side side, QmpDirection direction, const char *line, size_t n,
                int64_t time_us, gpointer user_data)
{
    Run *run = user_data;
    trace_qmp(run->trace, side, direction == QMP_SENT, line, n, time_us);
}

Run *run_new(const RunConfig *config, const RunHandlers *handlers,
             gpointer user_data)
{
    Run *run = g_new0(Run, 1);
    run->migration = migration_new(config->settings);
    run->passed = passed_new();
    run->journal_folder = g_strdup(config->journal_folder);
    if (config->journal_folder && !config->settings->check_only) {
        run->journal = journal_new(config->journal_folder);
    }
    run->trace = config->trace;
    run->handlers = *handlers;
    run->user_data = user_data;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        run->address[side] = g_strdup(config->address[side]->text);
        run->migration->monitor[side] = qmp_address_word(config->address[side]);
        run->monitors[side] =
            monitor_new(side, config->address[side], config->pid[side], feed,
                        config->trace ? tap : NULL, run);
        monitor_look_at(run->monitors[side],
                        (const char *const *)config->settings->folders);
        if (!config->settings->check_only) {
            monitor_make_exclusive(run->monitors[side]);
        }
    }
    return run;
}

void run_free(Run *run)
{
    stop_timers(run);
    g_clear_handle_id(&run->done_source, g_source_remove);
    monitor_free(run->monitors[SIDE_SOURCE]);
    monitor_free(run->monitors[SIDE_DESTINATION]);
    g_free(run->address[SIDE_SOURCE]);
    g_free(run->address[SIDE_DESTINATION]);
    g_clear_pointer(&run->journal, journal_free);
    vcpus_free(run->vcpus);
    g_free(run->journal_folder);
    passed_free(run->passed, run->migration->context.started);
    migration_free(run->migration);
    g_free(run);
}

void run_start(Run *run)
{
    trace_settings(run->trace, run->migration->settings);
    feed(&(Event){ .kind = EVENT_START, .time_us = g_get_monotonic_time() },
         run);
}

void run_cancel(Run *run)
{
    feed(&(Event){ .kind = run->is_cancelled ? EVENT_DETACH : EVENT_CANCEL,
                   .time_us = g_get_monotonic_time() },
         run);
    run->is_cancelled = TRUE;
}

const Migration *run_migration(const Run *run)
{
    return run->migration;
}

GPtrArray *run_rehearse(Run *run)
{
    return rehearse(run->migration);
}

const char *run_version(const Run *run, Side side)
{
    return monitor_version(run->monitors[side]);
}
