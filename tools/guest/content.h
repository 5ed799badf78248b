/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a page holds: a body that depends on the content, the page's address and
 * the seed, and marks in its first and last word that depend on its generation
 * too.  With content zero the marks are zero as well.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tools/guest/options.h"

typedef struct Marks {
    uint64_t first, last;
} Marks;

void content_init(Content content, uint64_t seed);

/* A well-mixed function of @value. */
uint64_t content_mix(uint64_t value);

Marks content_marks(const uint64_t *page, uint64_t generation);
void content_fill(uint64_t *page);

/* Whether all bytes are what they must be. */
bool content_check(const uint64_t *page, uint64_t generation);

/* What word @i must be. */
uint64_t content_expected(const uint64_t *page, uint64_t generation,
                          unsigned i);
