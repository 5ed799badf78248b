/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The kernel command line; docs/guest.rst has the names. */
#include <stdint.h>

typedef enum Pattern {
    PATTERN_SEQUENTIAL,
    PATTERN_RANDOM,
    PATTERN_HOT_COLD,
} Pattern;

typedef enum Content {
    CONTENT_ZERO,
    CONTENT_CONSTANT,
    CONTENT_COMPRESSIBLE,
    CONTENT_RANDOM,
} Content;

typedef struct Options {
    uint64_t rate_bytes_per_s;
    uint64_t working_set_bytes;
    Pattern pattern;
    Content content;
    uint64_t beat_us;
    uint64_t seed;
    uint64_t tlb_flush; /* before each write; 0: not */
} Options;

/* A value that cannot be is a panic: a run with another one proves nothing. */
Options options_parse(const char *command_line);
