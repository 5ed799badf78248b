/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A migration that goes on already, whoever started it, as somebody sees it who
 * comes to it later, with the source's monitor or with both.  A pure machine as
 * that of migration.h: events in, actions out.  It asks, and where it was told
 * to it sends one command: migrate_cancel, or migrate-start-postcopy, and after
 * that one the destination's cont, if nobody else does.  It never stops or quits
 * a QEMU, and never continues a source.
 *
 * Nothing is remembered of how it began, so less can be proved than by the one
 * who runs it: see attached_judge().
 */
#include "caps/inventory.h"
#include "orchestrator/migration.h"

typedef enum {
    ATTACHED_LOOK,  /* ask once */
    ATTACHED_WATCH, /* until the migration has ended */
    ATTACHED_CANCEL,
    ATTACHED_POSTCOPY,
} AttachedWish;

typedef struct {
    AttachedWish wish;
    bool has_destination; /* its monitor is there to be asked */
    int64_t interval_us;  /* between questions; 0: at each tick */
    int64_t now_us;

    /* what is known */
    pid_t pid[N_SIDES]; /* 0: not known */
    Facts facts[N_SIDES];
    CapsInventory inventories[N_SIDES];
    JsonNode *migration[N_SIDES]; /* the last answer to query-migrate that told
                                   * more than the status; or NULL */
    Sample sample;                /* the last numbers of the source */
    bool guest_ran;     /* not while it was seen paused before the switchover */
    bool seen_running;  /* the same, but proved: it was seen to run */
    bool may_be_handed; /* the destination may run it by itself, or have run */
    char *cannot_ask[N_SIDES]; /* why; NULL: it answers */

    /* what is going on */
    uint64_t waiting[N_SIDES]; /* bits of Ask: answers that are to come */
    bool connecting[N_SIDES];
    bool has_begun;    /* all was asked once */
    bool is_told;      /* QEMU was sent what it was all for */
    bool is_continued; /* the destination was sent cont */
    int64_t told_us, asked_us;
    int64_t yanked_us;  /* when yank was sent last; 0: it was not */
    int64_t moved_us;   /* when the source's status or numbers were seen to
                         * change; 0: never asked */
    int64_t stands_us;  /* since when a cont of ours is due; 0: it is not */
    int64_t ended_us;   /* when it was seen to have ended, or to stand */
    int64_t lost_us;    /* when the source's monitor broke; 0: it did not */
    GPtrArray *actions; /* of Action: to be performed, then cleared */

    /* how it ended */
    bool is_over;
    bool is_established; /* the migration has ended, or nothing came of what
                          * was asked for, as @outcome says; else it goes on, or
                          * there was none, and @outcome is only an exit code */
    Outcome outcome;
    Failure failure;  /* code FAILURE_NONE: none */
    GPtrArray *notes; /* of char * */
} Attached;

Attached *attached_new(AttachedWish wish, bool has_destination);
void attached_free(Attached *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Attached, attached_free)

/* Takes one event in; afterwards perform and clear a->actions.  EVENT_DEADLINE:
 * it has taken as long as it may. */
void attached_feed(Attached *a, const Event *event);

/*
 * Who has the guest, by owner.h's table.  A destination that could have run the
 * guest before anybody looked is not proved never to have run it; where there is
 * none to ask, the source's word counts only while it has the guest.
 * With @final nothing more will be learnt.
 */
Owner attached_judge(const Attached *a, bool final);

/* The same for people, at any moment of a migration: a phrase that begins with
 * what there is a word for in the result (source, destination, split, none,
 * unknown), which *@ret_guest becomes.  Free with g_free(). */
char *attached_guest(const Attached *a, const char **ret_guest);

/* The run state of the QEMU that *@ret_guest of attached_guest() names, which is
 * @guest; NULL: nobody has it, or it is not known. */
const char *attached_guest_state(const Attached *a, const char *guest);

/* In post-copy, and the destination stands still: its -S, or a person. */
bool attached_waits_for_cont(const Attached *a);

/* The QEMU of --source has nothing to send: a guest comes to it, or came. */
bool attached_is_incoming(const Attached *a);

/* And the one of --destination sends it: they were given the wrong way round. */
bool attached_is_swapped(const Attached *a);

/* For how long nothing of what goes on has moved; 0: not for long. */
int64_t attached_still_us(const Attached *a);

/* What the rest would take to send with the guest stopped, by the numbers of
 * now; -1: not known. */
int64_t attached_switchover_us(const Attached *a);
