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

static void all_say(Transfer *transfer, const char *run_state,
                    const char *source, const char *destination)
{
    answers(transfer, SIDE_SOURCE, ASK_RUN_STATE, run_state);
    answers(transfer, SIDE_SOURCE, ASK_MIGRATION, source);
    answers(transfer, SIDE_DESTINATION, ASK_RUN_STATE, "inmigrate");
    answers(transfer, SIDE_DESTINATION, ASK_MIGRATION, destination);
}

static void both_say(Transfer *transfer, const char *source)
{
    all_say(transfer, "running", source, "failed");
}

static guint n_sent(const Transfer *transfer, Ask ask)
{
    guint n = 0;
    for (guint i = 0; i < transfer->m->actions->len; i++) {
        const Action *action = transfer->m->actions->pdata[i];
        n += action->ask == ask;
    }
    return n;
}

static guint n_cancels(const Transfer *transfer)
{
    return n_sent(transfer, TELL_CANCEL);
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

static const struct {
    const char *what;
    const char *run_state, *source, *destination;
    bool postcopy_sent, is_armed, loses_cancel;
    guint n_cancels, n_yanks; /* within 10 s */
} stuck[] = {
    { "a silent channel", "running", "cancelling", "active", .n_yanks = 3 },
    { "the guest was paused", "paused", "cancelling", "active", .n_yanks = 3 },
    { "the last of pre-copy", "finish-migrate", "cancelling", "active",
      .n_yanks = 3 },
    { "perhaps a post-copy", "finish-migrate", "cancelling", "active",
      .is_armed = true },
    { "the destination says so", "running", "cancelling", "postcopy-active" },
    { "it was to switch", "running", "active", "active", .postcopy_sent = true,
      .n_yanks = 3 },
    { "it is switching", "finish-migrate", "active", "active",
      .postcopy_sent = true },
    { "a cancel that was lost", "paused", "pre-switchover", "active",
      .loses_cancel = true, .n_cancels = 4 },
};

static void what_hangs_in_precopy_is_freed(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stuck); i++) {
        g_autoptr(Transfer) transfer = transfer_new();
        Migration *m = transfer->m;
        m->context.postcopy_sent = stuck[i].postcopy_sent;
        if (stuck[i].is_armed) {
            g_autoptr(JsonNode) capabilities = json_from_string(
                "[{\"capability\":\"postcopy-ram\",\"state\":true}]", NULL);
            caps_inventory_take_capabilities(&m->inventories[SIDE_SOURCE],
                                             capabilities);
        }
        for (int tick = 0; tick < 100; tick++) {
            all_say(transfer, stuck[i].run_state, stuck[i].source,
                    stuck[i].destination);
            for (Ask ask = TELL_CANCEL; ask <= TELL_YANK; ask++) {
                bool is_lost = stuck[i].loses_cancel && ask == TELL_CANCEL;
                feed(transfer,
                     (Event){ .kind = is_lost ? EVENT_SILENT : EVENT_REPLY,
                              .side = SIDE_SOURCE,
                              .ask = ask });
            }
            m->now_us += 94000;
            feed(transfer, (Event){ .kind = EVENT_TICK });
        }
        check_case(stuck[i].what, n_cancels(transfer) == stuck[i].n_cancels);
        check_case(stuck[i].what,
                   n_sent(transfer, TELL_YANK) == stuck[i].n_yanks);
    }
}

static void who_falls_silent_is_not_known(void **state)
{
    g_autoptr(Transfer) transfer = transfer_new();
    Migration *m = transfer->m;

    both_say(transfer, "cancelling");
    feed(transfer, (Event){ .kind = EVENT_TICK });
    for (Ask ask = ASK_RUN_STATE; ask <= ASK_MIGRATION; ask++) {
        feed(transfer,
             (Event){ .kind = EVENT_SILENT, .side = SIDE_SOURCE, .ask = ask });
    }
    feed(transfer, (Event){ .kind = EVENT_DEADLINE });
    feed(transfer, (Event){ .kind = EVENT_DEADLINE });
    assert_int_equal(m->phase, PHASE_DONE);
    assert_int_equal(m->outcome, OUTCOME_UNRESOLVED);
    assert_non_null(strstr(m->failure.hint, "qmigrate cancel --source"));
}

/* It was cancelling when it died, and the destination does not answer. */
static void nothing_is_sent_to_the_dead(void **state)
{
    g_autoptr(Transfer) transfer = transfer_new();
    Migration *m = transfer->m;

    both_say(transfer, "cancelling");
    feed(transfer, (Event){ .kind = EVENT_LOST,
                            .side = SIDE_DESTINATION,
                            .code = FAILURE_MONITOR_LOST,
                            .text = "gone" });
    feed(transfer, (Event){ .kind = EVENT_TICK });
    feed(transfer, (Event){ .kind = EVENT_DIED, .side = SIDE_SOURCE });
    m->now_us += 10 * G_USEC_PER_SEC;
    feed(transfer, (Event){ .kind = EVENT_TICK });
    assert_int_equal(m->phase, PHASE_RESOLVE);
    assert_int_equal(n_cancels(transfer) + n_sent(transfer, TELL_YANK), 0);
}

/* What could not be put back is named, with its old value. */
static void what_is_left_is_named(void **state)
{
    g_autoptr(Transfer) transfer = transfer_new();
    Migration *m = transfer->m;
    CapsStep *step = g_new0(CapsStep, 1);
    step->command = qmp_command_new("migrate-set-parameters");
    qmp_command_set_int(step->command, "max-bandwidth", 5);
    step->undo = qmp_command_new("migrate-set-parameters");
    qmp_command_set_int(step->undo, "max-bandwidth", 7);
    g_ptr_array_add(m->steps, step);
    m->n_sent = 1;

    both_say(transfer, "cancelling");
    feed(transfer, (Event){ .kind = EVENT_DEADLINE });
    assert_int_equal(m->phase, PHASE_RESOLVE); /* it has some more time */
    m->now_us += 60 * G_USEC_PER_SEC;
    feed(transfer, (Event){ .kind = EVENT_TICK });
    assert_int_equal(m->phase, PHASE_DONE);
    assert_int_equal(m->outcome, OUTCOME_CANCELLED);
    g_ptr_array_add(m->notes, NULL);
    g_autofree char *notes = g_strjoinv("\n", (char **)m->notes->pdata);
    g_ptr_array_remove_index(m->notes, m->notes->len - 1);
    assert_non_null(strstr(notes, "max-bandwidth=7"));
    assert_non_null(strstr(notes, "cancelling"));
    assert_true(m->is_undo_late); /* so its journal is kept */
}

static CapsStep *object_step(Side side)
{
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = side;
    step->command = qmp_command_new("object-add");
    step->undo = qmp_command_new("object-del");
    qmp_command_set_string(step->undo, "id", "qmigrate-creds");
    return step;
}

/* The destination learns of the end of the stream a moment after the source. */
static void a_destination_that_still_ends_is_waited_for(void **state)
{
    g_autoptr(Transfer) transfer = transfer_new();
    Migration *m = transfer->m;
    g_ptr_array_add(m->steps, object_step(SIDE_DESTINATION));
    m->n_sent = 1;
    m->migrate_us = m->now_us;
    m->facts[SIDE_DESTINATION].status = STATUS_ACTIVE;
    all_say(transfer, "running", "cancelled", "active");
    assert_int_equal(m->phase, PHASE_ROLL_BACK);
    assert_int_equal(n_sent(transfer, TELL_UNDO), 0);

    feed(transfer, (Event){ .kind = EVENT_TICK });
    answers(transfer, SIDE_DESTINATION, ASK_MIGRATION, "failed");
    assert_int_equal(n_sent(transfer, ASK_PARAMETERS),
                     1); /* then it is undone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_elses_cancel_is_the_cause),
        cmocka_unit_test(what_the_destination_failed_of_stays_so),
        cmocka_unit_test(what_hangs_in_precopy_is_freed),
        cmocka_unit_test(who_falls_silent_is_not_known),
        cmocka_unit_test(nothing_is_sent_to_the_dead),
        cmocka_unit_test(what_is_left_is_named),
        cmocka_unit_test(a_destination_that_still_ends_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
