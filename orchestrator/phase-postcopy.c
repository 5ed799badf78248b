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
 */
#include "orchestrator/phases.h"

#define STALL_MAX_US    (5 * G_USEC_PER_SEC) /* without a byte */
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
 * only waits for the destination's word; the guest itself is there.
 */
void phase_stop_old_guest(Migration *m)
{
    phase_note(m, "the source let its old copy of the guest run again: stopped "
                  "it");
    phase_ask(m, SIDE_SOURCE, TELL_STOP, NULL);
}

void phase_check_old_guest(Migration *m, const Event *event)
{
    if (m->context.arrived && phase_is_event(event, SIDE_SOURCE, "RESUME")) {
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
    QmpCommand *command = qmp_command_new("migrate-set-parameters");
    qmp_command_set_int(command, "downtime-limit", 0);
    phase_ask(m, SIDE_SOURCE, TELL_PARAMETER, command);
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

/* What is still under way cannot be sent again: phase-recover.c. */
static PhaseId give_up(Migration *m)
{
    m->recovery.is_over = true;
    return phase_fail(m, FAILURE_POSTCOPY_BROKEN, SIDE_DESTINATION,
                      "the source has sent everything, and for %d s nobody "
                      "says that it arrived",
                      (int)((m->now_us - m->moved_us) / G_USEC_PER_SEC));
}

static PhaseId check_time(Migration *m)
{
    int64_t still_us = m->now_us - m->moved_us;
    int64_t stall_us = m->settings->postcopy_stall_us
                           ? (int64_t)m->settings->postcopy_stall_us
                           : STALL_MAX_US;

    if (m->sample.remaining_bytes == 0) {
        return still_us > phase_recover_max_us(m) ? give_up(m) : m->phase;
    }
    if (still_us > stall_us) {
        phase_note(m, "post-copy: no byte moved for %d s",
                   (int)(still_us / G_USEC_PER_SEC));
        return PHASE_RECOVER;
    }
    return m->phase;
}

/* The destination can be mute while its main loop waits for a page. */
PhaseId postcopy_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_CANCEL) {
        phase_note(m,
                   "the wish to cancel came too late: out of post-copy there "
                   "is no way back");
    }
    phase_check_old_guest(m, event);
    PhaseId next = check_end(m);
    if (next == m->phase && event->kind == EVENT_TICK) {
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
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        phase_ask(m, side, ASK_MIGRATION, NULL);
    }
    if (!has_come_to_run(m)) {
        phase_ask(m, SIDE_DESTINATION, ASK_RUN_STATE, NULL);
    }
    return m->phase;
}
