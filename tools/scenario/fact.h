/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What can be expected of a migration that is over, judged from its result document
 * (docs/result-format.rst) with the member "script" of a scenario.  Pure.
 */
#include "tools/scenario/scenario.h"

/* NULL: it holds; else what is so instead, one phrase.  Free with g_free(). */
char *expectation_judge(const Expectation *expectation, JsonObject *result);

/* Is one of them of the fact of this name? */
bool expectations_have(const GPtrArray *expectations, const char *name);

/* Of a fact with a number ("downtime.events"): its value in @result, in the unit
 * of it; false: it is null there. */
bool fact_number(const char *name, JsonObject *result, double *ret, Unit *unit);

/* For people: "312 ms", "1.5 GiB".  Free with g_free(). */
char *fact_text(double value, Unit unit);

/* The names of all facts with numbers, NULL-terminated; not to be freed. */
const char *const *fact_number_names(void);
