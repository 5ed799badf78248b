/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which of some names a mistyped one was probably meant to be: by the fewest
 * letters to add, drop or change, at most a third of them.  Pure.
 */
typedef struct {
    const char *name;
    const char *best; /* NULL: nothing is near */
    unsigned distance;
} Nearest;

Nearest nearest_start(const char *name);
void nearest_offer(Nearest *nearest, const char *candidate);
