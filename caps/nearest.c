/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/nearest.h"

#include <glib.h>
#include <string.h>

#define NAME_MAX_CHARS      64u /* longer names have no neighbours */
#define BEGINNING_MIN_CHARS 4u

Nearest nearest_start(const char *name)
{
    return (Nearest){ .name = name, .distance = (strlen(name) + 2) / 3 + 1 };
}

/* Levenshtein's distance, one row at a time. */
static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    unsigned row[NAME_MAX_CHARS + 1];

    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i]; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            unsigned change =
                diagonal + (g_ascii_tolower(a[i]) != g_ascii_tolower(b[j]));
            diagonal = row[j + 1];
            row[j + 1] = MIN(change, MIN(diagonal, row[j]) + 1);
        }
    }
    return row[n];
}

void nearest_offer(Nearest *nearest, const char *candidate)
{
    if (strlen(nearest->name) > NAME_MAX_CHARS ||
        strlen(candidate) > NAME_MAX_CHARS) {
        return;
    }
    unsigned d = distance(nearest->name, candidate);
    /* the beginning of a longer name is near enough, if nothing else is */
    if (!nearest->best && d >= nearest->distance &&
        strlen(nearest->name) >= BEGINNING_MIN_CHARS &&
        g_str_has_prefix(candidate, nearest->name)) {
        d = nearest->distance - 1;
    }
    if (d < nearest->distance) {
        nearest->distance = d;
        nearest->best = candidate;
    }
}
