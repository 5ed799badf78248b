/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The two QEMUs of a migration; arrays of two are indexed by this. */

typedef enum {
    SIDE_SOURCE,
    SIDE_DESTINATION,
    N_SIDES,
} Side;

static inline const char *side_name(Side side)
{
    return side == SIDE_SOURCE ? "source" : "destination";
}

static inline Side side_other(Side side)
{
    return side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;
}
