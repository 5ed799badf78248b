/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Did it work?  QEMU takes a wish and then may do nothing of it: zero-copy that
 * copies, compression that does not shrink, a throttle that was never needed.
 * One verdict for each wish, from what both QEMUs said at the end.  Pure.
 */
#include "orchestrator/migration.h"

typedef enum {
    EFFECT_YES,
    EFFECT_NO,      /* it was set and did not do what it is for */
    EFFECT_IDLE,    /* ready, and not needed */
    EFFECT_SET,     /* as it was wished for; nothing measures what it does */
    EFFECT_UNKNOWN, /* QEMU does not tell, or it did not come to that */
    N_EFFECTS,
} EffectVerdict;

typedef struct {
    char *name; /* of the capability or parameter */
    EffectVerdict verdict;
    char *text; /* one phrase, with the numbers it was judged by */
} Effect;

const char *effect_verdict_name(EffectVerdict verdict);

/* Of Effect, one for each wish of the user; free with g_ptr_array_unref(). */
GPtrArray *effects_of(const Migration *m);

/* Numbers behind them, -1: not known. */
double effect_compression_ratio(const Migration *m); /* raw to sent */
int64_t effect_zero_copy_fallbacks(const Migration *m);
