/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done about a migration that goes on, when it is over, and how it ended. */
#include "orchestrator/attached-private.h"

#include "orchestrator/guest-state.h"

/* What an end may take to show on both sides, and who runs it to act on it; and
 * the destination's monitor to be reached. */
#define PATIENCE_US (6 * G_USEC_PER_SEC)
/* Who runs a post-copy that broke may mend it. */
#define PAUSED_MAX_US (15 * G_USEC_PER_SEC)
/* A source that still cancels is freed by yank. */
#define FREE_AFTER_US (3 * G_USEC_PER_SEC)
/* A monitor that broke, because the process is ending. */
#define ENDING_MAX_US (G_USEC_PER_SEC / 2)

/* What it comes to, where a status is found. */
typedef enum {
    REACT_WAIT,
    REACT_TELL, /* send what it is all for */
    REACT_REFUSE,
    REACT_REACHED, /* it is so already */
    REACT_FREE,    /* by yank, if it stays so */
} Reaction;

/*
 * I10: nothing is cancelled in post-copy, nor in a status that we do not know.
 * In "device" the guest is on its way: a destination without -S may run it, and
 * the source would run it too.
 */
/* clang-format off */
static const struct {
    Reaction cancel, postcopy;
} reactions[N_STATUSES] = {
    [STATUS_IN_PROGRESS]     = { REACT_REFUSE, REACT_WAIT },
    [STATUS_SETUP]           = { REACT_TELL,   REACT_WAIT },
    [STATUS_WAIT_UNPLUG]     = { REACT_TELL,   REACT_WAIT },
    [STATUS_ACTIVE]          = { REACT_TELL,   REACT_TELL },
    [STATUS_PRE_SWITCHOVER]  = { REACT_TELL,   REACT_WAIT },
    [STATUS_CANCELLING]      = { REACT_FREE,   REACT_WAIT },
    [STATUS_DEVICE]          = { REACT_WAIT,   REACT_WAIT },
    [STATUS_POSTCOPY_DEVICE] = { REACT_REFUSE, REACT_WAIT },
    [STATUS_POSTCOPY]        = { REACT_REFUSE, REACT_REACHED },
    [STATUS_POSTCOPY_PAUSED] = { REACT_REFUSE, REACT_WAIT },
    [STATUS_POSTCOPY_RECOVER] = { REACT_REFUSE, REACT_WAIT },
};
/* clang-format on */

/* --- the end --- */

static void end(Attached *a, Outcome outcome, bool is_established)
{
    a->outcome = outcome;
    a->is_established = is_established;
    a->is_over = true;
}

void attached_fail(Attached *a, FailureCode code, Outcome outcome, Side side,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    a->failure = (Failure){ .code = code,
                            .phase = "attach",
                            .has_side = side < N_SIDES,
                            .side = side,
                            .message = g_strdup_vprintf(format, args) };
    va_end(args);
    end(a, outcome, /* is_established= */ true);
}

static void refuse(Attached *a, FailureCode code, const char *message)
{
    attached_fail(a, code, OUTCOME_REFUSED, SIDE_SOURCE, "%s", message);
}

/* @hint: instead of the table's. */
static void refuse_with(Attached *a, FailureCode code, const char *message,
                        const char *hint)
{
    refuse(a, code, message);
    a->failure.hint = g_strdup(hint);
}

static void note(Attached *a, const char *text)
{
    g_ptr_array_add(a->notes, g_strdup(text));
}

static void name_the_lost(Attached *a)
{
    const Facts *source = &a->facts[SIDE_SOURCE];
    if (source->dead) {
        attached_fail(a, FAILURE_SOURCE_LOST, a->outcome, SIDE_SOURCE,
                      "the QEMU process ended");
    } else if (a->lost_us > 0) {
        attached_fail(a, FAILURE_MONITOR_LOST, a->outcome, SIDE_SOURCE, "%s",
                      a->cannot_ask[SIDE_SOURCE]);
    }
}

/* It migrated; one that came to a stop by itself is not as it should be. */
static void end_there(Attached *a)
{
    const char *run_state = a->facts[SIDE_DESTINATION].run_state;
    if (a->guest_ran && guest_state_is_fault(run_state)) {
        attached_fail(a, FAILURE_GUEST_STATE, OUTCOME_VERDICT, SIDE_DESTINATION,
                      "the guest %s (run state %s)",
                      guest_state_phrase(run_state), run_state);
    } else {
        end(a, OUTCOME_MIGRATED, true);
    }
}

static void conclude(Attached *a, Owner owner)
{
    Status status = a->facts[SIDE_SOURCE].status;
    bool is_cancelled =
        status == STATUS_CANCELLED || status == STATUS_CANCELLING;
    switch (owner) {
    case OWNER_SOURCE:
        end(a, is_cancelled ? OUTCOME_CANCELLED : OUTCOME_FAILED, true);
        break;
    case OWNER_DESTINATION:
        end_there(a);
        break;
    case OWNER_SPLIT:
        end(a, OUTCOME_POSTCOPY_PAUSED, true);
        break;
    case OWNER_NOBODY:
        end(a, OUTCOME_LOST, true);
        break;
    default:
        end(a, OUTCOME_UNRESOLVED, true);
        break;
    }
    name_the_lost(a);
}

static bool is_final(Owner owner)
{
    return owner == OWNER_SOURCE || owner == OWNER_DESTINATION ||
           owner == OWNER_NOBODY || owner == OWNER_DOOMED;
}

/* The end shows on each side in its own time; what is known is from before. */
static void ask_anew(Attached *a)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        a->facts[side].run_state[0] = '\0';
    }
    attached_ask_round(a);
}

/* An answer from before might be to come. */
static bool has_asked(const Attached *a)
{
    return a->waiting[SIDE_SOURCE] || a->waiting[SIDE_DESTINATION];
}

/* How long it may take to settle what @owner says; @is_paused: in post-copy. */
static int64_t patience_us(const Attached *a, Owner owner, bool is_paused)
{
    if (is_paused && a->wish == ATTACHED_WATCH) {
        return PAUSED_MAX_US;
    }
    bool is_told_all = owner == OWNER_UNPROVED && !a->has_destination;
    return owner == OWNER_SPLIT || is_told_all ? 0 : PATIENCE_US;
}

/* It has ended, or stands. */
static void check_end(Attached *a, bool is_paused)
{
    if (a->ended_us == 0) {
        if (!has_asked(a)) {
            a->ended_us = a->now_us;
            ask_anew(a);
        }
        return;
    }
    if (has_asked(a) && a->now_us - a->ended_us < PATIENCE_US) {
        return;
    }
    attached_let_it_run(a);
    Owner owner = attached_judge(a, /* final= */ false);
    if (is_final(owner)) {
        conclude(a, owner);
    } else if (a->now_us - a->ended_us >= patience_us(a, owner, is_paused)) {
        conclude(a, attached_judge(a, /* final= */ true));
    }
}

/* --- what there is to be done --- */

static QmpCommand *order(const Attached *a)
{
    return qmp_command_new(a->wish == ATTACHED_CANCEL
                               ? "migrate_cancel"
                               : "migrate-start-postcopy");
}

/* Again, if a cancel was lost on the way: it does no harm. */
static bool is_to_be_told(const Attached *a)
{
    return !a->is_told || (a->wish == ATTACHED_CANCEL &&
                           a->now_us - a->told_us > FREE_AFTER_US &&
                           !(a->waiting[SIDE_SOURCE] & ASK_BIT(TELL_CANCEL)));
}

static void tell(Attached *a)
{
    if (is_to_be_told(a)) {
        a->is_told = true;
        a->told_us = a->now_us;
        if (a->wish == ATTACHED_POSTCOPY &&
            !(a->waiting[SIDE_SOURCE] & ASK_BIT(ASK_RUN_STATE))) {
            /* I7: did it run until then? */
            attached_send(a, SIDE_SOURCE, ASK_RUN_STATE,
                          qmp_command_new("query-status"));
        }
        attached_send(a, SIDE_SOURCE,
                      a->wish == ATTACHED_CANCEL ? TELL_CANCEL : TELL_POSTCOPY,
                      order(a));
    }
}

/* A cancel of 7.2 in post-copy shows as cancelling too: then the guest has been
 * stopped for the switch, and the destination is in post-copy or answers not. */
static bool is_precopy(const Attached *a)
{
    const Facts *source = &a->facts[SIDE_SOURCE];
    const Facts *destination = &a->facts[SIDE_DESTINATION];
    bool has_guest =
        facts_is_running(source) || facts_run_state_is(source, "paused");
    bool cannot =
        a->inventories[SIDE_SOURCE].capabilities &&
        !caps_inventory_is_on(&a->inventories[SIDE_SOURCE], "postcopy-ram");
    bool is_waiting = destination->connected &&
                      facts_run_state_is(destination, "inmigrate") &&
                      !status_is_postcopy(destination->status);
    return status_is_precopy(source->status) &&
           (has_guest || cannot || is_waiting);
}

/* A silent connection or channel keeps QEMU in cancelling for ever. */
static void free_source(Attached *a)
{
    int64_t since_us = MAX(MAX(a->moved_us, a->told_us), a->yanked_us);
    if (a->now_us - since_us > FREE_AFTER_US && is_precopy(a)) {
        note(a, "the source did not end the migration by itself: sent yank "
                "to break its connection");
        a->is_told = true;
        a->yanked_us = a->now_us;
        attached_send(a, SIDE_SOURCE, TELL_YANK, migration_yank_command());
    }
}

/* Post-copy it is: does the guest run there? */
static void check_reached(Attached *a)
{
    const Facts *destination = &a->facts[SIDE_DESTINATION];
    if (a->ended_us == 0) {
        a->ended_us = a->now_us;
        attached_ask_round(a);
    }
    attached_let_it_run(a);
    if (!destination->connected || !a->guest_ran ||
        facts_run_state_is(destination, "running")) {
        end(a, OUTCOME_MIGRATED, /* is_established= */ false);
    } else if (a->now_us - a->ended_us >= PATIENCE_US) {
        note(a, "the destination stands still, and nobody has let the guest "
                "run there");
        end(a, OUTCOME_UNRESOLVED, /* is_established= */ true);
    }
}

static void act(Attached *a)
{
    Status status = a->facts[SIDE_SOURCE].status;
    Reaction reaction = a->wish == ATTACHED_CANCEL ? reactions[status].cancel
                                                   : reactions[status].postcopy;
    if (a->is_told && reaction == REACT_REFUSE) {
        reaction = REACT_WAIT; /* it was quicker than our cancel */
    }
    switch (reaction) {
    case REACT_WAIT:
        break;
    case REACT_TELL:
        tell(a);
        break;
    case REACT_FREE:
        free_source(a);
        break;
    case REACT_REFUSE:
        refuse(a, FAILURE_IN_POSTCOPY,
               status == STATUS_IN_PROGRESS
                   ? "QEMU is in a status that qmigrate does not know, and "
                     "might lose the guest if it was cancelled"
                   : "the guest is on the destination already, and its memory "
                     "on both sides: to cancel now would lose it");
        break;
    case REACT_REACHED:
        check_reached(a);
        break;
    }
}

/* Is the source's word final, or is there no source any more? */
static bool has_ended(const Attached *a)
{
    const Facts *source = &a->facts[SIDE_SOURCE];
    return status_is_terminal(source->status) || source->dead ||
           (a->lost_us > 0 && a->now_us - a->lost_us > ENDING_MAX_US);
}

void attached_step(Attached *a)
{
    Status status = a->facts[SIDE_SOURCE].status;
    if (has_ended(a)) {
        check_end(a, /* is_paused= */ false);
    } else if (status == STATUS_POSTCOPY_PAUSED &&
               (a->wish != ATTACHED_CANCEL || a->is_told)) {
        check_end(a, /* is_paused= */ true);
    } else if (a->wish == ATTACHED_WATCH) {
        a->ended_us = 0; /* it was mended, or another one has begun */
    } else {
        act(a);
    }
}

/* --- when all was asked once --- */

/* With both sides there to be asked, is it clear who has the guest? */
static bool is_clear(const Attached *a)
{
    if (a->cannot_ask[SIDE_SOURCE] || a->cannot_ask[SIDE_DESTINATION]) {
        return false;
    }
    return !a->has_destination ||
           !status_is_terminal(a->facts[SIDE_SOURCE].status) ||
           attached_judge(a, /* final= */ true) != OWNER_UNPROVED;
}

static void look(Attached *a)
{
    if (a->facts[SIDE_SOURCE].status == STATUS_NONE &&
        facts_run_state_is(&a->facts[SIDE_SOURCE], "running") &&
        facts_run_state_is(&a->facts[SIDE_DESTINATION], "running")) {
        note(a, "both run a guest and nothing was migrated: is that a pair?");
    }
    end(a, is_clear(a) ? OUTCOME_MIGRATED : OUTCOME_UNRESOLVED,
        /* is_established= */ false);
}

/* There was none, or it was over when we came. */
static void find_nothing(Attached *a)
{
    Owner owner = attached_judge(a, /* final= */ true);
    bool is_none = a->facts[SIDE_SOURCE].status == STATUS_NONE;
    if (owner != OWNER_SOURCE) {
        note(a, "it had ended before it could be told anything");
        conclude(a, owner);
    } else {
        refuse_with(a, FAILURE_NO_MIGRATION,
                    is_none ? "there was no migration"
                            : "no migration goes on: the last one has ended",
                    is_none ? "nothing is to be done: the guest is on the "
                              "source"
                            : NULL);
    }
}

static bool is_armed(const Attached *a, Side side)
{
    return !a->facts[side].connected ||
           caps_inventory_is_on(&a->inventories[side], "postcopy-ram");
}

/* What is said of two that are no pair would be wrong, whatever was wished. */
static bool is_pair(Attached *a)
{
    if (a->pid[SIDE_SOURCE] > 0 &&
        a->pid[SIDE_SOURCE] == a->pid[SIDE_DESTINATION]) {
        attached_fail(a, FAILURE_SAME_QEMU, OUTCOME_REFUSED, N_SIDES,
                      "both addresses lead to process %d", a->pid[SIDE_SOURCE]);
    } else if (attached_is_swapped(a)) {
        refuse_with(a, FAILURE_SOURCE_STATE,
                    "source and destination are swapped: this QEMU is the one "
                    "that the guest comes to",
                    "give them the other way round");
    }
    return !a->is_over;
}

static void begin_act(Attached *a)
{
    Status status = a->facts[SIDE_SOURCE].status;
    if (attached_is_incoming(a) && !status_is_terminal(status)) {
        refuse_with(a, FAILURE_SOURCE_STATE,
                    "this QEMU is the one that the guest comes to",
                    "give the QEMU that sends it as --source");
    } else if (facts_run_state_is(&a->facts[SIDE_SOURCE], "inmigrate")) {
        refuse_with(a, FAILURE_SOURCE_STATE, "this QEMU waits for a guest",
                    "give the QEMU that has the guest as --source");
    } else if (status_is_terminal(status)) {
        find_nothing(a);
    } else if (a->wish == ATTACHED_POSTCOPY &&
               !(is_armed(a, SIDE_SOURCE) && is_armed(a, SIDE_DESTINATION))) {
        attached_fail(
            a, FAILURE_NOT_ARMED, OUTCOME_REFUSED,
            is_armed(a, SIDE_SOURCE) ? SIDE_DESTINATION : SIDE_SOURCE,
            "postcopy-ram is off, and nothing can turn it on while it "
            "migrates");
    } else {
        act(a);
    }
}

void attached_begin(Attached *a)
{
    a->has_begun = true;
    a->facts[SIDE_DESTINATION].blind |= a->may_be_handed;
    if (!is_pair(a)) {
        return;
    }
    if (a->wish == ATTACHED_LOOK ||
        (a->wish == ATTACHED_WATCH &&
         a->facts[SIDE_SOURCE].status == STATUS_NONE)) {
        look(a);
    } else if (a->wish == ATTACHED_WATCH) {
        attached_step(a);
    } else {
        begin_act(a);
    }
}

void attached_leave(Attached *a)
{
    if (a->wish == ATTACHED_WATCH && a->has_begun) {
        look(a);
    } else if (a->is_told) {
        attached_fail(a, FAILURE_DETACHED, OUTCOME_UNRESOLVED, N_SIDES,
                      "left before it was seen what became of it");
    } else {
        attached_fail(a, FAILURE_CANCELLED, OUTCOME_CANCELLED, N_SIDES,
                      "interrupted, and nothing was sent");
    }
}

/* What a source that cancels may be waiting for, and for how long. */
static const char cancelling_hint[] =
    "it ends with its connection: a connect may take two minutes, a device "
    "that "
    "the guest does not release 30 s, a command of exec: until it is ended on "
    "the source's host; qmigrate status shows when";

void attached_miss_deadline(Attached *a)
{
    const char *word = a->facts[SIDE_SOURCE].status_word;
    Owner owner = attached_judge(a, /* final= */ true);
    if (a->wish == ATTACHED_CANCEL && owner == OWNER_SOURCE && a->is_told) {
        note(a, "QEMU has not come to the end of it yet");
        conclude(a, owner);
    } else if (a->is_told) {
        attached_fail(a, FAILURE_DEADLINE, OUTCOME_UNRESOLVED, SIDE_SOURCE,
                      "QEMU was told, and is still in status '%s'", word);
        a->failure.hint =
            g_strdup(a->facts[SIDE_SOURCE].status == STATUS_CANCELLING
                         ? cancelling_hint
                         : "qmigrate status shows how it goes "
                           "on");
    } else {
        attached_fail(a, FAILURE_DEADLINE, OUTCOME_REFUSED, SIDE_SOURCE,
                      "it is still in status '%s', and nothing was sent", word);
        a->failure.hint = g_strdup("try again later, or allow more --timeout");
    }
}
