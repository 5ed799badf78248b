/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A curve of two numbers through two points, and passes played on it. */
#include "orchestrator/outlook.h"

#include <math.h>

#define ALIKE       1.25 /* passes less apart than that are one point */
#define MANY        4u   /* so many of them at most: the guest may change */
#define BENDS_MOST  50.0 /* all of the working set is dirty at once */
#define ALONE_MOST  1.25 /* what there is to dirty, of what one pass dirtied */
#define PASSES_MOST 1000
#define SHRINKS     0.999 /* of pass to pass, or it does not */
/* So long QEMU sends at least before it looks at what is left. */
#define LOOK_S 0.05

static bool is_alike(double a, double b)
{
    return a < b * ALIKE && b < a * ALIKE;
}

/* The last points that are of about the same length, as one. */
static DirtyPoint latest(const DirtyPoint *points, guint n, guint *ret_used)
{
    DirtyPoint mean = { 0, 0 };
    guint used = 0;
    while (used < MIN(n, MANY) &&
           is_alike(points[n - 1 - used].guest_s, points[n - 1].guest_s)) {
        mean.guest_s += points[n - 1 - used].guest_s;
        mean.bytes += points[n - 1 - used].bytes;
        used++;
    }
    mean.guest_s /= used;
    mean.bytes /= used;
    *ret_used = used;
    return mean;
}

/* How fast the curve through both bends: most x (1 - exp(-bend x t)).  0: it
 * does not. */
static double find_bend(DirtyPoint low, DirtyPoint high)
{
    double wanted = high.bytes / low.bytes;
    double from = 0, to = BENDS_MOST / low.guest_s;
    if (wanted >= high.guest_s / low.guest_s) {
        return 0;
    }
    for (int i = 0; i < 60; i++) {
        double middle = (from + to) / 2;
        double found =
            expm1(-middle * high.guest_s) / expm1(-middle * low.guest_s);
        *(found > wanted ? &from : &to) = middle;
    }
    return to;
}

DirtyFit dirty_fit_straight(const DirtyPoint *points, guint n)
{
    guint used = 0;
    DirtyPoint last = latest(points, n, &used);
    return (DirtyFit){ last.bytes / last.guest_s, HUGE_VAL };
}

/* A point alone does not tell how often pages were written again; that some
 * were is likely. */
static DirtyFit guess(DirtyPoint only)
{
    double bend = -log1p(-1 / ALONE_MOST) / only.guest_s;
    return (DirtyFit){ bend * ALONE_MOST * only.bytes,
                       ALONE_MOST * only.bytes };
}

DirtyFit dirty_fit(const DirtyPoint *points, guint n)
{
    guint used = 0;
    DirtyPoint last = latest(points, n, &used);
    DirtyFit fit = dirty_fit_straight(points, n);
    if (n == 1 && last.bytes > 0) {
        return guess(last);
    }
    guint i = n - used;
    while (i > 0 && is_alike(points[i - 1].guest_s, last.guest_s)) {
        i--;
    }
    if (i == 0 || last.bytes <= 0) {
        return fit;
    }
    DirtyPoint other = points[i - 1];
    DirtyPoint low = last.guest_s < other.guest_s ? last : other;
    DirtyPoint high = last.guest_s < other.guest_s ? other : last;
    /* More time and far less dirt: the guest is not the same any more. */
    if (low.bytes <= 0 || high.bytes * ALIKE < low.bytes) {
        return fit;
    }
    double bend = find_bend(low, high);
    if (bend > 0) {
        fit.most_bytes = last.bytes / -expm1(-bend * last.guest_s);
        fit.rate_bytes_per_s = bend * fit.most_bytes;
    }
    return fit;
}

double dirty_fit_bytes(const DirtyFit *fit, double guest_s)
{
    double straight = fit->rate_bytes_per_s * guest_s;
    return isinf(fit->most_bytes)
               ? straight
               : fit->most_bytes * -expm1(-straight / fit->most_bytes);
}

double dirty_fit_seconds(const DirtyFit *fit, double bytes)
{
    if (bytes >= fit->most_bytes || fit->rate_bytes_per_s <= 0) {
        return HUGE_VAL;
    }
    return isinf(fit->most_bytes) ? bytes / fit->rate_bytes_per_s
                                  : -log1p(-bytes / fit->most_bytes) *
                                        fit->most_bytes / fit->rate_bytes_per_s;
}

double outlook_pass_seconds(const Outlook *outlook, double pending)
{
    double seconds =
        (pending - outlook->left_bytes) / outlook->bandwidth_bytes_per_s;
    return MIN(MAX(seconds, LOOK_S), pending / outlook->bandwidth_bytes_per_s);
}

double outlook_next(const Outlook *outlook, double pending)
{
    double seconds = outlook_pass_seconds(outlook, pending);
    double left = pending - seconds * outlook->bandwidth_bytes_per_s;
    double dirty = dirty_fit_bytes(&outlook->dirty, outlook->share * seconds);
    /* some of it is what was left */
    return left + dirty * (1 - MIN(left / outlook->dirty.most_bytes, 1));
}

double outlook_seconds(const Outlook *outlook, double pending, double enough)
{
    double seconds = 0;
    for (int i = 0; i < PASSES_MOST; i++) {
        if (pending <= enough) {
            return seconds + pending / outlook->bandwidth_bytes_per_s;
        }
        seconds += outlook_pass_seconds(outlook, pending);
        double next = outlook_next(outlook, pending);
        if (next > pending * SHRINKS) {
            return HUGE_VAL;
        }
        pending = next;
    }
    return HUGE_VAL;
}

double outlook_floor(const Outlook *outlook, double pending)
{
    for (int i = 0; i < PASSES_MOST && pending > 1; i++) {
        double next = outlook_next(outlook, pending);
        if (next > pending * SHRINKS) {
            return pending;
        }
        pending = next;
    }
    return 0;
}
