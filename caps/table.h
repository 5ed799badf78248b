/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the schema cannot say of a capability or parameter: on which side it has
 * to be set, and in which unit its value is.  What is not in the table is newer
 * than this program: it is set on both sides, as a plain value.
 */
#include <stdbool.h>

#include "caps/side.h"
#include "caps/units.h"

typedef enum {
    NEEDED_BY_SOURCE = 1 << SIDE_SOURCE,
    NEEDED_BY_DESTINATION = 1 << SIDE_DESTINATION,
    NEEDED_BY_BOTH = NEEDED_BY_SOURCE | NEEDED_BY_DESTINATION,
} NeededBy;

NeededBy caps_table_capability_sides(const char *name);
/* Why we never turn it @on (or off), one phrase; NULL: we do. */
const char *caps_table_capability_refusal(const char *name, bool on);
NeededBy caps_table_parameter_sides(const char *name);
Unit caps_table_parameter_unit(const char *name);
