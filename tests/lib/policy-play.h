/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A made-up migration, sample by sample, under a policy, and what that said.
 */
#include "orchestrator/policy.h"

#define MIB INT64_C(1048576)

typedef struct {
    double tick_s;      /* 0: a sample each 0.1 s */
    double until_s;     /* 0: 2000 s */
    double pass_s;      /* each pass takes as long; 0: none ends */
    double dead_from_s; /* nothing moves from then on; 0: never */
    int64_t total_mib;  /* 0: 1024 */
    int64_t mib_per_s;  /* 0: 100 */
    /* What a pass leaves, from 1; the last one goes on.  Within a pass it falls
     * to half of it. */
    int64_t left_mib[16];
} Play;

/*
 * What @spec said until it ended the precopy, with the time of it: "30.0 set 150,
 * 50.0 postcopy".  *@ret_reason is that of the last one.  Free both with g_free().
 */
char *play(const PolicySpec *spec, const PolicyTerms *terms, const Play *play,
           char **ret_reason);

/* The same of a built-in policy, held against @expected; the reason must have
 * @reason in it, if that is not NULL. */
void check_play(const char *name, const PolicyTerms *terms, const Play *what,
                const char *expected, const char *reason);
void check_play_of(const PolicySpec *spec, const PolicyTerms *terms,
                   const Play *what, const char *expected, const char *reason);
