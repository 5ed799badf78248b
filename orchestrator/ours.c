/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/ours.h"

#include <glib.h>

/* QEMU counts whole milliseconds. */
#define ROUNDING_US 1000

static void replace(Ours *ours)
{
    ours->proof = OURS_NO;
    ours->is_external = true;
}

void ours_send(Ours *ours)
{
    ours->proof = OURS_ASKED;
}

void ours_answer(Ours *ours, bool is_accepted, int64_t sent_us)
{
    if (ours->proof == OURS_ASKED) {
        ours->proof = is_accepted ? OURS_PROVED : OURS_NO;
        ours->is_refused = !is_accepted;
        ours->ended = STATUS_UNKNOWN;
        ours->known_us = sent_us;
    }
}

static void end(Ours *ours, Status status)
{
    if (ours->ended == STATUS_UNKNOWN && status_is_terminal(status)) {
        ours->ended = status;
    }
}

/*
 * QEMU says "setup" before it answers migrate, so after the answer it is
 * another migration's; and nothing follows the end of ours.  While migrate is not
 * answered it could be either.
 */
void ours_take_event(Ours *ours, Status status)
{
    bool is_begin = ours->ended != STATUS_UNKNOWN ? status != ours->ended
                                                  : status == STATUS_SETUP;
    switch (ours->proof) {
    case OURS_NO:
        ours->is_external |= status_is_in_progress(status);
        break;
    case OURS_ASKED:
        break;
    default:
        if (is_begin) {
            replace(ours);
        } else {
            end(ours, status);
        }
        break;
    }
}

void ours_ask(Ours *ours, int64_t now_us)
{
    ours->asked_us = now_us;
    ours->n_open++;
}

void ours_miss_reply(Ours *ours)
{
    ours->n_open -= ours->n_open > 0;
}

/* It cannot have begun later than its total-time ago: before we missed events,
 * it was ours that was under way. */
static bool began_before_gap(const Ours *ours, int64_t total_us, int64_t now_us)
{
    return total_us >= 0 && now_us - total_us + ROUNDING_US <= ours->known_us;
}

void ours_take_reply(Ours *ours, Status status, int64_t total_us,
                     int64_t now_us)
{
    bool is_answer_to_last = ours->n_open == 1;

    ours_miss_reply(ours);
    if (ours->proof < OURS_DOUBTFUL) {
        return;
    }
    if (status == STATUS_NONE) {
        replace(ours); /* another process, which has not migrated so far */
        return;
    }
    if (ours->proof == OURS_DOUBTFUL) {
        if (ours->ended != STATUS_UNKNOWN && status != ours->ended) {
            replace(ours);
            return;
        }
        if (began_before_gap(ours, total_us, now_us)) {
            ours->proof = OURS_PROVED;
        }
    }
    end(ours, status);
    if (ours->proof == OURS_PROVED && ours->ended == STATUS_UNKNOWN &&
        is_answer_to_last) {
        ours->known_us = ours->asked_us;
    }
}

/* A destination takes one stream, and that one was ours; had it ended, the
 * destination would have failed or completed. */
void ours_see_arriving(Ours *ours)
{
    if (ours->proof == OURS_DOUBTFUL && ours->ended == STATUS_UNKNOWN) {
        ours->proof = OURS_PROVED;
    }
}

void ours_miss_events(Ours *ours)
{
    ours->n_open = 0;
    if (ours->proof == OURS_PROVED) {
        ours->proof = OURS_DOUBTFUL;
    }
}

bool ours_is_current(const Ours *ours, Status status)
{
    return ours->proof >= OURS_DOUBTFUL &&
           (ours->ended == STATUS_UNKNOWN || ours->ended == status);
}
