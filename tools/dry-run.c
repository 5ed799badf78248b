/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/dry-run.h"

#include <stdio.h>
#include <string.h>

#include "orchestrator/report.h"
#include "qmp/json.h"
#include "tools/conclude.h"
#include "tools/findings.h"
#include "tools/output.h"
#include "tools/plain.h"

JsonNode *dry_run_plan(const Settings *settings, Run *run)
{
    const Migration *m = run_migration(run);
    g_autoptr(GPtrArray) commands = NULL;

    if (!settings->dry_run || (m->failure.code != FAILURE_NONE &&
                               !findings_first(m->findings, FINDING_ERROR))) {
        return NULL;
    }
    if (m->failure.code == FAILURE_NONE) {
        commands = run_rehearse(run);
        if (!settings->quiet) {
            findings_warn(m->findings);
        }
    }
    return report_plan(commands, m->findings);
}

static void print(JsonArray *commands)
{
    const char *last = "";
    for (guint i = 0; i < json_array_get_length(commands); i++) {
        JsonObject *row = json_array_get_object_element(commands, i);
        const char *side = qmp_json_string(row, "side");
        g_autofree char *text =
            qmp_json_to_text(json_object_get_member(row, "message"));
        if (strcmp(side, last) != 0) {
            plain_print(stdout, "# %s\n", side);
        }
        plain_print(stdout, "-> %s\n", text);
        last = side;
    }
}

int dry_run_conclude(const Settings *settings, const Failure *failure,
                     JsonNode *plan)
{
    Outcome outcome = failure_row(failure->code)->outcome;

    conclude_say(failure);
    if (g_strcmp0(settings->json, "-") != 0) {
        print(qmp_json_array(json_node_get_object(plan), "commands"));
    }
    return output_conclude(outcome_row(outcome)->exit_code, OUTCOME_ERROR,
                           settings->json, plan);
}
