/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's words to facts; what a newer one says harms nobody. */
#include "tests/lib/check.h"

#include "orchestrator/facts.h"
#include "tests/lib/recorded.h"

static const struct {
    const char *word;
    Status status;
    bool terminal, switchover;
} words[] = {
    { "none", STATUS_NONE, true, false },
    { "setup", STATUS_SETUP, false, false },
    { "wait-unplug", STATUS_WAIT_UNPLUG, false, false },
    { "active", STATUS_ACTIVE, false, false },
    { "pre-switchover", STATUS_PRE_SWITCHOVER, false, true },
    { "device", STATUS_DEVICE, false, true },
    { "postcopy-active", STATUS_POSTCOPY, false, false },
    { "postcopy-paused", STATUS_POSTCOPY_PAUSED, false, false },
    { "postcopy-recover", STATUS_POSTCOPY_RECOVER, false, false },
    { "postcopy-recover-setup", STATUS_POSTCOPY_RECOVER, false,
      false },                                                   /* 9.1 */
    { "postcopy-device", STATUS_POSTCOPY_DEVICE, false, false }, /* 10.2 */
    { "postcopy-of-tomorrow", STATUS_POSTCOPY, false, false },
    { "failing", STATUS_IN_PROGRESS, false, false }, /* 11: not final */
    { "colo", STATUS_IN_PROGRESS, false, false },
    { "quite-new", STATUS_IN_PROGRESS, false, false },
    { "", STATUS_IN_PROGRESS, false, false },
    { "Completed", STATUS_IN_PROGRESS, false, false },
    { "cancelling", STATUS_CANCELLING, false, false },
    { "completed", STATUS_COMPLETED, true, false },
    { "failed", STATUS_FAILED, true, false },
    { "cancelled", STATUS_CANCELLED, true, false },
};

static void knows_every_status(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        Status status = status_from_word(words[i].word);

        check_case(words[i].word, status == words[i].status);
        check_case(words[i].word,
                   status_is_terminal(status) == words[i].terminal);
        check_case(words[i].word,
                   status_is_in_progress(status) == !words[i].terminal);
        check_case(words[i].word,
                   status_is_switchover(status) == words[i].switchover);
    }
    assert_false(status_is_terminal(STATUS_UNKNOWN));
    assert_false(status_is_in_progress(STATUS_UNKNOWN));
}

static void words_lead_back(void **state)
{
    for (Status status = 0; status < N_STATUSES; status++) {
        const char *word = status_to_word(status);

        assert_non_null(word);
        check_case(word, status == STATUS_UNKNOWN ||
                             status_from_word(word) == status);
    }
}

/* Each step is absorbed in turn: a reply of query-migrate ("m"), of
 * query-status ("s"), or an event of that name. */
typedef struct {
    const char *kind, *json;
} Step;

static const struct {
    const char *what;
    Step steps[6];
    Status status;
    const char *run_state, *error_desc;
    bool stopped;
    int64_t stop_us, resume_us, completed_us; /* the step's number, from 1 */
} cases[] = {
    { "nothing so far", { { "m", "{}" } }, STATUS_NONE, "" },
    { "a port to listen at is no status: 7.2",
      { { "m", "{\"socket-address\":[{\"port\":\"1\"}]}" } },
      STATUS_NONE,
      "" },
    { "it listens: 10.0",
      { { "m", "{\"status\":\"setup\"}" } },
      STATUS_SETUP,
      "" },
    { "a run state",
      { { "s", "{\"status\":\"running\"}" } },
      STATUS_UNKNOWN,
      "running" },
    { "a run state that is no text",
      { { "s", "{\"status\":\"paused\"}" }, { "s", "{\"status\":1}" } },
      STATUS_UNKNOWN,
      "paused" },
    { "replies of no kind",
      { { "s", "[]" }, { "s", "null" }, { "m", "[]" }, { "m", "1" } },
      STATUS_UNKNOWN,
      "" },
    { "why it failed",
      { { "m", "{\"status\":\"failed\",\"error-desc\":\"no room\"}" } },
      STATUS_FAILED,
      "",
      "no room" },
    { "the last reason counts",
      { { "m", "{\"status\":\"failed\",\"error-desc\":\"one\"}" },
        { "m", "{\"status\":\"failed\",\"error-desc\":\"two\"}" } },
      STATUS_FAILED,
      "",
      "two" },
    { "no reason given keeps the one before",
      { { "m", "{\"status\":\"failed\",\"error-desc\":\"one\"}" },
        { "m", "{\"status\":\"failed\"}" } },
      STATUS_FAILED,
      "",
      "one" },
    { "stopped", { { "STOP", NULL } }, STATUS_UNKNOWN, "", NULL, true, 1 },
    { "stopped and resumed",
      { { "STOP", NULL }, { "RESUME", NULL } },
      STATUS_UNKNOWN,
      "",
      NULL,
      false,
      1,
      2 },
    { "stopped again",
      { { "STOP", NULL }, { "RESUME", NULL }, { "STOP", NULL } },
      STATUS_UNKNOWN,
      "",
      NULL,
      true,
      3,
      2 },
    { "completed",
      { { "MIGRATION", "{\"status\":\"completed\"}" } },
      STATUS_COMPLETED,
      "",
      NULL,
      false,
      0,
      0,
      1 },
    { "an event overtakes an answer",
      { { "MIGRATION", "{\"status\":\"completed\"}" },
        { "m", "{\"status\":\"device\"}" } },
      STATUS_COMPLETED,
      "",
      NULL,
      false,
      0,
      0,
      1 },
    { "but failed is news",
      { { "MIGRATION", "{\"status\":\"completed\"}" },
        { "m", "{\"status\":\"failed\"}" } },
      STATUS_FAILED,
      "",
      NULL,
      false,
      0,
      0,
      1 },
    { "a newer event counts",
      { { "m", "{\"status\":\"active\"}" },
        { "MIGRATION", "{\"status\":\"failing\"}" } },
      STATUS_IN_PROGRESS,
      "" },
    { "events without what they should have",
      { { "MIGRATION", NULL },
        { "MIGRATION", "{}" },
        { "MIGRATION", "{\"status\":[]}" },
        { "MIGRATION_PASS", "{\"pass\":1}" },
        { "QUITE_NEW", "{\"status\":\"failed\"}" } },
      STATUS_UNKNOWN,
      "" },
    { "who resumes waits no more",
      { { "s", "{\"status\":\"inmigrate\"}" }, { "RESUME", NULL } },
      STATUS_UNKNOWN,
      "running",
      NULL,
      false,
      0,
      2 },
    { "words longer than any",
      { { "s", "{\"status\":\"a-run-state-of-a-much-later-release\"}" },
        { "m", "{\"status\":\"a-status-of-a-much-later-release\"}" } },
      STATUS_IN_PROGRESS,
      "a-run-state-of-a-much-l" },
};

static void absorb(Facts *facts, const Step *step, int64_t time_us)
{
    g_autoptr(JsonNode) value = step->json ? json_value(step->json) : NULL;

    if (strcmp(step->kind, "m") == 0) {
        facts_take_query_migrate(facts, value);
    } else if (strcmp(step->kind, "s") == 0) {
        facts_take_query_status(facts, value);
    } else {
        facts_take_event(facts, step->kind,
                         value ? json_node_get_object(value) : NULL, time_us);
    }
}

static void absorbs(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *what = cases[i].what;
        Facts facts = { 0 };

        for (const Step *step = cases[i].steps; step->kind; step++) {
            absorb(&facts, step, step - cases[i].steps + 1);
        }
        check_case(what, facts.status == cases[i].status);
        check_case(what, facts_run_state_is(&facts, cases[i].run_state));
        check_case(what, facts.stopped == cases[i].stopped);
        check_case(what, facts.stop_us == cases[i].stop_us);
        check_case(what, facts.resume_us == cases[i].resume_us);
        check_case(what, facts.completed_us == cases[i].completed_us);
        check_case(what, g_strcmp0(facts.error_desc, cases[i].error_desc) == 0);
        facts_clear(&facts);
    }
}

static void no_reply_is_no_fact(void **state)
{
    Facts facts = { 0 };

    facts_take_query_status(&facts, NULL);
    facts_take_query_migrate(&facts, NULL);
    assert_int_equal(facts.status, STATUS_UNKNOWN);
    facts_clear(&facts);
}

static void the_first_sign_of_a_failure_counts(void **state)
{
    static const char *const statuses[] = { "active", "failing", "failed" };
    Facts facts = { 0 };
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(JsonObject) data = json_object_new();
        json_object_set_string_member(data, "status", statuses[i]);
        facts_take_event(&facts, "MIGRATION", data, 10 + i);
        assert_int_equal(facts.failed_us, i == 0 ? 0 : 11);
    }
    facts_clear(&facts);
}

static void a_shutdown_has_its_reason(void **state)
{
    static const struct {
        const char *data, *reason;
    } shutdowns[] = {
        { "{\"guest\":true,\"reason\":\"guest-shutdown\"}", "guest-shutdown" },
        { "{\"guest\":false,\"reason\":\"host-qmp-quit\"}", "host-qmp-quit" },
        { "{\"guest\":true}", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(shutdowns); i++) {
        g_autoptr(JsonNode) data = json_from_string(shutdowns[i].data, NULL);
        Facts facts = { 0 };
        facts_take_event(&facts, "SHUTDOWN", json_node_get_object(data), 7);
        assert_string_equal(facts.shutdown_reason, shutdowns[i].reason);
        assert_int_equal(facts.shutdown_us, 7);
        facts_clear(&facts);
    }
}

/* An answer is as old as its question; STOP and RESUME come at once. */
static void stop_overtakes_an_answer(void **state)
{
    g_autoptr(JsonNode) runs = json_value("{\"status\":\"running\"}");
    Facts facts = { 0 };
    facts_take_query_status(&facts, runs);
    assert_true(facts_is_running(&facts));
    facts_take_event(&facts, "STOP", NULL, 1);
    assert_false(facts_is_running(&facts));
    facts_take_query_status(&facts, runs); /* written before the STOP */
    assert_false(facts_is_running(&facts));
    facts_take_event(&facts, "RESUME", NULL, 2);
    assert_true(facts_is_running(&facts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_every_status),
        cmocka_unit_test(the_first_sign_of_a_failure_counts),
        cmocka_unit_test(a_shutdown_has_its_reason),
        cmocka_unit_test(words_lead_back),
        cmocka_unit_test(absorbs),
        cmocka_unit_test(stop_overtakes_an_answer),
        cmocka_unit_test(no_reply_is_no_fact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
