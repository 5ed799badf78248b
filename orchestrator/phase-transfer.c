/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * transfer and switchover.  In transfer QEMU sends memory while the guest runs;
 * we look at pass boundaries and every tick.  In switchover the guest stands
 * still: nothing is asked, only events count.
 */
#include "orchestrator/phases.h"

#define SETUP_MAX_US (30 * G_USEC_PER_SEC) /* to connect */
#define STALL_MAX_US (60 * G_USEC_PER_SEC) /* without a byte */

PhaseId transfer_enter(Migration *m)
{
    QmpCommand *command = qmp_command_new("migrate");
    qmp_command_set_string(command, "uri", m->migrate_uri);
    phase_ask(m, SIDE_SOURCE, TELL_MIGRATE, command);

    m->migrate_us = m->moved_us = m->now_us;
    m->context.started = true;
    /* What the sides said of earlier migrations is of no interest any more. */
    m->facts[SIDE_SOURCE].status = STATUS_SETUP;
    g_clear_pointer(&m->facts[SIDE_SOURCE].error_desc, g_free);
    return m->phase;
}

PhaseId phase_check_end(Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];

    if (destination->status == STATUS_FAILED) {
        return phase_fail(m, FAILURE_DESTINATION_FAILED, SIDE_DESTINATION,
                          "could not take the guest");
    }
    if (source->status == STATUS_FAILED) {
        return phase_fail(m, FAILURE_MIGRATION_FAILED, SIDE_SOURCE,
                          "the migration failed");
    }
    if (source->status == STATUS_CANCELLED ||
        source->status == STATUS_CANCELLING) {
        return phase_fail(m, FAILURE_CANCELLED_ELSEWHERE, SIDE_SOURCE,
                          "the migration was cancelled, and not by us");
    }
    return m->phase;
}

static PhaseId check_time(Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    uint64_t timeout_us = m->settings->timeout_us;

    if (timeout_us > 0 && m->now_us - m->migrate_us > (int64_t)timeout_us) {
        return phase_fail(m, FAILURE_TIMEOUT, N_SIDES,
                          "not done within %.1f s; %.1f MiB were left",
                          timeout_us / 1e6,
                          MAX(m->sample.remaining_bytes, 0) / 1048576.0);
    }
    if (source->status == STATUS_SETUP &&
        m->now_us - m->migrate_us > SETUP_MAX_US) {
        return phase_fail(m, FAILURE_DEADLINE, SIDE_SOURCE,
                          "no connection to %s within %d s", m->migrate_uri,
                          (int)(SETUP_MAX_US / G_USEC_PER_SEC));
    }
    if (m->now_us - m->moved_us > STALL_MAX_US) {
        return phase_fail(m, FAILURE_STALLED, SIDE_SOURCE,
                          "no byte moved for %d s",
                          (int)(STALL_MAX_US / G_USEC_PER_SEC));
    }
    return m->phase;
}

/* The source has stopped the guest to send the last of it. */
static bool has_begun_switchover(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    return status_is_switchover(source->status) ||
           source->status == STATUS_COMPLETED ||
           (!m->will_pause && m->context.guest_ran && source->stopped);
}

PhaseId transfer_handle(Migration *m, const Event *event)
{
    PhaseId next = phase_check_end(m);
    if (next != m->phase) {
        return next;
    }
    if (m->active_us == 0 && m->facts[SIDE_SOURCE].status == STATUS_ACTIVE) {
        m->active_us = m->now_us;
    }
    /* Whose STOP it is, is asked at once: the answer is there long before the
     * destination could be told to run, and nobody waits for it. */
    if (phase_is_event(event, SIDE_SOURCE, "STOP") ||
        phase_is_event(event, SIDE_SOURCE, "RESUME")) {
        phase_ask(m, SIDE_SOURCE, ASK_RUN_STATE, NULL);
    }
    if (has_begun_switchover(m)) {
        return PHASE_SWITCHOVER;
    }
    if (event->kind == EVENT_TICK ||
        phase_is_event(event, SIDE_SOURCE, "MIGRATION_PASS")) {
        phase_ask(m, SIDE_SOURCE, ASK_MIGRATION, NULL);
    }
    return event->kind == EVENT_TICK ? check_time(m) : m->phase;
}

static void let_it_go(Migration *m)
{
    if (m->facts[SIDE_SOURCE].status != STATUS_PRE_SWITCHOVER) {
        m->context.handed_over = true; /* QEMU did not wait for us */
    } else if (!m->continue_sent) {
        QmpCommand *command = qmp_command_new("migrate-continue");
        qmp_command_set_string(command, "state", "pre-switchover");
        phase_ask(m, SIDE_SOURCE, TELL_CONTINUE, command);
        m->continue_sent = true;
        m->context.handed_over = true;
    }
}

static bool is_complete(const Migration *m, Side side)
{
    return m->facts[side].status == STATUS_COMPLETED;
}

PhaseId switchover_enter(Migration *m)
{
    m->switchover_us = m->now_us;
    let_it_go(m);
    return is_complete(m, SIDE_SOURCE) && is_complete(m, SIDE_DESTINATION)
               ? PHASE_SETTLE
               : m->phase;
}

PhaseId switchover_handle(Migration *m, const Event *event)
{
    PhaseId next = phase_check_end(m);
    if (next != m->phase) {
        return next;
    }
    let_it_go(m);
    return is_complete(m, SIDE_SOURCE) && is_complete(m, SIDE_DESTINATION)
               ? PHASE_SETTLE
               : m->phase;
}
