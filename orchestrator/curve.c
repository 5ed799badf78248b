/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points in the order of time, from the origin on. */
#include "orchestrator/curve.h"

#include <math.h>

/* Of a curve that bends: so near that a straight line between two points is
 * off by less than a thousandth. */
#define POINT_RATIO 1.1
#define FROM_TIMES  1e-3 /* of the time in which it bends */
#define TO_TIMES    16.0

typedef struct {
    double seconds, bytes;
} Point;

struct Curve {
    double most_bytes;
    GArray *points; /* of Point */
};

static Point *at(const Curve *curve, guint index)
{
    return &g_array_index(curve->points, Point, index);
}

Curve *curve_new(double most_bytes)
{
    const Point origin = { 0, 0 };
    Curve *curve = g_new0(Curve, 1);
    curve->most_bytes = MAX(most_bytes, 0);
    curve->points = g_array_new(FALSE, FALSE, sizeof(Point));
    g_array_append_val(curve->points, origin);
    return curve;
}

Curve *curve_copy(const Curve *curve)
{
    Curve *copy = g_new0(Curve, 1);
    copy->most_bytes = curve->most_bytes;
    copy->points = g_array_copy(curve->points);
    return copy;
}

void curve_free(Curve *curve)
{
    g_array_unref(curve->points);
    g_free(curve);
}

/* The first point that is not before @seconds. */
static guint find(const Curve *curve, double seconds)
{
    guint low = 0, high = curve->points->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (at(curve, middle)->seconds < seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void curve_add(Curve *curve, double seconds, double bytes)
{
    if (!(seconds > 0) || !(bytes >= 0)) {
        return;
    }
    guint index = find(curve, seconds);
    Point point = { seconds, MIN(bytes, curve->most_bytes) };
    point.bytes = MAX(point.bytes, at(curve, index - 1)->bytes);
    if (index < curve->points->len && at(curve, index)->seconds == seconds) {
        at(curve, index)->bytes = MAX(at(curve, index)->bytes, point.bytes);
    } else {
        g_array_insert_val(curve->points, index, point);
    }
    for (guint i = index + 1; i < curve->points->len; i++) {
        at(curve, i)->bytes = MAX(at(curve, i)->bytes, at(curve, index)->bytes);
    }
}

double curve_bytes(const Curve *curve, double seconds)
{
    guint n = curve->points->len;
    if (n < 2 || !(seconds > 0)) {
        return 0;
    }
    guint index = CLAMP(find(curve, seconds), 1, n - 1);
    const Point *from = at(curve, index - 1);
    const Point *to = at(curve, index);
    double slope = (to->bytes - from->bytes) / (to->seconds - from->seconds);
    double bytes = from->bytes + slope * (seconds - from->seconds);
    return MIN(bytes, curve->most_bytes);
}

/* Shares of the writes and of the pages, each written anywhere in its part. */
typedef struct {
    double writes, pages;
} Part;

static const Part random_parts[] = { { 1, 1 }, { 0, 0 } };
static const Part hot_cold_parts[] = { { 0.9, 0.1 }, { 0.1, 0.9 } };

/* A part of size S that is written at rate D anywhere: S (1 - exp(-D t / S)). */
static double part_bytes(const Part *part, double rate, double size,
                         double seconds)
{
    if (part->writes <= 0) {
        return 0;
    }
    rate *= part->writes;
    size *= part->pages;
    return size * -expm1(-rate * seconds / size);
}

static void add_parts(Curve *curve, const Part parts[2], double rate,
                      double size)
{
    double end = 0, begin = INFINITY;
    for (guint i = 0; i < 2; i++) {
        if (parts[i].writes > 0) {
            double time = size * parts[i].pages / (rate * parts[i].writes);
            begin = MIN(begin, time * FROM_TIMES);
            end = MAX(end, time * TO_TIMES);
        }
    }
    for (double t = begin; t < end; t *= POINT_RATIO) {
        curve_add(curve, t,
                  part_bytes(&parts[0], rate, size, t) +
                      part_bytes(&parts[1], rate, size, t));
    }
    curve_add(curve, end, size);
}

Curve *curve_of_pattern(Pattern pattern, double dirty_bytes_per_s,
                        double working_set_bytes)
{
    Curve *curve = curve_new(working_set_bytes);
    if (!(dirty_bytes_per_s > 0) || !(working_set_bytes > 0)) {
        return curve;
    }
    switch (pattern) {
    case PATTERN_SEQUENTIAL:
        curve_add(curve, working_set_bytes / dirty_bytes_per_s,
                  working_set_bytes);
        break;
    case PATTERN_RANDOM:
        add_parts(curve, random_parts, dirty_bytes_per_s, working_set_bytes);
        break;
    case PATTERN_HOT_COLD:
        add_parts(curve, hot_cold_parts, dirty_bytes_per_s, working_set_bytes);
        break;
    }
    return curve;
}
