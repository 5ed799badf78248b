/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A case of the preflight: what is inspected, and all that must be found. */
#include "tests/lib/inspected.h"

typedef struct {
    const char *what;
    Inspection inspection;
    const char *found; /* all findings */
    const char *plan;  /* NULL: there is an error */
} PreflightCase;

/* The plan of a run that wishes for nothing. */
#define OURS "S +events +pause-before-switchover +return-path; D +events"

/* What is known of the destination's process. */
/* clang-format off */
#define DESTINATION(...)                                                       \
    .process = { [SIDE_DESTINATION] = { .known = true, __VA_ARGS__ } }
/* clang-format on */

/* Fails the test, with all that was found, if it is anything else. */
void preflight_case_run(const PreflightCase *one);
