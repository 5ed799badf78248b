/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/owner.h"

#include <glib.h>

/* How the source stands, as far as the guest's whereabouts go. */
typedef enum {
    SOURCE_RUNS, /* has the guest, and no migration goes on */
    SOURCE_MIGRATES,
    SOURCE_POSTCOPY,
    SOURCE_SPLIT,  /* postcopy-paused */
    SOURCE_HANDED, /* completed: will not run it unless told to */
    SOURCE_EMPTY,  /* the same, and then reset: it has no guest any more */
    SOURCE_TURNS,  /* ended without success, but has not resumed yet */
    SOURCE_SPOILT, /* the same by a cancel, and will not resume */
    SOURCE_HELD,   /* has the guest, which we stopped */
    SOURCE_OLD,    /* has the guest as it was before it went on elsewhere */
    SOURCE_TAKEN,  /* a migration that is not ours has the guest, or had */
    SOURCE_DEAD,
    SOURCE_UNKNOWN,
    N_SOURCES,
} SourceView;

typedef enum {
    DESTINATION_WAITS,  /* not there yet */
    DESTINATION_NEVER,  /* proved never to have run it, and never will */
    DESTINATION_LOADED, /* complete, and waits for cont */
    DESTINATION_RUNS,   /* complete, and needs no cont */
    DESTINATION_STRAYS, /* runs, but its migration is not complete */
    DESTINATION_POSTCOPY,
    DESTINATION_SPLIT,
    DESTINATION_DIED, /* dead, and may have run it before */
    DESTINATION_UNKNOWN,
    N_DESTINATIONS,
} DestinationView;

/* clang-format off */
#define WAIT    OWNER_WAIT
#define CANCEL  OWNER_CANCEL
#define CONT_S  OWNER_CONT_SOURCE
#define CONT_D  OWNER_CONT_DESTINATION
#define ON_S    OWNER_SOURCE
#define ON_D    OWNER_DESTINATION
#define GOES_ON OWNER_POSTCOPY
#define SPLIT   OWNER_SPLIT
#define NOBODY  OWNER_NOBODY
#define TAKEN   OWNER_TAKEN
#define UNPROV  OWNER_UNPROVED
static const Owner verdicts[N_SOURCES][N_DESTINATIONS] = {
/*                     WAITS   NEVER   LOADED  RUNS    STRAYS  POSTCOPY SPLIT   DIED    UNKNOWN */
[SOURCE_RUNS]      = { ON_S,   ON_S,   ON_S,   UNPROV, UNPROV, UNPROV,  UNPROV, ON_S,   UNPROV },
[SOURCE_MIGRATES]  = { CANCEL, CANCEL, WAIT,   WAIT,   WAIT,   WAIT,    WAIT,   WAIT,   CANCEL },
[SOURCE_POSTCOPY]  = { GOES_ON,NOBODY, GOES_ON,GOES_ON,GOES_ON,GOES_ON, SPLIT,  NOBODY, WAIT   },
[SOURCE_SPLIT]     = { SPLIT,  NOBODY, UNPROV, ON_D,   UNPROV, SPLIT,   SPLIT,  NOBODY, UNPROV },
[SOURCE_HANDED]    = { WAIT,   CONT_S, CONT_D, ON_D,   WAIT,   WAIT,    SPLIT,  NOBODY, UNPROV },
[SOURCE_EMPTY]     = { WAIT,   UNPROV, CONT_D, ON_D,   WAIT,   WAIT,    SPLIT,  NOBODY, UNPROV },
[SOURCE_TURNS]     = { WAIT,   WAIT,   WAIT,   UNPROV, UNPROV, UNPROV,  SPLIT,  WAIT,   WAIT   },
[SOURCE_SPOILT]    = { WAIT,   WAIT,   WAIT,   UNPROV, UNPROV, NOBODY,  NOBODY, WAIT,   WAIT   },
[SOURCE_OLD]       = { UNPROV, UNPROV, UNPROV, ON_D,   UNPROV, UNPROV,  UNPROV, NOBODY, UNPROV },
[SOURCE_HELD]      = { WAIT,   CONT_S, UNPROV, UNPROV, UNPROV, UNPROV,  UNPROV, UNPROV, UNPROV },
[SOURCE_TAKEN]     = { TAKEN,  TAKEN,  TAKEN,  TAKEN,  TAKEN,  TAKEN,   TAKEN,  TAKEN,  TAKEN  },
[SOURCE_DEAD]      = { WAIT,   NOBODY, CONT_D, ON_D,   WAIT,   WAIT,    NOBODY, NOBODY, UNPROV },
[SOURCE_UNKNOWN]   = { UNPROV, UNPROV, UNPROV, UNPROV, UNPROV, UNPROV,  UNPROV, UNPROV, UNPROV },
};
/* clang-format on */

static bool is_held(const Facts *facts, const OwnerContext *context)
{
    return context->held && context->guest_ran &&
           facts_run_state_is(facts, "paused");
}

/*
 * The migration that the source reports is not proved to be ours: what ended
 * with the guest gone may have taken the guest anywhere.  Where the source has the
 * guest, whose migration it is makes no difference.
 */
static SourceView view_external(const Facts *facts, const OwnerContext *context)
{
    bool is_idle = status_is_terminal(facts->status);
    bool is_asked = context->ours.proof == OURS_ASKED;
    bool is_before_switchover =
        is_idle || (!is_asked && status_is_before_switchover(facts->status));

    if (context->arrived) {
        return SOURCE_UNKNOWN;
    }
    if (context->is_taken_over && context->started && !is_idle) {
        return SOURCE_TAKEN;
    }
    if (is_held(facts, context)) {
        bool is_untouched =
            is_idle && !context->started && !context->ours.is_external;
        return is_asked       ? SOURCE_UNKNOWN
               : is_untouched ? SOURCE_HELD
                              : SOURCE_TAKEN;
    }
    if (facts_has_left(facts) || status_is_postcopy(facts->status)) {
        return is_asked ? SOURCE_UNKNOWN : SOURCE_TAKEN;
    }
    return is_before_switchover && !facts_run_state_is(facts, "finish-migrate")
               ? SOURCE_RUNS
               : SOURCE_UNKNOWN;
}

/* It does not run the guest now. */
static bool stands(const Facts *facts)
{
    return facts->dead || facts_run_state_is(facts, "paused") ||
           facts_run_state_is(facts, "inmigrate");
}

bool owner_never_ran_there(const Facts *destination,
                           const OwnerContext *context)
{
    return stands(destination) && !context->cont_sent && !destination->blind &&
           !facts_has_run(destination);
}

static bool may_have_run(const Facts *facts, const OwnerContext *context)
{
    return !facts->never_ran &&
           (context->cont_sent || context->postcopy || facts_has_run(facts) ||
            facts->blind || status_is_postcopy(facts->status));
}

static SourceView view_source(const Facts facts_of[N_SIDES],
                              const OwnerContext *context)
{
    const Facts *facts = &facts_of[SIDE_SOURCE];
    if (facts->dead) {
        return SOURCE_DEAD;
    }
    if (!facts->connected || facts->status == STATUS_UNKNOWN ||
        facts->run_state[0] == '\0') {
        return SOURCE_UNKNOWN;
    }
    if (!ours_is_current(&context->ours, facts->status)) {
        return view_external(facts, context);
    }
    if (facts->status == STATUS_POSTCOPY_PAUSED) {
        return SOURCE_SPLIT;
    }
    if (status_is_postcopy(facts->status)) {
        return SOURCE_POSTCOPY;
    }
    if (status_is_in_progress(facts->status)) {
        return SOURCE_MIGRATES;
    }
    if (facts_run_state_is(facts, "postmigrate")) {
        /* So 7.2 calls a guest that was stopped before, and could not go. */
        if (!context->guest_ran && !context->arrived &&
            facts->status != STATUS_COMPLETED &&
            !may_have_run(&facts_of[SIDE_DESTINATION], context)) {
            return SOURCE_RUNS;
        }
        /* 7.2 comes here too when somebody cancels a post-copy. */
        return facts->status == STATUS_COMPLETED   ? SOURCE_HANDED
               : facts->status == STATUS_CANCELLED ? SOURCE_SPOILT
                                                   : SOURCE_TURNS;
    }
    if (facts_is_reset(facts)) {
        return SOURCE_EMPTY;
    }
    /* "completed" comes a moment before "postmigrate", and stays after a cont
     * that rescued the guest. */
    if (facts->status == STATUS_COMPLETED) {
        return facts_is_running(facts) ? SOURCE_RUNS : SOURCE_TURNS;
    }
    /* 10.0 lets it run when the last answer from the destination got lost.
     * Since 10.2 it also runs again, and rightly so, when the connection breaks
     * before the destination was sent cont. */
    if (context->arrived &&
        !owner_never_ran_there(&facts_of[SIDE_DESTINATION], context)) {
        return SOURCE_OLD;
    }
    /* "paused" with nothing going on is a person's wish (I7), or was ours. */
    if (is_held(facts, context)) {
        return SOURCE_HELD;
    }
    return facts_run_state_is(facts, "finish-migrate") ? SOURCE_TURNS
                                                       : SOURCE_RUNS;
}

/* All of the guest is there: does it only wait for cont? */
static DestinationView view_complete(const Facts *facts,
                                     const OwnerContext *context)
{
    if (!context->guest_ran) {
        return DESTINATION_RUNS;
    }
    if (facts_run_state_is(facts, "inmigrate")) {
        return facts_has_run(facts) ? DESTINATION_WAITS : DESTINATION_LOADED;
    }
    /* If it ran there and does not now, someone paused it (I7).  What else it may
     * be, it came to by itself: cont is not what it needs. */
    if (!facts_run_state_is(facts, "paused") || facts_has_run(facts)) {
        return DESTINATION_RUNS;
    }
    /* Did our cont get lost, or did someone pause it since? */
    return facts->blind && context->cont_sent ? DESTINATION_UNKNOWN
                                              : DESTINATION_LOADED;
}

static DestinationView view_destination(const Facts *facts,
                                        const OwnerContext *context)
{
    bool has_nothing = !facts_has_run(facts) &&
                       facts->status != STATUS_COMPLETED &&
                       !status_is_postcopy(facts->status);
    if (!context->started) { /* what is there did not come from us */
        return has_nothing ? DESTINATION_NEVER : DESTINATION_UNKNOWN;
    }
    if (facts->dead) {
        return may_have_run(facts, context) ? DESTINATION_DIED
                                            : DESTINATION_NEVER;
    }
    if (context->through_file && !context->handed_over &&
        !may_have_run(facts, context)) {
        return DESTINATION_NEVER;
    }
    /* Its main loop can wait for a page, and then nothing is answered. */
    bool is_mute =
        facts->status == STATUS_UNKNOWN || facts->run_state[0] == '\0';
    if (facts->connected && is_mute && context->postcopy) {
        return DESTINATION_POSTCOPY;
    }
    if (!facts->connected || is_mute) {
        /* Before the last state was sent nobody can have run it there. */
        return context->handed_over || context->cont_sent ? DESTINATION_UNKNOWN
                                                          : DESTINATION_WAITS;
    }
    switch ((int)facts->status) {
    case STATUS_POSTCOPY_PAUSED:
        return DESTINATION_SPLIT;
    case STATUS_POSTCOPY:
    case STATUS_POSTCOPY_DEVICE:
    case STATUS_POSTCOPY_RECOVER:
        return DESTINATION_POSTCOPY;
    case STATUS_SETUP: /* 7.2 says so when it listens again */
        return context->postcopy ? DESTINATION_SPLIT : DESTINATION_WAITS;
    case STATUS_COMPLETED:
        return view_complete(facts, context);
    case STATUS_FAILED:
        return may_have_run(facts, context) ? DESTINATION_DIED
                                            : DESTINATION_NEVER;
    default:
        /* What is new to us, or COLO: it may run all the same. */
        return facts_run_state_is(facts, "running") ? DESTINATION_STRAYS
                                                    : DESTINATION_WAITS;
    }
}

/* Not dead, and not proved to stand still. */
static bool may_run(const Facts *facts)
{
    return !facts->dead && (!facts->connected || facts->run_state[0] == '\0' ||
                            facts_is_running(facts));
}

/*
 * Lost needs proof of every part: that the source's guest went to this
 * destination, and that it ran there; else the source has all of it still.
 */
static bool is_proved_lost(const Facts facts[N_SIDES],
                           const OwnerContext *context, SourceView source,
                           DestinationView destination)
{
    bool is_known = context->ours.proof != OURS_NO ||
                    (!context->started && !context->is_taken_over);
    return is_known &&
           !(source == SOURCE_HANDED && destination == DESTINATION_DIED &&
             !facts_has_run(&facts[SIDE_DESTINATION]));
}

/* What the table says of a guest of which a part is gone for good. */
static Owner judge_loss(const Facts facts[N_SIDES], const OwnerContext *context,
                        SourceView source, DestinationView destination,
                        Owner owner, bool final)
{
    if (source == SOURCE_POSTCOPY && owner == OWNER_NOBODY &&
        facts[SIDE_SOURCE].status == STATUS_POSTCOPY_DEVICE) {
        return OWNER_WAIT; /* 10.2: this source still fails back */
    }
    /* A destination that has all of it would say so by now. */
    if (final && source == SOURCE_DEAD && destination == DESTINATION_POSTCOPY) {
        owner = OWNER_NOBODY;
    }
    if (owner == OWNER_NOBODY &&
        !is_proved_lost(facts, context, source, destination)) {
        return OWNER_UNPROVED;
    }
    bool may_run_there =
        destination != DESTINATION_NEVER && may_run(&facts[SIDE_DESTINATION]);
    if (owner == OWNER_SOURCE && destination == DESTINATION_DIED &&
        may_run_there) {
        return OWNER_UNPROVED; /* it failed, and may run all the same */
    }
    return owner == OWNER_NOBODY &&
                   (may_run(&facts[SIDE_SOURCE]) || may_run_there)
               ? OWNER_DOOMED
               : owner;
}

/* Nothing more will be learnt: what is left of a verdict that asks for time. */
static Owner settle_for(Owner owner, SourceView source,
                        const Facts facts[N_SIDES], const OwnerContext *context)
{
    bool is_ours = context->ours.proof == OURS_PROVED;

    if (owner != OWNER_WAIT && owner != OWNER_CANCEL &&
        owner != OWNER_STOP_SOURCE) {
        return owner;
    }
    /* "cancelling" can last as long as a connect does, while the guest runs. */
    if (source == SOURCE_MIGRATES && is_ours && !context->handed_over &&
        facts_run_state_is(&facts[SIDE_SOURCE], "running") &&
        !facts_is_running(&facts[SIDE_DESTINATION])) {
        return OWNER_SOURCE;
    }
    return OWNER_UNPROVED;
}

Owner owner_judge(const Facts facts[N_SIDES], const OwnerContext *context,
                  bool final)
{
    SourceView source = view_source(facts, context);
    DestinationView destination =
        view_destination(&facts[SIDE_DESTINATION], context);
    /* A half that never ran, and whose other half has left: it never will. */
    bool has_left = source == SOURCE_RUNS ||
                    (source == SOURCE_HELD && facts[SIDE_DESTINATION].dead);
    if (has_left && context->arrived &&
        owner_never_ran_there(&facts[SIDE_DESTINATION], context)) {
        destination = DESTINATION_NEVER;
    }
    bool may_run_there = context->cont_sent ||
                         facts_has_run(&facts[SIDE_DESTINATION]) ||
                         !stands(&facts[SIDE_DESTINATION]);
    Owner owner = source == SOURCE_OLD && may_run_there &&
                          facts_is_running(&facts[SIDE_SOURCE])
                      ? OWNER_STOP_SOURCE
                      : verdicts[source][destination];

    owner = judge_loss(facts, context, source, destination, owner, final);
    /* I10: what we do not know might be a post-copy; I12: or someone else's. */
    if (owner == OWNER_CANCEL &&
        (context->postcopy || context->ours.proof != OURS_PROVED ||
         facts[SIDE_SOURCE].status == STATUS_IN_PROGRESS)) {
        owner = OWNER_WAIT;
    }
    /* What it has need not be what our source sent. */
    if (owner == OWNER_CONT_DESTINATION &&
        context->ours.proof < OURS_DOUBTFUL) {
        owner = OWNER_UNPROVED;
    }
    /* I14; before migrate was sent nothing can have taken the guest. */
    if (owner == OWNER_CONT_SOURCE && context->started &&
        context->ours.proof != OURS_PROVED) {
        owner = OWNER_UNPROVED;
    }
    /* I7: it stands still there, and shall. */
    if (owner == OWNER_CONT_SOURCE && !context->guest_ran) {
        owner = OWNER_SOURCE;
    }
    return final ? settle_for(owner, source, facts, context) : owner;
}

const char *owner_to_string(Owner owner)
{
    static const char *const words[] = {
        [OWNER_WAIT] = "QEMU is still moving",
        [OWNER_CANCEL] = "to be cancelled",
        [OWNER_CONT_SOURCE] = "the source must be continued",
        [OWNER_STOP_SOURCE] = "the source must be stopped",
        [OWNER_CONT_DESTINATION] = "the destination must be continued",
        [OWNER_SOURCE] = "the source has the guest",
        [OWNER_DESTINATION] = "the destination has the guest",
        [OWNER_POSTCOPY] = "in post-copy",
        [OWNER_SPLIT] = "split between both, paused",
        [OWNER_NOBODY] = "the guest is gone",
        [OWNER_DOOMED] =
            "the guest cannot survive, and a part of it still runs",
        [OWNER_TAKEN] = "taken by someone else's migration",
        [OWNER_UNPROVED] = "not established",
    };
    return words[owner];
}
