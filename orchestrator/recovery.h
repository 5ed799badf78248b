/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Mending the channel of a post-copy: what is remembered from one attempt to the
 * next, and what is chosen for each.  Pure.
 */
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    RECOVERY_PAUSE,  /* both sides must say postcopy-paused */
    RECOVERY_LISTEN, /* the destination was told where to listen */
    RECOVERY_RESUME, /* the source was told to connect */
    RECOVERY_WAIT,   /* it did not work; not again at once */
    RECOVERY_WATCH,  /* does somebody else mend it? */
    RECOVERY_LEAVE,  /* given up: out of the handshake, so that it can be mended
                      * later */
} RecoveryStep;

/* All zero: nothing broke so far. */
typedef struct {
    RecoveryStep step;
    unsigned n_attempts;         /* since it last moved on */
    unsigned n_breaks, n_mended; /* in all */
    int64_t broken_us;           /* when it last broke after it had moved on */
    int64_t step_us;             /* when the step began */
    int64_t
        told_pause_us;   /* migrate-pause, the last time; 0: not in this step */
    int64_t moved_bytes; /* transferred when it broke */
    bool has_stirred;    /* the source has said something since RESUME */
    bool is_over;        /* what broke stays so: leave both as they are */
    bool is_doubtful;    /* of somebody else, who may be at it: WATCH first */
    bool is_unpausable;  /* the source refused migrate-pause */
    int found;           /* Status of the source when WATCH began */
    char *home; /* where the destination listened at first; NULL: not broken */
} Recovery;

/* How long to wait before the next attempt: 100 ms, doubled up to 5 s. */
int64_t recovery_back_off_us(unsigned n_attempts);

/*
 * Where the destination listened at first: @uri, with the port that the source
 * was told in @migrate_uri, if it was (NULL: not).  Free with g_free().
 */
char *recovery_home(const char *uri, const char *migrate_uri);

/* Where it shall listen: there, and every second time at @other, if there is
 * one. */
const char *recovery_uri(unsigned n_attempts, const char *home,
                         const char *other);

/*
 * How long a source that was told to resume may say nothing at all.  One of 7.2
 * says nothing while it connects, nor if that fails; and a second resume while a
 * first connect hangs aborts it later.  A path answers at once; a host that does
 * not is given up by the kernel after two minutes.
 */
int64_t recovery_mute_us(const char *uri);
