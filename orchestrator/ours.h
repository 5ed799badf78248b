/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Is the migration that the source reports ours?  QEMU gives a migration no
 * name, so that takes three things: the source accepted our migrate, no event
 * since then says that another one began, and no event was missed.  Pure.
 *
 * Without that proof nothing may be cancelled, and the source not continued: it
 * may have handed the guest to a QEMU that we do not know (I12, I14).
 */
#include "orchestrator/facts.h"

typedef enum {
    OURS_NO,       /* migrate was not sent, was refused, or was replaced */
    OURS_ASKED,    /* migrate was sent, and not answered so far */
    OURS_DOUBTFUL, /* accepted, but then events were missed */
    OURS_PROVED,
} OursProof;

typedef struct {
    OursProof proof;
    Status ended;     /* how it ended; STATUS_UNKNOWN: not so far */
    bool is_refused;  /* the source refused our migrate */
    bool is_external; /* someone else's migration was seen on the source */
    /* Our clock: the source still reported ours at this time. */
    int64_t known_us;
    int64_t asked_us; /* when query-migrate was last sent to it */
    unsigned n_open;  /* query-migrates that are not answered */
} Ours;

/* migrate was sent; and its answer. */
void ours_send(Ours *ours);
void ours_answer(Ours *ours, bool is_accepted, int64_t sent_us);

/* A MIGRATION event of the source. */
void ours_take_event(Ours *ours, Status status);

/* query-migrate was sent to the source; its answer, with total-time (-1: not
 * given); or there is none. */
void ours_ask(Ours *ours, int64_t now_us);
void ours_take_reply(Ours *ours, Status status, int64_t total_us,
                     int64_t now_us);
void ours_miss_reply(Ours *ours);

/* Our destination still receives what our source sends, and the source has said
 * before that it sends. */
void ours_see_arriving(Ours *ours);

/* The monitor of the source broke: from here on events are missed. */
void ours_miss_events(Ours *ours);

/* The source reports @status now: does it speak of ours?  It may be doubtful. */
bool ours_is_current(const Ours *ours, Status status);
