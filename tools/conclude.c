/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/conclude.h"

#include <stdio.h>
#include <string.h>

#include "tools/output.h"

gboolean conclude_can_write(const Settings *settings)
{
    g_autoptr(GError) error = NULL;
    if (settings->json && !output_check_json(settings->json, &error)) {
        fprintf(stderr,
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

int conclude(const Settings *settings, Outcome outcome, const Failure *failure,
             JsonNode *result, GPtrArray *all)
{
    g_autoptr(GError) error = NULL;
    int exit_code = outcome_row(outcome)->exit_code;

    if (failure->code != FAILURE_NONE) {
        g_autofree char *text = failure_to_text(failure);
        fputs(text, stderr);
    }
    if (!settings->quiet && g_strcmp0(settings->json, "-") != 0) {
        output_print_result(result);
    }
    if (settings->json && !write_json(settings, result, all, &error)) {
        fprintf(stderr,
                "error: %s\n  hint: the guest is as said above; only "
                "the result was not written\n",
                error->message);
        return exit_code ? exit_code : outcome_row(OUTCOME_VERDICT)->exit_code;
    }
    return exit_code;
}

int conclude_early(const Settings *settings, FailureCode code, char *message,
                   gboolean no_guest)
{
    Failure failure = { .code = code, .phase = "start", .message = message };
    Outcome outcome = failure_row(code)->outcome;
    const ReportExtras extras = { .guest_downtime_us = -1,
                                  .no_guest = no_guest };
    g_autoptr(JsonNode) result =
        report_result(outcome, &failure, NULL, &extras);
    int exit_code = conclude(settings, outcome, &failure, result, NULL);

    failure_clear(&failure);
    return exit_code;
}

int conclude_usage(const char *verb, const GError *error)
{
    const ReportExtras extras = { .guest_downtime_us = -1,
                                  .no_guest = strcmp(verb, "lab") == 0 };
    Failure failure = { .code = FAILURE_USAGE,
                        .phase = "start",
                        .message = g_strdup(error->message),
                        .hint =
                            g_strdup_printf("see qmigrate %s --help", verb) };
    const char *path = settings_json_word();

    if (path && output_check_json(path, NULL)) {
        g_autoptr(JsonNode) result =
            report_result(OUTCOME_USAGE, &failure, NULL, &extras);
        output_write_json(path, result, NULL);
    }
    failure_clear(&failure);
    return usage_failed(verb, error);
}
