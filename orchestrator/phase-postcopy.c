/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * postcopy: the guest is on the destination and fetches from the source what it
 * misses.  Neither can go on without the other, so nothing is cancelled, killed
 * or continued any more; only the very first cont on the destination is ours.
 *
 * That cont waits until both sides say that they are in post-copy.  From then on
 * the source never resumes by itself, and the destination, which speaks up when
 * it has read all of the devices' state, is still loading it: the guest does not
 * wait for us.  Sooner it could not be taken back, and a source that ends as a
 * plain pre-copy, or fails, might run the guest too.
 *
 * Waiting is always safe and breaking the connection is not (I13): before the
 * destination is postcopy-active it still reads the state of the devices, which
 * is never sent again.  So a stream that stands still is left alone until both
 * sides prove that they are postcopy-active and that nothing moves (stall.h).
 */
#include "orchestrator/phases.h"

#define STALL_MAX_US    (10 * G_USEC_PER_SEC) /* without a byte */
#define BLACKOUT_MAX_US (2 * G_USEC_PER_SEC)

void phase_start_postcopy(Migration *m)
{
    phase_ask(m, SIDE_SOURCE, TELL_POSTCOPY, NULL);
    m->context.postcopy_sent = true;
}

bool phase_has_begun_postcopy(const Migration *m)
{
    return status_is_postcopy(m->facts[SIDE_SOURCE].status) ||
           status_is_postcopy(m->facts[SIDE_DESTINATION].status);
}

/*
 * 10.0 does that when a connection breaks on which it has sent everything and
 * only waits for the destination's word; the guest itself is there.  Since 10.2
 * it is also right, when the destination was never sent cont: owner.c.
 */
void phase_stop_old_guest(Migration *m)
{
    phase_note(m, "the source let its old copy of the guest run again: stopped "
                  "it");
    phase_ask(m, SIDE_SOURCE, TELL_STOP, NULL);
    m->context.held = true; /* until it is proved that it never ran there */
}

void phase_check_old_guest(Migration *m, const Event *event)
{
    if (phase_is_ending(m, SIDE_DESTINATION)) {
        return; /* with its end it is known whether it can have run there */
    }
    if (m->context.arrived && phase_is_event(event, SIDE_SOURCE, "RESUME") &&
        !owner_never_ran_there(&m->facts[SIDE_DESTINATION], &m->context)) {
        phase_stop_old_guest(m);
    }
}

static bool is_paused(const Migration *m, Side side)
{
    return m->facts[side].status == STATUS_POSTCOPY_PAUSED;
}

static bool has_come_to_run(const Migration *m)
{
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    return destination->resume_us != 0 ||
           facts_run_state_is(destination, "running");
}

bool migration_is_in_blackout(const Migration *m)
{
    return m->phase == PHASE_SWITCHOVER || m->phase == PHASE_SETTLE ||
           (m->phase == PHASE_POSTCOPY && m->context.guest_ran &&
            !has_come_to_run(m) &&
            m->now_us - m->postcopy_us < BLACKOUT_MAX_US);
}

/* Whether a person stopped the guest must be known by then (I7): it was asked
 * when the phase began. */
static void let_it_run(Migration *m)
{
    if (m->context.guest_ran && !m->context.cont_sent &&
        !facts_has_run(&m->facts[SIDE_DESTINATION]) &&
        m->facts[SIDE_SOURCE].status == STATUS_POSTCOPY &&
        m->facts[SIDE_DESTINATION].status == STATUS_POSTCOPY &&
        !phase_is_waiting_for(m, SIDE_SOURCE, ASK_RUN_STATE)) {
        phase_ask(m, SIDE_DESTINATION, TELL_CONT, NULL);
        m->context.cont_sent = true;
    }
}

/*
 * In post-copy too QEMU takes what fits into downtime-limit for the end: it then
 * sends all of it in one go, and a stream that breaks meanwhile cannot be mended
 * (10.0 fails and resumes the old guest, 7.2 waits for ever).  With 0 the end is
 * what is in the sockets.  Before post-copy it would keep QEMU from switching
 * over; in the blackout nothing is said; it stays, as this QEMU is not to have
 * the guest again.
 */
static void shorten_the_end(Migration *m)
{
    if (m->has_short_end || migration_is_in_blackout(m) ||
        m->facts[SIDE_SOURCE].status != STATUS_POSTCOPY) {
        return;
    }
    phase_set_parameter(m, "downtime-limit", 0);
    m->has_short_end = true;
}

/* What leads out of it; the same phase: nothing does. */
static PhaseId check_end(Migration *m)
{
    PhaseId next = phase_check_end(m);
    if (next != m->phase) {
        return next;
    }
    if (phase_has_completed(m)) {
        return PHASE_SETTLE;
    }
    return is_paused(m, SIDE_SOURCE) || is_paused(m, SIDE_DESTINATION)
               ? PHASE_RECOVER
               : m->phase;
}

PhaseId postcopy_enter(Migration *m)
{
    m->context.postcopy = m->context.handed_over = true;
    m->moved_us = m->now_us;
    stall_move(&m->stall, m->now_us);
    if (m->postcopy_us == 0) {
        m->postcopy_us = m->now_us;
    }
    if (m->switchover_us == 0) {
        m->switchover_us = m->now_us;
    }
    if (m->context.guest_ran && !m->context.cont_sent) {
        phase_ask(m, SIDE_SOURCE, ASK_RUN_STATE, NULL);
    }
    return check_end(m);
}

int64_t phase_stall_max_us(const Migration *m)
{
    int64_t stall_us = m->settings->postcopy_stall_us
                           ? (int64_t)m->settings->postcopy_stall_us
                           : STALL_MAX_US;
    /* Half of the time is left to recover it. */
    return m->settings->recover_only
               ? MIN(stall_us, phase_recover_max_us(m) / 2)
               : stall_us;
}

bool phase_is_stalled(const Migration *m)
{
    return stall_is_proved(&m->stall) &&
           m->facts[SIDE_SOURCE].status == STATUS_POSTCOPY &&
           m->facts[SIDE_DESTINATION].status == STATUS_POSTCOPY &&
           m->sample.remaining_bytes > 0;
}

/* Nothing is sent.  What the source has sent cannot be sent again, and what is
 * not proved to be stalled may go on by itself. */
static PhaseId give_up(Migration *m)
{
    int awake_s = (int)(m->stall.awake_us / G_USEC_PER_SEC);

    m->recovery.is_over = true;
    if (m->sample.remaining_bytes == 0) {
        return phase_fail(m, FAILURE_POSTCOPY_BROKEN, SIDE_DESTINATION,
                          "the source has sent everything, and for %d s the "
                          "destination has not confirmed that it arrived",
                          awake_s);
    }
    return phase_fail(m, FAILURE_POSTCOPY_BROKEN, N_SIDES,
                      "no byte moved for %d s, and nothing proves that the "
                      "connection may be broken safely; source: %s, "
                      "destination: %s",
                      awake_s, m->facts[SIDE_SOURCE].status_word,
                      m->facts[SIDE_DESTINATION].status_word);
}

static PhaseId check_time(Migration *m)
{
    if (phase_is_stalled(m)) {
        phase_note(m, "post-copy: no byte moved for %.1f s",
                   phase_stall_max_us(m) / 1e6);
        return PHASE_RECOVER;
    }
    int64_t max_us = phase_recover_max_us(m);
    if (m->sample.remaining_bytes != 0) {
        max_us += phase_stall_max_us(m);
    }
    return m->stall.awake_us > max_us ? give_up(m) : m->phase;
}

void phase_ask_both(Migration *m)
{
    phase_ask(m, SIDE_SOURCE, ASK_MIGRATION, NULL);
    bool is_mute = phase_is_waiting_for(m, SIDE_DESTINATION, ASK_MIGRATION);
    phase_ask(m, SIDE_DESTINATION, ASK_MIGRATION, NULL);
    /* Its main loop can wait for a page.  What answers out of band afterwards
     * has sent all of its events before, so its status is known too. */
    if (is_mute &&
        caps_inventory_is_on(&m->inventories[SIDE_DESTINATION], "events")) {
        QmpCommand *command = qmp_command_new(ask_row(ASK_LIFE)->command);
        command->oob = true;
        phase_ask(m, SIDE_DESTINATION, ASK_LIFE, command);
    }
}

/* The destination can be mute while its main loop waits for a page. */
PhaseId postcopy_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_CANCEL) {
        phase_note(m, "too late to cancel: a migration in post-copy cannot be "
                      "cancelled");
    }
    phase_check_old_guest(m, event);
    PhaseId next = check_end(m);
    if (next == m->phase) {
        next = check_time(m);
    }
    if (next != m->phase) {
        return next;
    }
    let_it_run(m);
    shorten_the_end(m);
    if (event->kind != EVENT_TICK || migration_is_in_blackout(m)) {
        return m->phase;
    }
    phase_ask_both(m);
    if (!has_come_to_run(m)) {
        phase_ask(m, SIDE_DESTINATION, ASK_RUN_STATE, NULL);
    }
    return m->phase;
}
