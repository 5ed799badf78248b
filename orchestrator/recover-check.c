/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * To go on with a recovery that somebody else left: are these the two halves of
 * one guest, and is their post-copy paused?  Or does it hang, and nobody mends
 * it?  Else nothing is touched.
 */
#include "orchestrator/phases.h"

static const char *word_of(const Migration *m, Side side)
{
    const Facts *facts = &m->facts[side];
    return *facts->status_word ? facts->status_word : "not known";
}

static PhaseId refuse_source(Migration *m)
{
    PhaseId next =
        phase_fail(m, FAILURE_NOT_PAUSED, SIDE_SOURCE,
                   "its post-copy is not paused: the migration is %s",
                   word_of(m, SIDE_SOURCE));
    switch ((int)m->facts[SIDE_SOURCE].status) {
    case STATUS_POSTCOPY_RECOVER:
        m->failure.hint = g_strdup("it is being recovered in this moment: look "
                                   "again when that is over");
        break;
    case STATUS_POSTCOPY:
        m->failure.hint =
            g_strdup("it goes on: qmigrate status shows how far it is");
        break;
    case STATUS_POSTCOPY_DEVICE:
        m->failure.hint = g_strdup(
            "wait until the destination has loaded the devices; if its "
            "connection is broken, and the guest never ran there, yank on the "
            "source (qmigrate qmp, instances: type migration) lets it run "
            "there "
            "again");
        break;
    }
    return next;
}

/* It goes on and does not, or is being mended: only time tells. */
static bool is_doubtful(const Migration *m)
{
    Status source = m->facts[SIDE_SOURCE].status;
    return source == STATUS_POSTCOPY || source == STATUS_POSTCOPY_RECOVER ||
           m->facts[SIDE_DESTINATION].status == STATUS_POSTCOPY_RECOVER;
}

/* Of the differences only those that make it another guest. */
static const Finding *find_other_guest(const GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (finding->code == FINDING_UUID || finding->code == FINDING_MEMORY ||
            finding->code == FINDING_MACHINE) {
            return finding;
        }
    }
    return NULL;
}

/* In post-copy the guest does not run on a source again, and nowhere else is
 * anything in finish-migrate. */
static bool is_swapped(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    return facts_run_state_is(source, "inmigrate") ||
           (status_is_postcopy(source->status) &&
            (facts_run_state_is(&m->facts[SIDE_DESTINATION],
                                "finish-migrate") ||
             facts_run_state_is(source, "running")));
}

static PhaseId refuse_swapped(Migration *m)
{
    PhaseId next = phase_fail(
        m, FAILURE_NOT_A_PAIR, N_SIDES,
        "source and destination are swapped: the source is in run state %s, "
        "the destination in %s",
        m->facts[SIDE_SOURCE].run_state, m->facts[SIDE_DESTINATION].run_state);
    m->failure.hint =
        g_strdup("give the QEMU that the guest came from as --source");
    return next;
}

/* The record names the processes; other ones have other guests. */
static bool is_of_record(const Migration *m, Side at, Side recorded)
{
    return !m->record || !process_identity_is_known(&m->identity[at]) ||
           process_identity_equal(&m->identity[at],
                                  &m->record->process[recorded]);
}

static PhaseId refuse_other_process(Migration *m, Side side)
{
    const RecoveryRecord *record = m->record;
    PhaseId next = phase_fail(
        m, FAILURE_NOT_A_PAIR, side,
        "process %d is not the one of the interrupted migration: that was "
        "process %d, monitor %s",
        (int)m->pid[side], (int)record->process[side].pid,
        record->address[side]);
    m->failure.hint =
        g_strdup("give the monitors of the two QEMUs that were migrating");
    return next;
}

PhaseId phase_check_pair(Migration *m)
{
    if (m->pid[SIDE_SOURCE] > 0 &&
        m->pid[SIDE_SOURCE] == m->pid[SIDE_DESTINATION]) {
        return phase_fail(m, FAILURE_SAME_QEMU, N_SIDES,
                          "both addresses lead to process %d",
                          m->pid[SIDE_SOURCE]);
    }
    bool is_swapped_by_record =
        m->record && is_of_record(m, SIDE_SOURCE, SIDE_DESTINATION) &&
        is_of_record(m, SIDE_DESTINATION, SIDE_SOURCE);
    if (is_swapped(m) || is_swapped_by_record) {
        return refuse_swapped(m);
    }
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (!is_of_record(m, side, side)) {
            return refuse_other_process(m, side);
        }
    }
    return m->phase;
}

PhaseId phase_check_halves(Migration *m)
{
    g_autoptr(GPtrArray) differences = findings_new();
    caps_machine_compare(m->machines, m->inventories, differences);
    const Finding *difference = find_other_guest(differences);

    m->recovery.is_doubtful = is_doubtful(m);
    m->recovery.found = m->facts[SIDE_SOURCE].status;
    return difference ? phase_fail(m, FAILURE_NOT_A_PAIR, N_SIDES, "%s",
                                   difference->text)
                      : m->phase;
}

/* What moves, or leaves the status in which it was found for another than
 * paused, is in somebody's hands. */
static bool is_in_hands(const Migration *m)
{
    const Recovery *recovery = &m->recovery;
    Status source = m->facts[SIDE_SOURCE].status;
    bool has_moved = recovery->moved_bytes > 0 &&
                     m->sample.transferred_bytes > recovery->moved_bytes;
    return has_moved || (source != (Status)recovery->found &&
                         source != STATUS_POSTCOPY_PAUSED);
}

/* I13: either the stream, or a handshake in which no byte is counted. */
static bool is_proved_to_hang(const Migration *m)
{
    bool is_in_handshake =
        m->facts[SIDE_SOURCE].status == STATUS_POSTCOPY_RECOVER ||
        m->facts[SIDE_DESTINATION].status == STATUS_POSTCOPY_RECOVER;
    bool is_paused =
        m->facts[SIDE_SOURCE].status == STATUS_POSTCOPY_PAUSED ||
        m->facts[SIDE_DESTINATION].status == STATUS_POSTCOPY_PAUSED;
    return is_in_handshake || is_paused ? stall_is_proved(&m->stall)
                                        : phase_is_stalled(m);
}

PhaseId phase_watch_recovery(Migration *m, const Event *event,
                             bool *ret_is_ours)
{
    Recovery *recovery = &m->recovery;

    if (event->kind == EVENT_CANCEL || is_in_hands(m)) {
        m->context.started = false; /* nothing was sent */
        refuse_source(m);
        return PHASE_ROLL_BACK;
    }
    recovery->moved_bytes = MAX(m->sample.transferred_bytes, 0);
    if (event->kind == EVENT_DEADLINE) {
        recovery->is_over = true;
        return phase_fail(m, FAILURE_POSTCOPY_BROKEN, N_SIDES,
                          "it is not paused, and nothing proves that the "
                          "connection may be broken safely; source: %s, "
                          "destination: %s",
                          word_of(m, SIDE_SOURCE),
                          word_of(m, SIDE_DESTINATION));
    }
    *ret_is_ours = is_proved_to_hang(m);
    if (*ret_is_ours) {
        phase_note(m,
                   "nothing moved for %.1f s and nobody recovered it: took it "
                   "over",
                   phase_stall_max_us(m) / 1e6);
    }
    return m->phase;
}
