/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a policy decided, as the result, the trace and a simulation show it. */
#include <json-glib/json-glib.h>

#include "orchestrator/policy.h"

/* docs/result-format.rst, "decisions"; free with json_object_unref(). */
JsonObject *decision_to_json(const Verdict *verdict);

/* "pass 4, 2.1 s: downtime-limit=150 (rule): reason"; free with g_free(). */
char *decision_to_text(const Verdict *verdict);
