/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A link's own: link.c has its connections, link-lane.c what passes on each. */
#include "tools/lab/link.h"

/* Both directions of a connection share it; the last one frees it. */
typedef struct {
    Link *link;
    int ends[2]; /* the source's, the destination's */
    int n_pumps;
} Way;

struct Link {
    GMutex mutex;
    GCond changed;
    GThread *acceptor;
    int listener;
    char *target;
    GPtrArray *ways; /* of Way, that live */
    bool is_closed, refuses, drops;
    uint64_t rate_bytes_per_s, delay_us;
    uint64_t piece_bytes; /* as many are sent at once; 0: as they come */
    int64_t free_us;      /* when the wire is free for the next byte */
};

/* Passes on what comes from one of @way's ends, in threads of its own, until that
 * is over. */
void link_start_pump(Way *way, int from);
