/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is said to have ended a migration, when it looks as if both sides did. */
#include "tests/lib/check.h"

#include "orchestrator/phases.h"
#include "qmp/json.h"

typedef struct {
    MigrationSettings settings;
    Migration *m;
} Transfer;

static void feed(Transfer *transfer, Event event)
{
    event.time_us = transfer->m->now_us + 1000;
    migration_feed(transfer->m, &event);
}

/* Under way, until the destination fails. */
static Transfer *transfer_new(void)
{
    Transfer *transfer = g_new0(Transfer, 1);
    transfer->settings.uri = g_strdup("unix:/run/stream");
    Migration *m = transfer->m = migration_new(&transfer->settings);
    m->phase = PHASE_TRANSFER;
    m->now_us = G_USEC_PER_SEC;
    m->context = (OwnerContext){ .started = true,
                                 .ours = { .proof = OURS_PROVED },
                                 .guest_ran = true };
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        m->facts[side].connected = true;
        m->facts[side].status = STATUS_ACTIVE;
    }
    g_autoptr(JsonObject) data = json_object_new();
    json_object_set_string_member(data, "status", "failed");
    feed(transfer, (Event){ .kind = EVENT_QMP,
                            .side = SIDE_DESTINATION,
                            .name = "MIGRATION",
                            .data = data });
    assert_int_equal(m->phase, PHASE_RESOLVE);
    return transfer;
}

static void transfer_free(Transfer *transfer)
{
    migration_free(transfer->m);
    migration_settings_clear(&transfer->settings);
    g_free(transfer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Transfer, transfer_free)

static void answers(Transfer *transfer, Side side, Ask ask, const char *status)
{
    g_autoptr(JsonObject) reply = json_object_new();
    json_object_set_string_member(reply, "status", status);
    g_autoptr(JsonNode) value = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(value, reply);
    feed(transfer,
         (Event){
             .kind = EVENT_REPLY, .side = side, .ask = ask, .value = value });
}

static void both_say(Transfer *transfer, const char *source)
{
    answers(transfer, SIDE_SOURCE, ASK_RUN_STATE, "running");
    answers(transfer, SIDE_SOURCE, ASK_MIGRATION, source);
    answers(transfer, SIDE_DESTINATION, ASK_RUN_STATE, "inmigrate");
    answers(transfer, SIDE_DESTINATION, ASK_MIGRATION, "failed");
}

static guint n_cancels(const Transfer *transfer)
{
    guint n = 0;
    for (guint i = 0; i < transfer->m->actions->len; i++) {
        const Action *action = transfer->m->actions->pdata[i];
        n += action->ask == TELL_CANCEL;
    }
    return n;
}

static void somebody_elses_cancel_is_the_cause(void **state)
{
    g_autoptr(Transfer) transfer = transfer_new();

    both_say(transfer, "cancelling");
    assert_int_equal(n_cancels(transfer), 0);
    feed(transfer, (Event){ .kind = EVENT_TICK });
    both_say(transfer, "cancelled");
    assert_int_equal(transfer->m->phase, PHASE_DONE);
    assert_int_equal(transfer->m->outcome, OUTCOME_CANCELLED);
    assert_int_equal(transfer->m->failure.code, FAILURE_CANCELLED_ELSEWHERE);
}

static void what_the_destination_failed_of_stays_so(void **state)
{
    g_autoptr(Transfer) transfer = transfer_new();

    both_say(transfer, "active");
    assert_int_equal(n_cancels(transfer), 1);
    feed(transfer, (Event){ .kind = EVENT_REPLY,
                            .side = SIDE_SOURCE,
                            .ask = TELL_CANCEL });
    feed(transfer, (Event){ .kind = EVENT_TICK });
    both_say(transfer, "cancelled");
    assert_int_equal(transfer->m->phase, PHASE_DONE);
    assert_int_equal(transfer->m->outcome, OUTCOME_FAILED);
    assert_int_equal(transfer->m->failure.code, FAILURE_DESTINATION_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_elses_cancel_is_the_cause),
        cmocka_unit_test(what_the_destination_failed_of_stays_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
