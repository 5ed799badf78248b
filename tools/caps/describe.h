/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Capabilities, parameters and features in words for people.  Notes stand on
 * lines of their own that begin with "- ".  All is to be freed with g_free().  Pure.
 */
#include "caps/feature.h"
#include "caps/inventory.h"
#include "caps/table.h"

/*
 * A parameter's value, given as QEMU writes it: "128 MiB/s", "300 ms"; in full
 * where that would not be exact.  @row may be NULL; @value too: it is not set.
 */
char *describe_value(const CapsRow *row, const char *value);

char *describe_default(const CapsRow *row); /* "300 ms"; "-": it varies */
char *describe_range(const CapsRow *row); /* "1 to 255"; "": any of its type */

char *describe_heeded(const CapsRow *row); /* since when QEMU does it; or "" */

/* Of the program's own tables: help, needs, excludes and the rest. */
char *describe_capability(const CapsRow *row);
char *describe_parameter(const CapsRow *row);
char *describe_feature(const CapsFeature *feature);

/* What to know of it on this QEMU beside its value: that the program does not
 * know it, or that QEMU marks it. */
char *describe_marks(const CapsInventory *inventory, bool is_capability,
                     const char *name);

/* Those that are not empty, the first as it is and each other as a note; each
 * may be NULL. */
char *describe_together(const char *first, const char *second,
                        const char *third);

/* A value of which the table knows another default: "default 300 ms"; or "". */
char *describe_change(const CapsRow *row, const char *value);
