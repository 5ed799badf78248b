/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Between the files of the policy "adaptive" only: what it has seen
 * (policy-adaptive-see.c), what it reckons from that (policy-adaptive-reckon.c)
 * and how it slows the guest down (policy-adaptive-steer.c).  Pure.
 */
#include "orchestrator/outlook.h"
#include "orchestrator/policies.h"

#define ADAPTIVE_POINTS 12

/* To make the downtime shorter the migration may be so much longer. */
#define WORTH_LESS_DOWNTIME 0.015

/* Percent of the guest's time that QEMU may take. */
#define THROTTLE_LEAST 1u
#define THROTTLE_MOST  99u
/* Passes that lie wholly under a throttle tell what it does, if they are so
 * many. */
#define THROTTLE_TOLD 2u

/* What QEMU's own throttle is steered by. */
typedef enum {
    STEER_MOST,
    STEER_FIRST,
    STEER_STEP,
    N_STEERS,
} Steer;

typedef struct {
    DirtyPoint points[ADAPTIVE_POINTS]; /* a pass each, oldest first */
    guint n_points;
    double highest;      /* pending at the end of a pass, of all */
    double guest_s;      /* of the pass at hand, as if it was not throttled */
    int64_t bandwidth;   /* when the link last told it; 0: not yet */
    double jump;         /* of QEMU's own bandwidth over that: 1 or more */
    bool dead;           /* the link */
    int64_t believed_us; /* the link, from then on */
    unsigned throttle;   /* percent that QEMU may take; 0: not said yet */
    unsigned steered[N_STEERS];     /* what QEMU was told; 0: nothing */
    unsigned limited_mib, told_mib; /* likewise, of the dirty limit */
    int64_t throttled_us; /* QEMU last slowed the guest down further */
    char why[160];        /* the throttle is as it is */
    double sure_s;        /* all the time it would have taken with what
                                 * could have been done so far; 0: nothing */
    unsigned waited;      /* passes, for one that leaves less */
} Adaptive;

/* What can be done about a guest that does not converge, in the order of what
 * it costs the guest. */
typedef enum {
    LEVER_WAIT, /* until so little is left that the downtime is one allowed */
    LEVER_THROTTLE,
    LEVER_POSTCOPY,
    N_LEVERS,
} Lever;

typedef struct {
    Outlook outlook; /* as the guest is throttled now */
    double pending;
    double switch_bytes_per_s; /* what QEMU takes for a switchover's */
    double start_s, most_s;    /* downtime to begin with, and that is allowed */
    double most_limit_s;       /* so that the downtime is not more than that */
    double limit_s;            /* what it should be now */
    double past_s, left_s;     /* left_s: HUGE_VAL without a timeout */
    unsigned throttle;         /* percent that would be enough */
    unsigned limit_mib;        /* MiB/s of a vCPU, likewise */
    double seconds[N_LEVERS];  /* HUGE_VAL: not allowed, no help, or too late */
    double sure_s;             /* as in Adaptive; HUGE_VAL: nothing yet */
    bool is_floor;             /* passes leave the same again and again */
} Reckoning;

/* Downtime that is allowed, and that it begins with. */
double adaptive_most_s(const PolicyTerms *terms);
uint64_t adaptive_start_ms(const PolicySpec *spec, const PolicyTerms *terms);
uint64_t adaptive_most_ms(const PolicySpec *spec, const PolicyTerms *terms);

/* Takes a sample in. */
void adaptive_see(Policy *policy, const Sample *sample);
/* The link is alive, and what it carries is known. */
bool adaptive_can_judge(const Policy *policy);
/* The least that one of the last passes before this one left. */
double adaptive_lowest(const Policy *policy);
/* For so long passes have left the same again and again. */
bool adaptive_is_floor(const Policy *policy, int64_t for_us);

/* Passes that lay wholly after QEMU last slowed the guest down. */
guint adaptive_throttled_passes(const Policy *policy);
/* QEMU goes on slowing the guest down, as the user told it. */
bool adaptive_may_slow_down(const Policy *policy);

/* How things stand; at the end of a pass also what the levers would do. */
Reckoning adaptive_look(const Policy *policy);
Reckoning adaptive_reckon(Policy *policy);
/* Which lever to take; N_LEVERS: none helps. */
Lever adaptive_choose(const Reckoning *r);
double adaptive_left_s(const Policy *policy);
bool adaptive_may_postcopy(const PolicyTerms *terms);
/* "340 MiB/s, or 2.1 s of downtime, or post-copy" */
char *adaptive_needs(const Policy *policy, const Reckoning *r);

/* A lower speed of the guest, @now being why. */
Verdict adaptive_slow_down(Policy *policy, const Reckoning *r, const char *now);
/* The next step of what QEMU is to be told of it; to be called again and again. */
Verdict adaptive_steer(Policy *policy);
