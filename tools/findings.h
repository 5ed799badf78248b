/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Findings for people, one on one or two lines each. */
#include <stdio.h>

#include "caps/finding.h"

/* All of them, errors first, and how many there are, behind a verdict: @bad if
 * there is an error. */
void findings_print(FILE *stream, const GPtrArray *findings, const char *good,
                    const char *bad);

/* The errors alone: what --quiet leaves. */
void findings_print_errors(FILE *stream, const GPtrArray *findings);

/* The warnings alone, on standard error: before a migration that goes on. */
void findings_warn(const GPtrArray *findings);
