/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Quantities as people write them: 300ms, 2s, 1GiB, 128MiB/s, 10Gbit/s.  A unit
 * is written, never guessed; a bare number is in the base unit of the kind,
 * which is the one that QEMU uses for it.  Pure.
 */
#include <glib.h>
#include <stdint.h>

typedef enum {
    UNIT_NONE,             /* a plain number */
    UNIT_BYTES,            /* B kB MB GB TB, KiB MiB GiB TiB */
    UNIT_BYTES_PER_SECOND, /* the same with /s, and bit/s kbit/s Mbit/s Gbit/s */
    UNIT_MIB_PER_SECOND,   /* MiB/s GiB/s, QEMU's "MB/s" */
    UNIT_MILLISECONDS,     /* us ms s min h */
    UNIT_MICROSECONDS,     /* us ms s */
    UNIT_PERCENT,          /* % */
} Unit;

/* What a bare number means, for help texts: "bytes", "milliseconds"... */
const char *unit_name(Unit unit);

/* The same as it is written behind a number: "B", "B/s", "ms", "%"; "": none. */
const char *unit_symbol(Unit unit);

/*
 * @text as a whole number of @unit's base.  Fails in G_OPTION_ERROR_BAD_VALUE
 * with what would have been right: no number, a negative one, a unit of
 * another kind, more than 64 bits, or not a whole number of the base unit.
 */
gboolean unit_parse(const char *text, Unit unit, uint64_t *ret, GError **error);

/* For people: "1.5 GiB", "128 MiB/s", "312 ms".  Free with g_free(). */
char *unit_format(uint64_t value, Unit unit);
