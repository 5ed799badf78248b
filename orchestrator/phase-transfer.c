/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * transfer and switchover.  In transfer QEMU sends memory while the guest runs;
 * we look at pass boundaries and every tick.  In switchover the guest stands
 * still: nothing is asked, only events count.
 * To be saved to a file the guest is stopped first, if it shall not be saved
 * while it runs: it stands still until it is loaded in any case, and what it
 * dirtied would be written again and again.
 */
#include "orchestrator/phases.h"
#include "orchestrator/steer.h"
#include "orchestrator/way.h"

#define SETUP_MAX_US (30 * G_USEC_PER_SEC) /* to connect */
#define STALL_MAX_US (60 * G_USEC_PER_SEC) /* without a byte */

static void start(Migration *m)
{
    QmpCommand *command = qmp_command_new("migrate");
    way_tell(m, SIDE_SOURCE, command, migration_way(m));
    phase_ask(m, SIDE_SOURCE, TELL_MIGRATE, command);

    m->context.started = true;
    ours_send(&m->context.ours);
    evidence_send(&m->evidence, m->now_us);
    /* What the sides said of earlier migrations is of no interest any more. */
    m->facts[SIDE_SOURCE].status = STATUS_SETUP;
    g_clear_pointer(&m->facts[SIDE_SOURCE].error_desc, g_free);
}

/* Its QEMU stays: -action panic=pause, -no-shutdown. */
static bool has_guest_ended(const Facts *source)
{
    return source->stopped && (source->panicked_us || source->shutdown_us);
}

PhaseId transfer_enter(Migration *m)
{
    PhaseId next = phase_check_external(m);
    if (next != m->phase) {
        return next;
    }
    if (has_guest_ended(&m->facts[SIDE_SOURCE])) {
        return phase_fail(m, FAILURE_GUEST_STATE, SIDE_SOURCE,
                          "the guest %s before the migration started",
                          m->facts[SIDE_SOURCE].panicked_us ? "panicked"
                                                            : "shut down");
    }
    m->migrate_us = m->moved_us = m->now_us;
    if (m->context.started) {
        return m->phase; /* recover: it was begun already */
    }
    steer_begin(m);
    /* Somebody stopped it since inspect has asked: so it stays (I7). */
    if (m->facts[SIDE_SOURCE].stopped) {
        m->context.guest_ran = false;
        phase_ask(m, SIDE_SOURCE, ASK_RUN_STATE, NULL);
    }
    if (m->context.through_file && m->context.guest_ran &&
        !m->settings->is_live) {
        phase_ask(m, SIDE_SOURCE, TELL_STOP, NULL);
        m->context.held = true;
    } else {
        start(m);
    }
    return m->phase;
}

PhaseId phase_check_external(Migration *m)
{
    if (!m->context.ours.is_external) {
        return m->phase;
    }
    phase_fail(m, FAILURE_MIGRATING_ALREADY, SIDE_SOURCE,
               "another QMP client started a migration of the source (%s)",
               m->facts[SIDE_SOURCE].status_word);
    return PHASE_RESOLVE;
}

PhaseId phase_check_end(Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    PhaseId next = phase_check_external(m);

    if (next != m->phase) {
        return next;
    }
    if (destination->status == STATUS_FAILED) {
        return phase_fail(m, FAILURE_DESTINATION_FAILED, SIDE_DESTINATION,
                          "could not load the guest");
    }
    if (source->status == STATUS_FAILED) {
        return phase_fail(m, FAILURE_MIGRATION_FAILED, SIDE_SOURCE,
                          "the migration failed");
    }
    if (source->status == STATUS_CANCELLED ||
        source->status == STATUS_CANCELLING) {
        return phase_fail(m, FAILURE_CANCELLED_ELSEWHERE, SIDE_SOURCE,
                          "cancelled by another QMP client");
    }
    return m->phase;
}

/* More time does not help where --no-preflight let through what breaks. */
static char *find_broken(const Migration *m)
{
    for (guint i = 0; m->settings->no_preflight && i < m->findings->len; i++) {
        const Finding *finding = m->findings->pdata[i];
        if (finding->code == FINDING_BREAKS ||
            finding->code == FINDING_DIFFERS) {
            g_autofree char *text = finding_to_text(finding);
            return g_strdup_printf("it was warned of: %s", text);
        }
    }
    return NULL;
}

static PhaseId give_up(Migration *m)
{
    PhaseId next = phase_fail(m, FAILURE_TIMEOUT, N_SIDES,
                              "not done within %.1f s; %.1f MiB were left",
                              m->settings->timeout_us / 1e6,
                              MAX(m->sample.remaining_bytes, 0) / 1048576.0);
    if (m->failure.code == FAILURE_TIMEOUT && !m->failure.hint) {
        m->failure.hint = find_broken(m);
    }
    return next;
}

static PhaseId check_time(Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    uint64_t timeout_us = m->settings->timeout_us;

    if (timeout_us > 0 && m->now_us - m->migrate_us > (int64_t)timeout_us) {
        return give_up(m);
    }
    if (source->status == STATUS_SETUP &&
        m->now_us - m->migrate_us > SETUP_MAX_US) {
        return phase_fail(m, FAILURE_DEADLINE, SIDE_SOURCE,
                          "no connection to %s within %d s", m->migrate_uri,
                          (int)(SETUP_MAX_US / G_USEC_PER_SEC));
    }
    int64_t still_us = m->now_us - m->moved_us;
    /* The last of a file is written, and the file closed, without a word. */
    int64_t more_us = status_is_switchover(source->status) ||
                              source->status == STATUS_COMPLETED
                          ? (int64_t)phase_file_ms(m) * 1000
                          : 0;
    if (still_us > STALL_MAX_US + more_us) {
        return phase_fail(m, FAILURE_STALLED, SIDE_SOURCE,
                          "no byte moved for %d s",
                          (int)(still_us / G_USEC_PER_SEC));
    }
    return m->phase;
}

/* The source has stopped the guest to send the last of it. */
static bool has_begun_switchover(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    return status_is_switchover(source->status) ||
           source->status == STATUS_COMPLETED ||
           (!m->will_pause && facts_run_state_is(source, "finish-migrate"));
}

/*
 * Whose STOP it is, is asked at once: the answer is there long before the
 * destination could be told to run, and nobody waits for it.  Without
 * pause-before-switchover it can be the one of the switchover.
 */
static void take_stop(Migration *m)
{
    phase_ask(m, SIDE_SOURCE, ASK_RUN_STATE, NULL);
    m->context.handed_over |= !m->will_pause && !m->context.through_file;
}

static void take_resume(Migration *m)
{
    m->context.held = false; /* a person wants it to run all the same */
    phase_ask(m, SIDE_SOURCE, ASK_RUN_STATE, NULL);
}

static void take_refusal(Migration *m, const Event *event)
{
    if (event->ask == TELL_PARAMETER) {
        phase_note(m, "QEMU did not take what the policy wanted: %s",
                   event->text);
    } else if (event->ask == TELL_POSTCOPY) {
        phase_note(m, "QEMU did not switch to post-copy: %s", event->text);
        m->context.postcopy_sent = false;
    }
}

/* How many connections are really at work, until as many as were set are.
 * QEMU 11 names its threads instead of telling. */
static void ask_threads(Migration *m)
{
    const CapsInventory *source = &m->inventories[SIDE_SOURCE];
    g_autofree char *set = caps_inventory_value(source, "multifd-channels");
    if (m->facts[SIDE_SOURCE].status != STATUS_ACTIVE || !set ||
        !caps_inventory_is_on(source, "multifd") ||
        m->n_channels >= (int)g_ascii_strtoull(set, NULL, 10)) {
        return;
    }
    if (caps_inventory_has_command(source, "query-migrationthreads")) {
        phase_ask(m, SIDE_SOURCE, ASK_THREADS, NULL);
    } else {
        phase_look_at_threads(m, SIDE_SOURCE);
    }
}

static void tell_continue(Migration *m)
{
    QmpCommand *command = qmp_command_new("migrate-continue");
    qmp_command_set_string(command, "state", "pre-switchover");
    phase_ask(m, SIDE_SOURCE, TELL_CONTINUE, command);
    m->continue_sent = true;
}

/* With pause-before-switchover, which is of no use to a file. */
static void let_it_write(Migration *m)
{
    if (m->facts[SIDE_SOURCE].status == STATUS_PRE_SWITCHOVER &&
        !m->continue_sent) {
        tell_continue(m);
    }
}

/* "completed" comes a moment before all is over; then the file can be read. */
static PhaseId check_saved(Migration *m, const Event *event)
{
    bool was_asked = event->kind == EVENT_REPLY && event->ask == ASK_RUN_STATE;

    if (facts_has_left(&m->facts[SIDE_SOURCE]) && !phase_is_waiting(m)) {
        return PHASE_LOAD;
    }
    if (!phase_is_waiting(m) && !was_asked) {
        phase_ask(m, SIDE_SOURCE, ASK_MIGRATION, NULL);
        phase_ask(m, SIDE_SOURCE, ASK_RUN_STATE, NULL);
    }
    return event->kind == EVENT_TICK ? check_time(m) : m->phase;
}

/* Until it is answered, a status can be that of someone else's migration. */
static PhaseId await_answer(Migration *m, const Event *event)
{
    if (!m->context.started && event->kind == EVENT_REPLY &&
        event->ask == TELL_STOP) {
        start(m);
    }
    return event->kind == EVENT_TICK ? check_time(m) : m->phase;
}

static void take_event(Migration *m, const Event *event)
{
    if (phase_is_event(event, SIDE_SOURCE, "STOP")) {
        take_stop(m);
    } else if (phase_is_event(event, SIDE_SOURCE, "RESUME")) {
        take_resume(m);
    } else if (event->kind == EVENT_REPLY && event->ask == TELL_MIGRATE) {
        /* The answer proves that this one is ours if events are missed. */
        phase_ask(m, SIDE_SOURCE, ASK_MIGRATION, NULL);
    }
}

PhaseId transfer_handle(Migration *m, const Event *event)
{
    PhaseId next = phase_check_external(m);
    if (next != m->phase) {
        return next;
    }
    if (m->context.started) {
        take_event(m, event);
    }
    if (m->context.ours.proof <= OURS_ASKED) {
        return await_answer(m, event);
    }
    next = phase_check_end(m);
    if (next != m->phase) {
        return next;
    }
    next = phase_check_jobs(m, event);
    if (next != m->phase) {
        return next;
    }
    if (m->active_us == 0 && m->facts[SIDE_SOURCE].status == STATUS_ACTIVE) {
        m->active_us = m->now_us;
    }
    if (phase_has_begun_postcopy(m)) {
        return PHASE_POSTCOPY;
    }
    if (m->context.through_file) {
        let_it_write(m);
        if (m->facts[SIDE_SOURCE].status == STATUS_COMPLETED) {
            return check_saved(m, event);
        }
    } else if (has_begun_switchover(m) && !phase_waits_for_jobs(m)) {
        return PHASE_SWITCHOVER;
    }
    bool may_stand_still =
        !m->will_pause && phase_is_waiting_for(m, SIDE_SOURCE, ASK_RUN_STATE);
    if (!may_stand_still &&
        (event->kind == EVENT_TICK ||
         phase_is_event(event, SIDE_SOURCE, "MIGRATION_PASS"))) {
        phase_ask(m, SIDE_SOURCE, ASK_MIGRATION, NULL);
        ask_threads(m);
    }
    if (event->kind == EVENT_REPLY && event->ask == ASK_MIGRATION) {
        return steer_judge(m);
    }
    if (event->kind == EVENT_REFUSED) {
        take_refusal(m, event);
    }
    return event->kind == EVENT_TICK ? check_time(m) : m->phase;
}

static void let_it_go(Migration *m)
{
    if (m->facts[SIDE_SOURCE].status != STATUS_PRE_SWITCHOVER) {
        m->context.handed_over = true; /* QEMU did not wait for us */
    } else if (!m->continue_sent && phase_jobs_are_done(m)) {
        tell_continue(m);
        m->context.handed_over = true;
    }
}

bool phase_has_completed(const Migration *m)
{
    return m->facts[SIDE_SOURCE].status == STATUS_COMPLETED &&
           m->facts[SIDE_DESTINATION].status == STATUS_COMPLETED;
}

PhaseId switchover_enter(Migration *m)
{
    m->switchover_us = m->now_us;
    let_it_go(m);
    return phase_has_begun_postcopy(m) ? PHASE_POSTCOPY
           : phase_has_completed(m)    ? PHASE_SETTLE
                                       : m->phase;
}

PhaseId switchover_handle(Migration *m, const Event *event)
{
    PhaseId next = phase_check_end(m);
    if (next != m->phase) {
        return next;
    }
    if (phase_has_begun_postcopy(m)) {
        return PHASE_POSTCOPY;
    }
    next = phase_check_jobs(m, event);
    if (next != m->phase) {
        return next;
    }
    let_it_go(m);
    return phase_has_completed(m) ? PHASE_SETTLE : m->phase;
}
