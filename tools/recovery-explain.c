/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/recovery-explain.h"

#include <stdio.h>

#include "orchestrator/recovery-plan.h"
#include "tools/conclude.h"
#include "tools/output.h"
#include "tools/plain.h"

static const char *word_or(const char *word, const char *other)
{
    return *word ? word : other;
}

static void print_side(const Migration *m, Side side)
{
    const Facts *facts = &m->facts[side];
    const char *ran = facts_has_run(facts) ? ", has run the guest"
                      : facts->never_ran   ? ", never ran the guest"
                                           : "";
    if (facts->dead) {
        plain_print(stdout, "%-12s ended\n", side_name(side));
    } else if (!facts->connected) {
        plain_print(stdout, "%-12s cannot be reached\n", side_name(side));
    } else {
        plain_print(stdout, "%-12s migration %s, run state %s%s\n",
                    side_name(side), word_or(facts->status_word, "unknown"),
                    word_or(facts->run_state, "unknown"),
                    side == SIDE_DESTINATION ? ran : "");
    }
}

/* What was written down, in words. */
static void print_record(const RecoveryRecord *record)
{
    if (!record) {
        plain_print(stdout, "record       none of this user matches\n");
        return;
    }
    plain_print(stdout,
                "record       %s; the guest was %s before; %u setting%s to "
                "restore\n",
                record->context.started ? "migrate was sent" : "not started",
                record->context.guest_ran ? "running" : "paused",
                record->steps->len, record->steps->len == 1 ? "" : "s");
}

static JsonNode *to_json(const RecoveryPlan *plan)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "schema", "qmigrate.recovery/1");
    json_object_set_string_member(object, "found", plan->found);
    json_object_set_string_member(object, "action", plan->does);
    json_node_take_object(node, object);
    return node;
}

int recovery_explain(const Settings *settings, const Migration *m)
{
    g_autoptr(GError) error = NULL;
    Outcome outcome = OUTCOME_MIGRATED;

    conclude_say(&m->failure);
    if (!m->plan) {
        return outcome_row(m->outcome)->exit_code;
    }
    if (g_strcmp0(settings->json, "-") != 0) {
        print_side(m, SIDE_SOURCE);
        print_side(m, SIDE_DESTINATION);
        print_record(m->record);
        plain_print(stdout, "found        %s\n", m->plan->found);
        plain_print(stdout, "action       %s\n", m->plan->does);
        outcome = output_flush() ? outcome : OUTCOME_ERROR;
    }
    g_autoptr(JsonNode) document = to_json(m->plan);
    if (settings->json &&
        !output_write_json(settings->json, document, &error)) {
        plain_print(stderr, "error: %s\n", error->message);
        outcome = OUTCOME_ERROR;
    }
    return outcome_row(outcome)->exit_code;
}
