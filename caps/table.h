/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What QEMU's schema cannot say of a migration capability or parameter: on
 * which side it has to be set, unit and range, since and until which QEMU, and
 * what it is for.  What it needs and excludes stands in rules.h.  What exists
 * and of which type it is, QEMU tells; a name without a row is newer than this
 * program: it is set on both sides, as a plain value.
 */
#include <stdbool.h>
#include <stddef.h>

#include "caps/side.h"
#include "caps/units.h"
#include "caps/version.h"

typedef enum {
    NEEDED_BY_SOURCE = 1 << SIDE_SOURCE,
    NEEDED_BY_DESTINATION = 1 << SIDE_DESTINATION,
    NEEDED_BY_BOTH = NEEDED_BY_SOURCE | NEEDED_BY_DESTINATION,
} NeededBy;

typedef struct {
    const char *name;
    NeededBy sides; /* which have to be told */
    Unit unit;
    uint64_t min, max;        /* of a number; max 0: what its type holds */
    bool is_power_of_two;     /* of a number */
    bool or_zero;             /* 0 is right too, below min */
    const char *taken_for;    /* what QEMU takes others for; NULL: refuses */
    const char *at_least;     /* a parameter that it may not be less than */
    const char *usual;        /* QEMU's default, as text; NULL: it varies */
    CapsVersion heeded_since; /* older ones take it and do not do it */
    CapsVersion since, until; /* until: the first without it; 0: none yet */
    const char *deprecated;   /* since when and what instead; NULL: it is not */
    const char *never_on, *never_off; /* of a capability: why we refuse it */
    const char *help;                 /* one line */
} CapsRow;

/* The rows, sorted by name. */
const CapsRow *caps_table_capabilities(size_t *ret_n);
const CapsRow *caps_table_parameters(size_t *ret_n);

/* NULL: not in the table. */
const CapsRow *caps_table_capability(const char *name);
const CapsRow *caps_table_parameter(const char *name);

/* Of a row that may be NULL. */
NeededBy caps_row_sides(const CapsRow *row);
Unit caps_row_unit(const CapsRow *row);

const char *needed_by_name(NeededBy sides); /* source, destination or both */
