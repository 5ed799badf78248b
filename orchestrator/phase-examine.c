/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * examine: the first phase of `qmigrate recover`.  Asks both sides how they stand,
 * takes over what an interrupted qmigrate wrote down, and goes on in the phase
 * that the table in recovery-plan.c names.  Changes nothing itself.
 */
#include "orchestrator/phases.h"
#include "orchestrator/recovery-plan.h"

#define SETUP_MAX_US (3 * G_USEC_PER_SEC)

PhaseId examine_enter(Migration *m)
{
    phase_connect(m, SIDE_SOURCE);
    return m->phase;
}

void phase_ask_whether_it_ran(Migration *m, Side side)
{
    static const char providers[] =
        "[{\"provider\": \"kvm\", \"names\": [\"exits\"]}]";
    QmpCommand *stats = qmp_command_new("query-stats");
    qmp_command_set_string(stats, "target", "vcpu");
    qmp_command_set_node(stats, "providers", json_from_string(providers, NULL));
    phase_ask(m, side, ASK_VCPU_STATS, stats);
    phase_ask(m, side, ASK_JIT, qmp_command_new("x-query-jit"));
    m->facts[side].is_proof_asked = true;
}

static void ask_all(Migration *m, Side side)
{
    for (Ask ask = 0; ask < N_ASKS; ask++) {
        if (ask_row(ask)->is_question && ask != ASK_SCHEMA) {
            phase_ask(m, side, ask, NULL);
        }
    }
    if (side == SIDE_DESTINATION) {
        phase_ask_whether_it_ran(m, side);
    }
}

/* Goes on: who cannot be reached is a finding, and the reason the failure. */
static void take_loss(Migration *m, const Event *event)
{
    if (event->kind == EVENT_LOST && !m->facts[event->side].dead) {
        phase_fail(m, event->code, event->side, "%s", event->text);
    }
    if (event->side == SIDE_DESTINATION && m->settings->destination_is_dead) {
        phase_note(m, "the destination counts as dead, as the user said");
        m->facts[SIDE_DESTINATION].dead = true;
    }
}

static PhaseId leave(Migration *m)
{
    PhaseId next = phase_fail(m, FAILURE_CANCELLED, N_SIDES,
                              "interrupted; nothing was changed");
    m->failure.hint = g_strdup("run qmigrate recover again");
    m->outcome = OUTCOME_UNRESOLVED;
    return next;
}

/* QEMU tells no total-time in setup, which is over soon. */
static bool is_time_missing(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    return m->record && m->record->context.started && source->connected &&
           status_is_precopy(source->status) && m->sample.total_us < 0 &&
           m->now_us - m->start_us < SETUP_MAX_US;
}

PhaseId examine_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_CANCEL) {
        return leave(m);
    }
    if (event->kind == EVENT_CONNECTED && event->is_locked_out) {
        return phase_refuse_busy(m, event);
    }
    if (event->kind == EVENT_CONNECTED) {
        ask_all(m, event->side);
    } else if (event->kind == EVENT_LOST || event->kind == EVENT_DIED) {
        take_loss(m, event);
    }
    if (phase_is_waiting(m)) {
        return m->phase;
    }
    /* One after the other: of two recover at once the second finds the source
     * locked, and what is known of the source tells what a lost destination
     * means. */
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    bool was_asked = destination->connected || destination->dead ||
                     event->side == SIDE_DESTINATION;
    if (!was_asked) {
        phase_connect(m, SIDE_DESTINATION);
        return m->phase;
    }
    if (is_time_missing(m)) {
        if (event->kind == EVENT_TICK) {
            phase_ask(m, SIDE_SOURCE, ASK_MIGRATION, NULL);
        }
        return m->phase;
    }
    return phase_start_recovery(m);
}

/* ---- what an interrupted qmigrate did counts as done by this one ---- */

static void adopt_record(Migration *m)
{
    m->context = m->record->context;
    m->context.is_taken_over = true;
    m->evidence = m->record->evidence;
    g_ptr_array_unref(m->steps);
    m->steps = g_ptr_array_ref(m->record->steps);
    m->n_sent = m->steps->len;
}

static bool is_half(FoundDestination there)
{
    return there == FOUND_HALF || there == FOUND_CUT;
}

/* Is what the source reports the migration of the record (I14)?  Another client
 * may have begun one since, or continued the guest. */
static OursProof judge_recorded(const Migration *m, FoundSource source,
                                FoundDestination there)
{
    if (!m->record || !m->record->context.started) {
        return OURS_NO;
    }
    const OwnerContext *context = &m->record->context;
    const EvidenceCase what = { .guest_ran = context->guest_ran,
                                .through_file = context->through_file,
                                .is_half = is_half(there),
                                .is_loaded = there == FOUND_LOADED };
    const EvidenceNow now = phase_evidence_now(m, &m->sample);
    return evidence_judge(source, &what, &m->record->evidence, &now);
}

/* The destination has the other half, as far as it can be seen: one that is gone
 * proves nothing, unless the user says that it was the one. */
static bool is_pair(const Migration *m, FoundSource source,
                    FoundDestination there)
{
    const unsigned no_half = FOUND_WAITS | FOUND_FAILED | FOUND_DEAD;
    bool is_postcopy = source & (FOUND_POSTCOPY | FOUND_SPLIT);
    return is_postcopy && (is_half(there) || m->settings->destination_is_dead ||
                           (!m->record && !(there & no_half)));
}

static void adopt_proof(Migration *m, FoundSource source,
                        FoundDestination there)
{
    Ours *ours = &m->context.ours;
    Status status = m->facts[SIDE_SOURCE].status;
    *ours =
        (Ours){ .proof = m->context.started ? judge_recorded(m, source, there)
                                            : OURS_NO };
    if (m->plan->runs_there || is_pair(m, source, there)) {
        ours->proof = OURS_PROVED;
    }
    if (ours->proof != OURS_NO) {
        ours->ended = status_is_terminal(status) ? status : STATUS_UNKNOWN;
    }
    ours->known_us = ours->proof == OURS_PROVED ? m->now_us : 0;
}

/* Without a record nothing is continued: nobody knows whether it shall run. */
static void adopt_unknown(Migration *m)
{
    bool runs = facts_is_running(&m->facts[SIDE_SOURCE]) ||
                facts_is_running(&m->facts[SIDE_DESTINATION]);
    m->context = (OwnerContext){ .started = true,
                                 .guest_ran = runs,
                                 .cont_sent = !m->settings->adopt };
}

/* The guest was paused, or continued, after the record was written. */
static void adopt_run_state(Migration *m, FoundSource found)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    if (found == FOUND_SENDS && !m->context.held) {
        m->context.guest_ran = facts_is_running(source);
    }
    const EvidenceNow now = phase_evidence_now(m, &m->sample);
    m->context.held &= !evidence_has_run(&m->evidence, &now);
}

/*
 * The record says that the guest is handed over before migrate-continue is sent.
 * A source that still waits for it, or still sends memory while the guest runs,
 * has handed over nothing.
 */
static bool is_before_switchover(const Facts *source)
{
    return source->status == STATUS_PRE_SWITCHOVER ||
           (status_is_before_switchover(source->status) &&
            !facts_run_state_is(source, "finish-migrate"));
}

static void adopt(Migration *m)
{
    const unsigned handed = FOUND_HANDS | FOUND_SENT | FOUND_POSTCOPY |
                            FOUND_SPLIT | FOUND_GONE | FOUND_SILENT;
    Facts *destination = &m->facts[SIDE_DESTINATION];
    FoundSource source = recovery_found_source(&m->facts[SIDE_SOURCE]);
    FoundDestination there = recovery_found_destination(destination);
    bool is_postcopy = source & (FOUND_POSTCOPY | FOUND_SPLIT) ||
                       there & (FOUND_HALF | FOUND_CUT);

    if (m->record) {
        adopt_record(m);
    } else {
        adopt_unknown(m);
    }
    /* It has never migrated, so the migrate that was recorded did not come. */
    m->context.started &=
        m->facts[SIDE_SOURCE].status != STATUS_NONE || m->context.handed_over;
    m->context.started |= m->plan->phase == PHASE_TRANSFER; /* --adopt */
    adopt_proof(m, source, there);
    adopt_run_state(m, source);
    m->context.handed_over &= m->context.through_file ||
                              !is_before_switchover(&m->facts[SIDE_SOURCE]);
    m->context.handed_over |=
        (source & handed && !m->context.through_file) || there == FOUND_LOADED;
    m->context.postcopy |= is_postcopy;
    m->context.cont_sent &= !destination->never_ran;
    m->context.cont_sent |= facts_has_run(destination);
    m->context.arrived |= is_postcopy && m->context.cont_sent;
    destination->blind = m->context.handed_over && !destination->never_ran;
    m->will_pause = caps_inventory_is_on(&m->inventories[SIDE_SOURCE],
                                         "pause-before-switchover");
    m->migrate_us = m->context.started ? m->now_us : 0;
    m->moved_us = m->now_us;
    if (m->context.handed_over) {
        m->switchover_us = m->now_us;
    }
    if (is_postcopy) {
        m->postcopy_us = m->now_us;
    }
}

/* Nobody knows whether it was paused by a person, or never started. */
static void note_paused(Migration *m)
{
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    if (m->plan->phase == PHASE_RECOVER && !m->record &&
        !facts_is_running(destination)) {
        phase_note(m,
                   "the guest is %s on the destination and stays so; to start "
                   "it: qmigrate qmp QMP cont there",
                   destination->run_state);
    }
}

static PhaseId report_paused(Migration *m)
{
    phase_fail(m, FAILURE_GUEST_STATE, SIDE_DESTINATION,
               "the guest is paused, and no record says whether it was paused "
               "before its migration");
    m->failure.hint = g_strdup("if it shall run: qmigrate qmp DESTINATION "
                               "cont; never cont the source");
    m->outcome = OUTCOME_VERDICT;
    return PHASE_DONE;
}

static PhaseId refuse(Migration *m, const RecoveryPlan *plan)
{
    if (plan->failure == FAILURE_NO_MIGRATION) {
        failure_clear(&m->failure); /* whoever is not reached is not needed */
    }
    if (plan->failure == FAILURE_GUEST_STATE) {
        return report_paused(m);
    }
    bool is_reached =
        m->facts[SIDE_SOURCE].connected || m->facts[SIDE_DESTINATION].connected;
    bool is_nothing = plan->failure == FAILURE_NO_MIGRATION;
    phase_fail(m, plan->failure, N_SIDES, "%s",
               is_nothing ? "nothing to recover: no migration is in progress, "
                            "and the guest is on the source"
                          : failure_row(plan->failure)->meaning);
    if (is_nothing) {
        m->failure.hint = g_strdup("start a new migration with qmigrate run");
    }
    if (plan->failure == FAILURE_NOT_PROVED && is_reached) {
        m->outcome = OUTCOME_UNRESOLVED;
        phase_say_unresolved(m);
    }
    return PHASE_DONE;
}

PhaseId phase_start_recovery(Migration *m)
{
    PhaseId refused = phase_check_pair(m);
    if (refused != m->phase) {
        return refused;
    }
    FoundSource source = recovery_found_source(&m->facts[SIDE_SOURCE]);
    FoundDestination there =
        recovery_found_destination(&m->facts[SIDE_DESTINATION]);
    bool is_proved = judge_recorded(m, source, there) != OURS_NO;
    const RecoveryPlan *plan =
        recovery_plan(m->facts, m->record, is_proved, m->settings->adopt);
    m->plan = plan;
    if (m->settings->check_only) {
        return PHASE_DONE;
    }
    if (plan->phase == PHASE_DONE) {
        return refuse(m, plan);
    }
    if (plan->phase == PHASE_RECOVER) {
        refused = phase_check_halves(m);
        if (refused != m->phase) {
            return refused;
        }
    }
    adopt(m);
    note_paused(m);
    if (plan->failure == FAILURE_POSTCOPY_BROKEN) {
        m->recovery.is_over = true; /* whether they are a pair was not seen */
    }
    if (plan->failure != FAILURE_NONE) {
        phase_fail(m, plan->failure, N_SIDES, "%s",
                   failure_row(plan->failure)->meaning);
    }
    if (plan->failure == FAILURE_INTERRUPTED && !m->failure.hint) {
        m->failure.hint =
            g_strdup("start the next migration with a destination "
                     "that was restarted with -S -incoming defer");
    }
    return plan->phase;
}
