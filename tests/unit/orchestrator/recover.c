/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A post-copy that hangs in the middle of being mended: left so that it can be
 * mended later, and taken over from whoever left it. */
#include "tests/lib/check.h"

#include "orchestrator/phases.h"

typedef struct {
    MigrationSettings settings;
    Migration *m;
    int64_t now_us;
} Split;

static void feed(Split *split, Event event)
{
    event.time_us = split->now_us;
    migration_feed(split->m, &event);
}

static void turns(Split *split, Side side, const char *status)
{
    g_autoptr(JsonObject) data = json_object_new();
    json_object_set_string_member(data, "status", status);
    feed(split, (Event){ .kind = EVENT_QMP,
                         .side = side,
                         .name = "MIGRATION",
                         .data = data });
}

static void answers(Split *split, Side side, Ask ask, const char *text)
{
    g_autoptr(JsonNode) value = json_from_string(text, NULL);
    assert_non_null(value);
    feed(split,
         (Event){
             .kind = EVENT_REPLY, .side = side, .ask = ask, .value = value });
}

static void ticks(Split *split, int after_ms)
{
    split->now_us += after_ms * 1000;
    feed(split, (Event){ .kind = EVENT_TICK });
}

/* How many migrate-pause were sent to @side since it was last asked. */
static guint n_pauses(Split *split, Side side)
{
    guint n = 0;
    for (guint i = split->m->actions->len; i-- > 0;) {
        const Action *action = split->m->actions->pdata[i];
        if (action->side == side && action->ask == TELL_PAUSE) {
            n++;
            g_ptr_array_remove_index(split->m->actions, i);
        }
    }
    return n;
}

/* In recover, both as the words say. */
static Split *split_new(const char *source, const char *destination)
{
    const char *const words[] = { source, destination };
    Split *split = g_new0(Split, 1);
    split->settings =
        (MigrationSettings){ .uri = g_strdup("unix:/run/stream") };
    Migration *m = split->m = migration_new(&split->settings);
    split->now_us = 100 * G_USEC_PER_SEC;
    m->now_us = m->recovery.broken_us = m->migrate_us = split->now_us;
    m->phase = PHASE_RECOVER;
    m->recovery.step = RECOVERY_RESUME;
    m->recovery.step_us = split->now_us;
    m->context = (OwnerContext){ .started = true,
                                 .ours = { .proof = OURS_PROVED },
                                 .guest_ran = true,
                                 .handed_over = true,
                                 .cont_sent = true,
                                 .postcopy = true,
                                 .arrived = true };
    m->migrate_uri = g_strdup("unix:/run/stream");
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        m->facts[side].connected = true;
        m->facts[side].status = status_from_word(words[side]);
    }
    return split;
}

static void split_free(Split *split)
{
    migration_free(split->m);
    migration_settings_clear(&split->settings);
    g_free(split);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Split, split_free)

static void a_hung_handshake_is_not_left_so(void **state)
{
    g_autoptr(Split) split = split_new("postcopy-recover", "postcopy-recover");

    feed(split, (Event){ .kind = EVENT_DEADLINE });
    feed(split, (Event){ .kind = EVENT_DEADLINE }); /* no second one counts */
    ticks(split, 100);
    assert_int_equal(n_pauses(split, SIDE_SOURCE), 1);
    assert_int_equal(n_pauses(split, SIDE_DESTINATION), 0);
    turns(split, SIDE_SOURCE, "postcopy-paused");
    assert_int_equal(split->m->phase, PHASE_RECOVER);
    ticks(split, 1100);
    assert_int_equal(n_pauses(split, SIDE_SOURCE), 0);
    assert_int_equal(n_pauses(split, SIDE_DESTINATION), 1);
    turns(split, SIDE_DESTINATION, "postcopy-paused");
    assert_int_equal(split->m->phase, PHASE_RESOLVE);
    assert_int_equal(split->m->failure.code, FAILURE_POSTCOPY_BROKEN);
}

static void resolve_as(Split *split, const char *source)
{
    g_autofree char *text = g_strdup_printf("{\"status\": \"%s\"}", source);
    answers(split, SIDE_SOURCE, ASK_RUN_STATE,
            "{\"status\": \"finish-migrate\"}");
    answers(split, SIDE_SOURCE, ASK_MIGRATION, text);
    answers(split, SIDE_DESTINATION, ASK_RUN_STATE,
            "{\"status\": \"running\"}");
    answers(split, SIDE_DESTINATION, ASK_MIGRATION,
            "{\"status\": \"postcopy-paused\"}");
}

static void what_refuses_to_be_paused_cannot_be_mended(void **state)
{
    g_autoptr(Split) split = split_new("postcopy-recover", "postcopy-paused");

    feed(split, (Event){ .kind = EVENT_DEADLINE });
    ticks(split, 1100);
    assert_int_equal(n_pauses(split, SIDE_SOURCE), 1);
    feed(split, (Event){ .kind = EVENT_REFUSED,
                         .side = SIDE_SOURCE,
                         .ask = TELL_PAUSE,
                         .text = "no" });
    ticks(split, 4000);
    assert_int_equal(split->m->phase, PHASE_RESOLVE);
    resolve_as(split, "postcopy-recover");
    assert_int_equal(split->m->outcome, OUTCOME_UNRESOLVED);
    assert_non_null(strstr(split->m->failure.hint, "refuses migrate-pause"));
}

static void what_is_paused_can_be_mended_later(void **state)
{
    g_autoptr(Split) split = split_new("postcopy-paused", "postcopy-paused");

    feed(split, (Event){ .kind = EVENT_DEADLINE });
    assert_int_equal(split->m->phase, PHASE_RESOLVE);
    resolve_as(split, "postcopy-paused");
    assert_int_equal(split->m->outcome, OUTCOME_POSTCOPY_PAUSED);
}

static void watch(Split *split)
{
    split->m->recovery.step = RECOVERY_WATCH;
    split->m->recovery.found = split->m->facts[SIDE_SOURCE].status;
}

static void says_bytes(Split *split, const char *status, int n)
{
    g_autofree char *text =
        g_strdup_printf("{\"status\": \"%s\", \"ram\": {\"transferred\": %d, "
                        "\"remaining\": 5, \"total\": 9}}",
                        status, n);
    ticks(split, 100);
    answers(split, SIDE_SOURCE, ASK_MIGRATION, text);
    answers(split, SIDE_DESTINATION, ASK_MIGRATION, text);
}

static void what_hangs_is_taken_over(void **state)
{
    static const char *const words[] = { "postcopy-recover",
                                         "postcopy-active" };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(Split) split = split_new(words[i], words[i]);
        watch(split);
        for (int j = 0; j < 98; j++) {
            says_bytes(split, words[i], 1000);
        }
        assert_int_equal(n_pauses(split, SIDE_SOURCE), 0);
        for (int j = 0; j < 10; j++) {
            says_bytes(split, words[i], 1000);
        }
        assert_int_equal(split->m->recovery.step, RECOVERY_PAUSE);
        assert_int_equal(n_pauses(split, SIDE_SOURCE), 1);
        assert_int_equal(n_pauses(split, SIDE_DESTINATION), 0);
    }
}

/* I13: the destination may wait for a page, or be frozen. */
static void what_does_not_answer_is_not_taken_over(void **state)
{
    g_autoptr(Split) split = split_new("postcopy-active", "postcopy-active");
    watch(split);
    for (int j = 0; j < 300; j++) {
        ticks(split, 100);
        answers(split, SIDE_SOURCE, ASK_MIGRATION,
                "{\"status\": \"postcopy-active\", \"ram\": "
                "{\"transferred\": 1, \"remaining\": 5, \"total\": 9}}");
    }
    feed(split, (Event){ .kind = EVENT_DEADLINE });
    assert_int_equal(n_pauses(split, SIDE_SOURCE), 0);
    assert_int_equal(n_pauses(split, SIDE_DESTINATION), 0);
    assert_int_equal(split->m->phase, PHASE_RESOLVE);
    assert_true(split->m->recovery.is_over);
}

static void what_is_in_hands_is_refused(void **state)
{
    g_autoptr(Split) moves = split_new("postcopy-active", "postcopy-active");
    watch(moves);
    says_bytes(moves, "postcopy-active", 1000);
    says_bytes(moves, "postcopy-active", 1000);
    assert_int_equal(moves->m->phase, PHASE_RECOVER);
    says_bytes(moves, "postcopy-active", 2000);
    assert_int_equal(moves->m->phase, PHASE_DONE);
    assert_int_equal(moves->m->outcome, OUTCOME_REFUSED);

    g_autoptr(Split) mended = split_new("postcopy-recover", "postcopy-recover");
    watch(mended);
    turns(mended, SIDE_SOURCE, "postcopy-active");
    assert_int_equal(mended->m->phase, PHASE_DONE);
    assert_int_equal(mended->m->outcome, OUTCOME_REFUSED);
    assert_int_equal(n_pauses(mended, SIDE_SOURCE), 0);
}

/* ---- examine: who cannot be reached ---- */

/* As far as the source's answer, after which the destination is looked for. */
static Split *inspects(const char *source, const char *run_state)
{
    Split *split = split_new(source, "none");
    Migration *m = split->m;
    split->settings.recover_only = true;
    m->phase = PHASE_EXAMINE;
    m->context = (OwnerContext){ 0 };
    m->facts[SIDE_DESTINATION] = (Facts){ 0 };
    g_strlcpy(m->facts[SIDE_SOURCE].run_state, run_state,
              sizeof(m->facts[SIDE_SOURCE].run_state));
    return split;
}

static void loses_destination(Split *split)
{
    feed(split, (Event){ .kind = EVENT_LOST,
                         .side = SIDE_DESTINATION,
                         .code = FAILURE_MONITOR_UNREACHABLE,
                         .text = "refused" });
}

static void source_says_paused(Split *split)
{
    answers(split, SIDE_SOURCE, ASK_RUN_STATE,
            "{\"status\": \"finish-migrate\"}");
    answers(split, SIDE_SOURCE, ASK_MIGRATION,
            "{\"status\": \"postcopy-paused\"}");
}

static void a_half_that_cannot_be_reached_is_not_proved_gone(void **state)
{
    g_autoptr(Split) split = inspects("postcopy-paused", "finish-migrate");

    loses_destination(split);
    assert_int_equal(split->m->phase, PHASE_RESOLVE);
    source_says_paused(split);
    loses_destination(split);
    assert_int_equal(split->m->phase, PHASE_RESOLVE);
    feed(split, (Event){ .kind = EVENT_DEADLINE });
    assert_int_equal(split->m->outcome, OUTCOME_UNRESOLVED);
    assert_non_null(strstr(split->m->failure.hint, "never cont the source"));
}

static void a_half_that_is_said_to_be_dead_is(void **state)
{
    g_autoptr(Split) split = inspects("postcopy-paused", "finish-migrate");
    split->settings.destination_is_dead = true;

    loses_destination(split);
    loses_destination(split);
    source_says_paused(split);
    assert_int_equal(split->m->phase, PHASE_DONE);
    assert_int_equal(split->m->outcome, OUTCOME_LOST);
}

static void interrupted_before_it_knows_it_changes_nothing(void **state)
{
    g_autoptr(Split) split = inspects("postcopy-paused", "finish-migrate");

    feed(split, (Event){ .kind = EVENT_CANCEL });
    assert_int_equal(split->m->phase, PHASE_DONE);
    assert_int_equal(split->m->outcome, OUTCOME_UNRESOLVED);
    assert_int_equal(split->m->actions->len, 0);
}

static void one_that_only_listens_has_no_half(void **state)
{
    g_autoptr(Split) split = inspects("postcopy-paused", "finish-migrate");
    Facts *destination = &split->m->facts[SIDE_DESTINATION];

    destination->connected = true;
    destination->status = STATUS_SETUP;
    g_strlcpy(destination->run_state, "inmigrate",
              sizeof(destination->run_state));
    ticks(split, 100);
    assert_int_equal(split->m->phase, PHASE_DONE);
    assert_int_equal(split->m->failure.code, FAILURE_NOT_A_PAIR);
    assert_int_equal(split->m->actions->len, 0);
}

static void a_whole_guest_is_left_alone(void **state)
{
    g_autoptr(Split) split = inspects("none", "running");

    loses_destination(split);
    assert_int_equal(split->m->phase, PHASE_DONE);
    assert_int_equal(split->m->outcome, OUTCOME_REFUSED);
    assert_int_equal(split->m->failure.code, FAILURE_NO_MIGRATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hung_handshake_is_not_left_so),
        cmocka_unit_test(what_refuses_to_be_paused_cannot_be_mended),
        cmocka_unit_test(what_is_paused_can_be_mended_later),
        cmocka_unit_test(what_hangs_is_taken_over),
        cmocka_unit_test(what_does_not_answer_is_not_taken_over),
        cmocka_unit_test(what_is_in_hands_is_refused),
        cmocka_unit_test(a_half_that_cannot_be_reached_is_not_proved_gone),
        cmocka_unit_test(a_half_that_is_said_to_be_dead_is),
        cmocka_unit_test(interrupted_before_it_knows_it_changes_nothing),
        cmocka_unit_test(one_that_only_listens_has_no_half),
        cmocka_unit_test(a_whole_guest_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
