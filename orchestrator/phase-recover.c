/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover: the channel of a post-copy broke, or nothing comes through it.  Both
 * sides are brought to postcopy-paused, the destination listens anew, the source
 * connects and sends what is missing; again, a little later each time, until it
 * holds.  Neither side is killed or continued meanwhile, and if it cannot be
 * mended both are left as they are.
 *
 * The destination's main loop can wait for a page that does not come: what it has
 * to hear goes out of band.
 *
 * A source that has sent everything and only lacks the destination's word for it
 * is never paused: 10.0 would count that as a failure and run its old guest.
 */
#include "orchestrator/phases.h"
#include "orchestrator/uri.h"

#define ATTEMPTS_MAX 10u
#define TIME_MAX_US  (60 * G_USEC_PER_SEC)
/* Longer than for a stream: QEMU survives a handshake that is slow, and not
 * always one that is broken (7.2 and 10.0 lose the destination now and then). */
#define HANDSHAKE_MAX_US (25 * G_USEC_PER_SEC)
#define NOTICE_US        G_USEC_PER_SEC /* that the stream broke */
#define LEAVE_MAX_US     (4 * G_USEC_PER_SEC)

static Status status_of(const Migration *m, Side side)
{
    return m->facts[side].status;
}

static void go_to(Migration *m, RecoveryStep step)
{
    m->recovery.step = step;
    m->recovery.step_us = m->now_us;
    m->recovery.told_pause_us = 0;
}

int64_t phase_recover_max_us(const Migration *m)
{
    return m->settings->recover_timeout_us
               ? (int64_t)m->settings->recover_timeout_us
               : TIME_MAX_US;
}

static unsigned attempts_max(const Migration *m)
{
    return m->settings->recover_attempts ? m->settings->recover_attempts
                                         : ATTEMPTS_MAX;
}

static bool is_in_handshake(const Migration *m)
{
    return status_of(m, SIDE_SOURCE) == STATUS_POSTCOPY_RECOVER ||
           status_of(m, SIDE_DESTINATION) == STATUS_POSTCOPY_RECOVER;
}

/* In a handshake that hangs QEMU stays for ever, and nobody could begin anew. */
static PhaseId give_up(Migration *m, const char *why)
{
    const char *told = m->facts[SIDE_SOURCE].error_desc;
    PhaseId next = phase_fail(m, FAILURE_POSTCOPY_BROKEN, N_SIDES,
                              "the post-copy's channel was not mended %s%s%s",
                              why, told ? "; last: " : "", told ? told : "");

    m->recovery.is_over = true;
    if (is_in_handshake(m)) {
        go_to(m, RECOVERY_LEAVE);
        next = m->phase;
    }
    return next;
}

static PhaseId give_up_in_time(Migration *m)
{
    g_autofree char *why = g_strdup_printf(
        "within %.0f s, by %u attempt%s", phase_recover_max_us(m) / 1e6,
        m->recovery.n_attempts, m->recovery.n_attempts == 1 ? "" : "s");
    return give_up(m, why);
}

/* ---- what is told ---- */

static bool is_paused(const Migration *m, Side side)
{
    /* 7.2 says "setup" when it listens again. */
    return status_of(m, side) == STATUS_POSTCOPY_PAUSED ||
           (side == SIDE_DESTINATION && status_of(m, side) == STATUS_SETUP);
}

/* Its newest answer is younger than the step, and it has something to send. */
static bool has_more_to_send(const Migration *m)
{
    return m->stall.asked_us[SIDE_SOURCE] > m->recovery.step_us &&
           m->sample.remaining_bytes > 0;
}

/*
 * I13.  A side that is paused proves that the connection is broken: then the other
 * one, if it is or was postcopy-active, loses nothing by being paused.  Otherwise
 * a stall must be proved on both sides.
 */
static bool is_to_be_paused(const Migration *m, Side side)
{
    switch ((int)status_of(m, side)) {
    case STATUS_POSTCOPY:
        return is_paused(m,
                         side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE)
                   ? side == SIDE_DESTINATION || has_more_to_send(m)
                   : phase_is_stalled(m);
    case STATUS_POSTCOPY_RECOVER: /* a handshake that hangs */
        return true;
    default:
        return false;
    }
}

/*
 * The source first, as who is told hangs up and the other notices: within 100 ms,
 * when it writes.  A destination with preempt that is told in the moment in which
 * it notices dies of it (7.2 and 10.0: SIGSEGV, one in five), so it is told only if
 * it had time to notice.  A refusal does no harm, and 7.2 refuses in a handshake,
 * which then has to end by itself.
 */
static void tell_pause(Migration *m)
{
    Recovery *recovery = &m->recovery;
    bool is_first = recovery->told_pause_us == 0 &&
                    !is_paused(m, SIDE_SOURCE) &&
                    !is_paused(m, SIDE_DESTINATION);
    int64_t since_us = MAX(recovery->told_pause_us, recovery->step_us);

    if (!is_first && m->now_us - since_us < NOTICE_US) {
        return;
    }
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (is_to_be_paused(m, side) &&
            !(is_first && side == SIDE_DESTINATION)) {
            QmpCommand *command = qmp_command_new("migrate-pause");
            command->oob = true;
            phase_ask(m, side, TELL_PAUSE, command);
            recovery->told_pause_us = m->now_us;
        }
    }
}

static const char *uri_of(const Migration *m)
{
    return recovery_uri(m->recovery.n_attempts, m->recovery.home,
                        m->settings->recover_uri);
}

static PhaseId tell_recover(Migration *m)
{
    Recovery *recovery = &m->recovery;
    if (recovery->n_attempts >= attempts_max(m)) {
        g_autofree char *why =
            g_strdup_printf("by %u attempt%s", recovery->n_attempts,
                            recovery->n_attempts == 1 ? "" : "s");
        return give_up(m, why);
    }
    recovery->n_attempts++;
    QmpCommand *command = qmp_command_new("migrate-recover");
    command->oob = true;
    qmp_command_set_string(command, "uri", uri_of(m));
    phase_ask(m, SIDE_DESTINATION, TELL_RECOVER, command);
    go_to(m, RECOVERY_LISTEN);
    return m->phase;
}

/* Takes @uri over. */
static void tell_resume(Migration *m, char *uri)
{
    g_free(m->migrate_uri);
    m->migrate_uri = uri;
    QmpCommand *command = qmp_command_new("migrate");
    qmp_command_set_string(command, "uri", migration_way(m));
    qmp_command_set_bool(command, "resume", true);
    phase_ask(m, SIDE_SOURCE, TELL_RESUME, command);
    m->recovery.has_stirred = false;
    stall_move(&m->stall, m->now_us);
    g_clear_pointer(&m->facts[SIDE_SOURCE].error_desc, g_free);
    go_to(m, RECOVERY_RESUME);
}

/*
 * The one yank of I13.  A source of 10.2 that waits for the destination to load
 * its devices refuses migrate-pause, and the paused destination will not answer it
 * any more.  It then fails and runs its guest again, which never ran elsewhere.
 */
static void free_source(Migration *m)
{
    bool is_proved =
        !phase_is_waiting_for(m, SIDE_DESTINATION, ASK_RUN_STATE) &&
        m->asked_us[SIDE_DESTINATION][ASK_RUN_STATE] >= m->recovery.step_us &&
        owner_never_ran_there(&m->facts[SIDE_DESTINATION], &m->context);

    if (status_of(m, SIDE_SOURCE) != STATUS_POSTCOPY_DEVICE ||
        status_of(m, SIDE_DESTINATION) != STATUS_POSTCOPY_PAUSED ||
        m->stall.awake_us <= phase_stall_max_us(m)) {
        return;
    }
    if (is_proved) {
        phase_note(m, "the connection broke before the destination had the "
                      "guest: broke it on the source too");
        phase_yank(m);
    } else {
        phase_ask(m, SIDE_DESTINATION, ASK_RUN_STATE, NULL);
    }
}

/* ---- the steps ---- */

/* Neither side is paused, and no stall is proved any more. */
static bool goes_on(const Migration *m)
{
    return status_of(m, SIDE_SOURCE) == STATUS_POSTCOPY &&
           status_of(m, SIDE_DESTINATION) == STATUS_POSTCOPY &&
           !phase_is_stalled(m) &&
           m->now_us - m->recovery.told_pause_us > NOTICE_US;
}

static PhaseId pause_both(Migration *m)
{
    if (is_paused(m, SIDE_SOURCE) && is_paused(m, SIDE_DESTINATION)) {
        return tell_recover(m);
    }
    if (goes_on(m)) {
        return PHASE_POSTCOPY;
    }
    tell_pause(m);
    free_source(m);
    return m->phase;
}

static PhaseId listen(Migration *m, const Event *event)
{
    bool is_answer =
        event->side == SIDE_DESTINATION &&
        (event->kind == EVENT_REPLY || event->kind == EVENT_REFUSED ||
         event->kind == EVENT_SILENT);
    /* An older question may be answered yet, before the destination listens. */
    if (!is_answer || phase_is_waiting_for(m, SIDE_DESTINATION, TELL_RECOVER) ||
        (event->ask != TELL_RECOVER && event->ask != ASK_MIGRATION)) {
        return m->phase;
    }
    if (event->kind != EVENT_REPLY) {
        go_to(m, RECOVERY_WAIT);
        return m->phase;
    }
    char *uri = event->ask == TELL_RECOVER
                    ? uri_at_port(uri_of(m), m->settings->destination_host, 0)
                    : uri_for_source(uri_of(m), m->settings->destination_host,
                                     event->value);
    if (uri) {
        tell_resume(m, uri);
    } else {
        phase_ask(m, SIDE_DESTINATION, ASK_MIGRATION, NULL);
    }
    return m->phase;
}

/*
 * A source of 10.0 says postcopy-recover-setup, and postcopy-paused again if it
 * could not connect; both of postcopy-recover when they talk.  Time in which we
 * were frozen does not count.
 */
static PhaseId resume(Migration *m, const Event *event)
{
    Recovery *recovery = &m->recovery;
    bool is_word = phase_is_event(event, SIDE_SOURCE, "MIGRATION");
    int64_t since_us = m->stall.awake_us;
    int64_t handshake_us = MAX(HANDSHAKE_MAX_US, phase_stall_max_us(m));

    recovery->has_stirred |= is_word;
    if (is_word && is_paused(m, SIDE_SOURCE)) {
        go_to(m, RECOVERY_WAIT);
    } else if (recovery->has_stirred
                   ? since_us > handshake_us
                   : since_us > recovery_mute_us(m->migrate_uri)) {
        go_to(m, RECOVERY_WAIT);
    }
    return m->phase;
}

static PhaseId wait(Migration *m)
{
    if (m->now_us - m->recovery.step_us >=
        recovery_back_off_us(m->recovery.n_attempts)) {
        go_to(m, RECOVERY_PAUSE);
        return pause_both(m);
    }
    return m->phase;
}

static PhaseId step(Migration *m, const Event *event)
{
    switch (m->recovery.step) {
    case RECOVERY_LISTEN:
        return listen(m, event);
    case RECOVERY_RESUME:
        return resume(m, event);
    case RECOVERY_WAIT:
        return wait(m);
    default:
        return pause_both(m);
    }
}

/* ---- the phase ---- */

static bool is_mended(const Migration *m)
{
    Status source = status_of(m, SIDE_SOURCE);
    Status destination = status_of(m, SIDE_DESTINATION);
    return m->recovery.step != RECOVERY_PAUSE &&
           (source == STATUS_POSTCOPY || source == STATUS_COMPLETED) &&
           (destination == STATUS_POSTCOPY || destination == STATUS_COMPLETED);
}

static PhaseId check_end(Migration *m)
{
    PhaseId next = phase_check_end(m);
    if (next != m->phase) {
        return next;
    }
    if (phase_has_completed(m)) {
        return PHASE_POSTCOPY;
    }
    if (is_mended(m)) {
        m->recovery.n_mended++;
        phase_note(m, "the post-copy's channel broke and was mended");
        return PHASE_POSTCOPY;
    }
    return m->phase;
}

static void ask_both(Migration *m)
{
    if (m->recovery.step == RECOVERY_LISTEN) {
        phase_ask(m, SIDE_SOURCE, ASK_MIGRATION, NULL);
    } else {
        phase_ask_both(m);
    }
}

static PhaseId watch(Migration *m, const Event *event)
{
    bool is_ours = false;
    PhaseId next = phase_watch_recovery(m, event, &is_ours);
    if (is_ours) {
        m->recovery.broken_us = m->now_us;
        go_to(m, RECOVERY_PAUSE);
        return pause_both(m);
    }
    if (next == m->phase && event->kind == EVENT_TICK) {
        ask_both(m);
    }
    return next;
}

static PhaseId leave(Migration *m, const Event *event)
{
    bool is_late = m->now_us - m->recovery.step_us > LEAVE_MAX_US;
    if (is_mended(m)) {
        m->recovery.is_over = false; /* in the last moment */
        is_late = true;
    }
    if (is_late || !is_in_handshake(m)) {
        return phase_row(PHASE_RECOVER)->on_failure;
    }
    tell_pause(m);
    if (event->kind == EVENT_TICK) {
        ask_both(m);
    }
    return m->phase;
}

PhaseId recover_enter(Migration *m)
{
    Recovery *recovery = &m->recovery;
    bool has_moved = m->sample.transferred_bytes > recovery->moved_bytes;

    m->context.postcopy = m->context.handed_over = true;
    if (!recovery->home) {
        recovery->home = recovery_home(migration_uri(m), m->migrate_uri);
    }
    if (recovery->broken_us == 0 || has_moved) {
        recovery->broken_us = m->now_us;
        recovery->n_breaks++;
        recovery->n_attempts = 0;
        recovery->moved_bytes = MAX(m->sample.transferred_bytes, 0);
    }
    if (recovery->is_doubtful) {
        recovery->is_doubtful = false;
        go_to(m, RECOVERY_WATCH);
        return m->phase;
    }
    go_to(m, RECOVERY_PAUSE);
    PhaseId next = phase_check_end(m);
    if (next != m->phase) {
        return next;
    }
    return recovery->is_over ? give_up(m, "before") : pause_both(m);
}

PhaseId recover_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_REFUSED && event->ask == TELL_PAUSE &&
        event->side == SIDE_SOURCE) {
        m->recovery.is_unpausable = true;
    }
    if (m->recovery.step == RECOVERY_WATCH) {
        return watch(m, event);
    }
    phase_check_old_guest(m, event);
    if (m->recovery.step == RECOVERY_LEAVE) {
        return leave(m, event);
    }
    PhaseId next = check_end(m);
    if (next != m->phase) {
        return next;
    }
    if (event->kind == EVENT_CANCEL) {
        return give_up(m, "as it was told to stop");
    }
    if (event->kind == EVENT_DEADLINE ||
        m->now_us - m->recovery.broken_us > phase_recover_max_us(m)) {
        return give_up_in_time(m);
    }
    next = step(m, event);
    if (next == m->phase && event->kind == EVENT_TICK) {
        ask_both(m);
    }
    return next;
}
