/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Did a scenario hold?  Pure: from the result document alone. */
#include "tools/scenario/scenario.h"

typedef enum { VERDICT_HELD, VERDICT_FAILED, VERDICT_SKIPPED } VerdictKind;

typedef struct {
    VerdictKind kind;
    GPtrArray *differences; /* of char *: "FILE:LINE: what, and what was so" */
    char *reason;           /* why it was skipped; else NULL */
    bool is_untested; /* it failed before there was anything to be tested */
} ScenarioVerdict;

/* @result: an object of qmigrate.result/1; or of qmigrate.results/1: its last. */
ScenarioVerdict *verdict_of(const Scenario *scenario, JsonObject *result);
/* There is no result: it failed, because of @why. */
ScenarioVerdict *verdict_without_result(const char *why);
void verdict_free(ScenarioVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScenarioVerdict, verdict_free)

G_GNUC_PRINTF(2, 3)
void verdict_add(ScenarioVerdict *verdict, const char *format, ...);
