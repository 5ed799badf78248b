/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/conclude.h"

#include <stdio.h>
#include <string.h>

#include "tools/output.h"
#include "tools/plain.h"

gboolean conclude_can_write(const Settings *settings)
{
    g_autoptr(GError) error = NULL;
    if (settings->json && !output_check("json", settings->json, &error)) {
        plain_print(stderr,
                    "error: %s\n  hint: nothing was started; give a file "
                    "in a folder that you can write\n",
                    error->message);
        return FALSE;
    }
    return TRUE;
}

static gboolean write_json(const Settings *settings, JsonNode *result,
                           GPtrArray *all, GError **error)
{
    g_autoptr(JsonNode) results = all ? report_results(all) : NULL;
    return output_write_json(settings->json, results ? results : result, error);
}

void conclude_say(const Failure *failure)
{
    if (failure->code != FAILURE_NONE) {
        g_autofree char *text = failure_to_text(failure);
        plain_print(stderr, "%s", text);
    }
}

int conclude(const Settings *settings, Outcome outcome, const Failure *failure,
             JsonNode *result, GPtrArray *all)
{
    g_autoptr(GError) error = NULL;
    int exit_code = outcome_row(outcome)->exit_code;

    conclude_say(failure);
    if (!settings->quiet && g_strcmp0(settings->json, "-") != 0) {
        output_print_result(result);
    }
    gboolean is_shown = output_flush();
    if (settings->json && !write_json(settings, result, all, &error)) {
        plain_print(stderr, "error: %s\n", error->message);
        is_shown = FALSE;
    }
    if (!is_shown) {
        plain_print(stderr, "  hint: %s; only the result was not written\n",
                    output_meaning(result));
        return exit_code ? exit_code : outcome_row(OUTCOME_VERDICT)->exit_code;
    }
    return exit_code;
}

int conclude_failure(const Settings *settings, Outcome outcome,
                     const Failure *failure, gboolean no_guest)
{
    const ReportExtras extras = { .guest_downtime_us = -1,
                                  .no_guest = no_guest };
    g_autoptr(JsonNode) result = report_result(outcome, failure, NULL, &extras);
    return conclude(settings, outcome, failure, result, NULL);
}

int conclude_early(const Settings *settings, FailureCode code, char *message,
                   gboolean no_guest)
{
    Failure failure = { .code = code, .phase = "start", .message = message };
    int exit_code = conclude_failure(settings, failure_row(code)->outcome,
                                     &failure, no_guest);

    failure_clear(&failure);
    return exit_code;
}

int conclude_usage(const char *verb, const char *json, const GError *error)
{
    const ReportExtras extras = { .guest_downtime_us = -1,
                                  .no_guest = strcmp(verb, "lab") == 0 };
    Failure failure = { .code = FAILURE_USAGE,
                        .phase = "start",
                        .message = g_strdup(error->message),
                        .hint =
                            g_strdup_printf("see qmigrate %s --help", verb) };
    g_autofree char *plain = plain_text(error->message);
    g_autoptr(GError) said =
        g_error_new_literal(error->domain, error->code, plain);

    if (json && output_check("json", json, NULL)) {
        g_autoptr(JsonNode) result =
            report_result(OUTCOME_USAGE, &failure, NULL, &extras);
        output_write_json(json, result, NULL);
    }
    failure_clear(&failure);
    return usage_failed(verb, said);
}
