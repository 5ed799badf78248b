/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * W(t): how many distinct bytes a guest dirties in a time that starts clean.
 * That is what a pass of QEMU leaves behind, and so the one thing about a guest
 * that decides whether a migration converges: a rate does not, as the same page
 * written twice is sent once.  Pure.
 */
#include <glib.h>
#include <stdint.h>

/* Grows with time and never shrinks; straight between its points, and level
 * with what the last two points say beyond them, up to @most_bytes. */
typedef struct Curve Curve;

Curve *curve_new(double most_bytes);
Curve *curve_copy(const Curve *curve);
void curve_free(Curve *curve);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Curve, curve_free)

/* In any order; a point below an earlier one is lifted to it. */
void curve_add(Curve *curve, double seconds, double bytes);

double curve_bytes(const Curve *curve, double seconds);

typedef enum { PATTERN_SEQUENTIAL, PATTERN_RANDOM, PATTERN_HOT_COLD } Pattern;

/*
 * Of a guest that writes @dirty_bytes_per_s bytes of whole pages into
 * @working_set_bytes, as the lab's guest does (docs/guest.rst): round and round,
 * anywhere, or mostly in a hot part.
 */
Curve *curve_of_pattern(Pattern pattern, double dirty_bytes_per_s,
                        double working_set_bytes);
