/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the passes to come will leave, from what the passes so far have left.
 * Pure.
 *
 * The guest is taken for one that writes at some rate into some working set,
 * anywhere: W(t) = most x (1 - exp(-rate x t / most)).  Of a guest that goes
 * round and round, or that has a hot part, that is true only near the passes it
 * was fitted to, so it is fitted anew at the end of each pass.
 */
#include <glib.h>
#include <stdbool.h>

/* What a pass left. */
typedef struct {
    double guest_s; /* how long the guest ran meanwhile, as if unthrottled */
    double bytes;   /* distinct ones, that it dirtied */
} DirtyPoint;

typedef struct {
    double rate_bytes_per_s; /* of pages not dirty yet, while all are clean */
    double most_bytes;       /* the working set; HUGE_VAL: none can be seen */
} DirtyFit;

/* To the last of @n points, oldest first. */
DirtyFit dirty_fit(const DirtyPoint *points, guint n);
/* As if no page was written twice: the least that it can be. */
DirtyFit dirty_fit_straight(const DirtyPoint *points, guint n);

/* W */
double dirty_fit_bytes(const DirtyFit *fit, double guest_s);
/* The other way round; HUGE_VAL: it never dirties that much. */
double dirty_fit_seconds(const DirtyFit *fit, double bytes);

typedef struct {
    DirtyFit dirty;
    double bandwidth_bytes_per_s;
    double share;      /* of the guest's speed that a throttle leaves: 0 to 1 */
    double left_bytes; /* when no more is left, QEMU ends a pass: downtime-limit
                        * times bandwidth */
} Outlook;

/* How long a pass of @pending takes. */
double outlook_pass_seconds(const Outlook *outlook, double pending);
/* With what the pass after one of @pending begins. */
double outlook_next(const Outlook *outlook, double pending);

/* From the beginning of a pass of @pending: until one begins with no more than
 * @enough, and that is sent too.  HUGE_VAL: never. */
double outlook_seconds(const Outlook *outlook, double pending, double enough);

/* What passes do not come below, from @pending on; 0: they go on shrinking. */
double outlook_floor(const Outlook *outlook, double pending);
