/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A line of the report, put together from words and numbers. */
#include <stddef.h>
#include <stdint.h>

typedef struct Line {
    size_t n;
    char text[1024];
} Line;

/* Knows %s, %lu and %lx alone.  What does not fit is cut off. */
void line_add(Line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
