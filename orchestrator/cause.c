/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/cause.h"

#define NOTICE_US 1000000 /* a death may be noticed this late */

/*
 * FIRST_*: the side that ended first; the letter is the side to name if the order
 * is not known.  DEATH_*: a process that died broke the stream, unless the other
 * side had failed long before.
 * A QEMU that is cancelled breaks the stream before it reports that, so order
 * proves nothing there.  7.2's destination exits when its stream breaks, but it
 * reports "failed" before, so that is not CAUSE_DIED.
 */
typedef enum {
    NEITHER,
    SOURCE,
    DESTIN,
    FIRST,
    FIRST_S,
    FIRST_D,
    DEATH_S,
    DEATH_D,
} Rule;

/* clang-format off */
static const Rule rules[N_CAUSES][N_CAUSES] = {
/* destination:         FINE     FAILED   CANCELLED GUEST    TOLD     DIED */
[CAUSE_FINE]      = { NEITHER, DESTIN,  NEITHER,  DESTIN,  DESTIN,  DESTIN  },
[CAUSE_FAILED]    = { SOURCE,  FIRST,   SOURCE,   FIRST_D, FIRST_D, DEATH_D },
[CAUSE_CANCELLED] = { SOURCE,  SOURCE,  SOURCE,   SOURCE,  SOURCE,  SOURCE  },
[CAUSE_GUEST]     = { SOURCE,  FIRST_S, SOURCE,   FIRST,   FIRST,   FIRST_S },
[CAUSE_TOLD]      = { SOURCE,  FIRST_S, SOURCE,   FIRST,   FIRST,   FIRST_S },
[CAUSE_DIED]      = { SOURCE,  DEATH_S, SOURCE,   FIRST_D, FIRST_D, FIRST   },
};
/* clang-format on */

static Side earlier(const CauseEnd ends[N_SIDES], Side unless_known)
{
    int64_t source_us = ends[SIDE_SOURCE].us;
    int64_t destination_us = ends[SIDE_DESTINATION].us;
    if (source_us <= 0 || destination_us <= 0) {
        return unless_known;
    }
    return source_us <= destination_us ? SIDE_SOURCE : SIDE_DESTINATION;
}

static Side died(const CauseEnd ends[N_SIDES], Side side)
{
    Side other = side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;
    bool is_long_after =
        ends[other].us > 0 && ends[side].us - NOTICE_US > ends[other].us;
    return is_long_after ? other : side;
}

static Side side_to_name(const CauseEnd ends[N_SIDES])
{
    switch (rules[ends[SIDE_SOURCE].cause][ends[SIDE_DESTINATION].cause]) {
    case SOURCE:
        return SIDE_SOURCE;
    case DESTIN:
        return SIDE_DESTINATION;
    case FIRST:
        return earlier(ends, N_SIDES);
    case FIRST_S:
        return earlier(ends, SIDE_SOURCE);
    case FIRST_D:
        return earlier(ends, SIDE_DESTINATION);
    case DEATH_S:
        return died(ends, SIDE_SOURCE);
    case DEATH_D:
        return died(ends, SIDE_DESTINATION);
    default:
        return N_SIDES;
    }
}

CauseVerdict cause_judge(const CauseEnd ends[N_SIDES])
{
    CauseVerdict verdict = { side_to_name(ends), N_SIDES, -1 };
    bool both_ended = ends[SIDE_SOURCE].cause != CAUSE_FINE &&
                      ends[SIDE_DESTINATION].cause != CAUSE_FINE;
    if (!both_ended || verdict.side == N_SIDES) {
        return verdict;
    }
    /* Where the times say otherwise the end was noticed late. */
    verdict.first = verdict.side;
    if (earlier(ends, N_SIDES) == verdict.side) {
        int64_t us = ends[SIDE_SOURCE].us - ends[SIDE_DESTINATION].us;
        verdict.lead_us = us < 0 ? -us : us;
    }
    return verdict;
}

const char *cause_name(Cause cause)
{
    static const char *const names[N_CAUSES] = {
        [CAUSE_FINE] = "fine",           [CAUSE_FAILED] = "failed",
        [CAUSE_CANCELLED] = "cancelled", [CAUSE_GUEST] = "guest",
        [CAUSE_TOLD] = "told",           [CAUSE_DIED] = "died",
    };
    return names[cause];
}
