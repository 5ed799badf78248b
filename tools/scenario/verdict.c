/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/verdict.h"

#include <string.h>

#include "qmp/json.h"
#include "tools/scenario/fact.h"

static ScenarioVerdict *verdict_new(void)
{
    ScenarioVerdict *verdict = g_new0(ScenarioVerdict, 1);
    verdict->differences = g_ptr_array_new_with_free_func(g_free);
    return verdict;
}

void verdict_free(ScenarioVerdict *verdict)
{
    if (verdict) {
        g_ptr_array_unref(verdict->differences);
        g_free(verdict->reason);
        g_free(verdict);
    }
}

void verdict_add(ScenarioVerdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(verdict->differences, g_strdup_vprintf(format, args));
    va_end(args);
    verdict->kind = VERDICT_FAILED;
}

ScenarioVerdict *verdict_without_result(const char *why)
{
    ScenarioVerdict *verdict = verdict_new();
    verdict_add(verdict, "%s", why);
    return verdict;
}

static const char *string_or(JsonObject *object, const char *name,
                             const char *otherwise)
{
    const char *found = object ? qmp_json_string(object, name) : NULL;
    return found ? found : otherwise;
}

static char *statuses_of(JsonObject *script, Side side)
{
    JsonObject *statuses = qmp_json_object(script, "statuses");
    JsonArray *array =
        statuses ? qmp_json_array(statuses, side_name(side)) : NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        g_string_append_printf(text, " %s",
                               json_array_get_string_element(array, i));
    }
    return g_strdup(text->len ? text->str : " none");
}

/* A moment that never came, and what came instead. */
static void judge_steps(ScenarioVerdict *verdict, const Scenario *scenario,
                        JsonObject *result)
{
    JsonObject *script = qmp_json_object(result, "script");
    JsonArray *steps = script ? qmp_json_array(script, "steps") : NULL;

    guint n = steps ? json_array_get_length(steps) : 0;
    for (guint i = 0; i < MIN(n, scenario->steps->len); i++) {
        const ScenarioStep *step = scenario->steps->pdata[i];
        JsonObject *one = json_array_get_object_element(steps, i);
        JsonNode *time = json_object_get_member(one, "time_us");
        if (time && JSON_NODE_HOLDS_NULL(time)) {
            g_autofree char *source = statuses_of(script, SIDE_SOURCE);
            g_autofree char *destination =
                statuses_of(script, SIDE_DESTINATION);
            verdict_add(verdict,
                        "%s:%u: 'at %s' never came; the source was%s, the "
                        "destination%s",
                        step->spot.file, step->spot.line, step->moment.text,
                        source, destination);
            return; /* those behind it wait for it */
        }
    }
}

static void judge_usual(ScenarioVerdict *verdict, const Scenario *scenario,
                        JsonObject *result)
{
    const char *outcome = string_or(result, "outcome", "unknown");
    JsonObject *error = qmp_json_object(result, "error");
    JsonObject *script = qmp_json_object(result, "script");
    JsonArray *refused = script ? qmp_json_array(script, "refused") : NULL;

    if (!expectations_have(scenario->expectations, "outcome") &&
        !expectations_have(scenario->expectations, "exit") &&
        strcmp(outcome, "migrated") != 0) {
        verdict_add(verdict, "%s:%u: expected outcome migrated, actual %s: %s",
                    scenario->spot.file, scenario->spot.line, outcome,
                    string_or(error, "message",
                              string_or(result, "text", "no reason given")));
    }
    for (guint i = 0;
         refused && !expectations_have(scenario->expectations, "refused") &&
         i < json_array_get_length(refused);
         i++) {
        verdict_add(verdict, "%s", json_array_get_string_element(refused, i));
    }
}

static JsonObject *last_of(JsonObject *document)
{
    JsonArray *runs = qmp_json_array(document, "runs");
    guint n = runs ? json_array_get_length(runs) : 0;
    return n ? json_array_get_object_element(runs, n - 1) : document;
}

/* Its QEMU did not start, or its guest did not: a build that is no build. */
static bool is_untested(JsonObject *result)
{
    static const char *const codes[] = { "guest-not-ready",
                                         "monitor-unreachable", "environment",
                                         NULL };
    JsonObject *error = qmp_json_object(result, "error");
    return strcmp(string_or(result, "outcome", ""), "error") == 0 &&
           g_strv_contains(codes, string_or(error, "code", ""));
}

ScenarioVerdict *verdict_of(const Scenario *scenario, JsonObject *document)
{
    ScenarioVerdict *verdict = verdict_new();
    JsonObject *result = last_of(document);
    JsonObject *error = qmp_json_object(result, "error");

    if (strcmp(string_or(result, "outcome", ""), "skip") == 0) {
        verdict->kind = VERDICT_SKIPPED;
        verdict->reason = g_strdup(string_or(error, "message", "not said"));
        return verdict;
    }
    verdict->is_untested = is_untested(result);
    judge_steps(verdict, scenario, result);
    judge_usual(verdict, scenario, result);
    for (guint i = 0; i < scenario->expectations->len; i++) {
        const Expectation *one = scenario->expectations->pdata[i];
        g_autofree char *instead = expectation_judge(one, result);
        if (instead) {
            verdict_add(verdict, "%s:%u: expect %s: %s", one->spot.file,
                        one->spot.line, one->text, instead);
        }
    }
    return verdict;
}
