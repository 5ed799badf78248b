/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Findings for people, one on one or two lines each. */
#include <stdio.h>

#include "caps/finding.h"

/* What is printed of one; nothing in it is owned. */
typedef struct {
    Severity severity;
    const char *text, *word;
    const char *hint; /* NULL: none */
} FindingLine;

/* Lines (FindingLine), errors first, and how many there are, behind a verdict. */
void findings_print_lines(FILE *stream, const GArray *lines, const char *good,
                          const char *bad);
void findings_print_lines_of(FILE *stream, const GArray *lines,
                             Severity severity);

/* All of them, errors first, and how many there are. */
void findings_print(FILE *stream, const GPtrArray *findings);

/* The errors alone: what --quiet leaves. */
void findings_print_errors(FILE *stream, const GPtrArray *findings);

/* The warnings alone, on standard error: before a migration that goes on. */
void findings_warn(const GPtrArray *findings);
