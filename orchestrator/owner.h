/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Who runs the guest, and what has to be done so that exactly one does.  Pure:
 * two sets of facts in, a verdict out, by one table.  Nothing is remembered
 * that could be asked, except what cannot be asked any more: whether the guest
 * ever may have run on the destination.
 */
#include "orchestrator/facts.h"
#include "orchestrator/ours.h"
#include "caps/side.h"

typedef enum {
    OWNER_WAIT,             /* QEMU is still moving: ask again */
    OWNER_CANCEL,           /* send migrate_cancel, then ask again */
    OWNER_CONT_SOURCE,      /* I2 holds and the source must be continued */
    OWNER_STOP_SOURCE,      /* runs an old guest: it has gone on elsewhere */
    OWNER_CONT_DESTINATION, /* complete there, and only waits for cont */
    OWNER_SOURCE,
    OWNER_DESTINATION,
    OWNER_POSTCOPY, /* on its way from one to the other: let it go on */
    OWNER_SPLIT,    /* post-copy, paused */
    OWNER_NOBODY,   /* proved: no vCPU of it runs anywhere */
    OWNER_DOOMED,   /* it cannot survive, but a QEMU still runs a part of it */
    OWNER_TAKEN, /* someone else's migration has it, or had: nothing is sent */
    OWNER_UNPROVED,
} Owner;

typedef struct {
    bool started;       /* migrate was sent, and not refused */
    Ours ours;          /* is what the source reports our migration? */
    bool guest_ran;     /* before: so it shall run afterwards */
    bool handed_over;   /* the source began to send the last state: from here on
                        * a destination may run the guest by itself */
    bool cont_sent;     /* we told the destination to run */
    bool postcopy_sent; /* we told the source to switch over to post-copy */
    bool postcopy;      /* one of both was in post-copy */
    bool arrived;       /* the destination was, and may have run it */
    bool through_file;  /* until it is handed over the destination has nothing
                        * of the guest, not even a stream to read from */
    bool is_taken_over; /* by recover: others may have acted meanwhile */
    bool held; /* we stopped the guest on the source, to be saved: if it stays
                * there it must be continued */
} OwnerContext;

/* What is true now.  With @final nothing more will be learnt: OWNER_WAIT is
 * not an answer. */
Owner owner_judge(const Facts facts[N_SIDES], const OwnerContext *context,
                  bool final);

/* The guest was never sent cont there, and was never seen to run. */
bool owner_never_ran_there(const Facts *destination,
                           const OwnerContext *context);

/* One phrase, for the trace and messages. */
const char *owner_to_string(Owner owner);
