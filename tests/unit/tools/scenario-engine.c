/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which step is due when, and what is said of a result. */
#include "tools/scenario/engine.h"

#include <string.h>

#include "tests/lib/folder.h"
#include "tools/scenario/parse.h"
#include "tools/scenario/verdict.h"

static const char *const no_keys[] = { NULL };

static char *read_text(const char *path, gpointer user_data, GError **error)
{
    return g_strdup_printf("[scenario a]\n%s", (const char *)user_data);
}

static ScenarioFile *parse(const char *lines)
{
    g_autoptr(GError) error = NULL;
    ScenarioFile *file =
        scenario_file_parse("it", no_keys, read_text, (gpointer)lines, &error);
    assert_null(error);
    return file;
}

#define S SIDE_SOURCE
#define D SIDE_DESTINATION
#define TICK(ms)                                                               \
    {                                                                          \
        MOMENT_STEP, (ms)*1000                                                 \
    }

/* What is seen, one after the other, and which steps were taken then: a digit
 * for each. */
static const struct {
    const char *what, *steps;
    Sight sights[6];
    const char *taken;
} cases[] = {
    { "at the start", "at start: cancel", { { MOMENT_START, 1000 } }, "1" },
    { "nothing before it",
      "at start: cancel",
      { { MOMENT_STATUS, 1000, S, "active" } },
      "0" },
    { "nor a pass or a status that is none",
      "at pass 0: cancel\nat source none: cancel",
      { { MOMENT_BEATS, 1000, S, NULL, 1 }, { MOMENT_START, 2000 } },
      "02" },
    { "a status",
      "at source active: cancel",
      { { MOMENT_START, 1000 },
        { MOMENT_STATUS, 2000, D, "active" },
        { MOMENT_STATUS, 3000, S, "setup" },
        { MOMENT_STATUS, 4000, S, "active" } },
      "0001" },
    { "a status that is there already",
      "at pass 1: cancel\nat source active: cancel",
      { { MOMENT_START, 1000 },
        { MOMENT_STATUS, 2000, S, "active" },
        { MOMENT_PASS, 3000, S, NULL, 1 } },
      "002" },
    { "an event is not",
      "at pass 1: cancel\nat source event STOP: cancel",
      { { MOMENT_START, 1000 },
        { MOMENT_EVENT, 2000, S, "STOP" },
        { MOMENT_PASS, 3000, S, NULL, 1 },
        { MOMENT_EVENT, 4000, D, "STOP" },
        { MOMENT_EVENT, 5000, S, "STOP" } },
      "00101" },
    { "a pass that was jumped over",
      "at pass 2: cancel",
      { { MOMENT_START, 1000 },
        { MOMENT_PASS, 2000, S, NULL, 1 },
        { MOMENT_PASS, 3000, S, NULL, 3 } },
      "001" },
    { "little is left",
      "at remaining < 100: cancel",
      { { MOMENT_START, 1000 },
        { MOMENT_REMAINING, 2000, S, NULL, 100 },
        { MOMENT_REMAINING, 3000, S, NULL, 99 } },
      "001" },
    { "heartbeats",
      "at beats 3: cancel",
      { { MOMENT_START, 1000 },
        { MOMENT_BEATS, 2000, S, NULL, 2 },
        { MOMENT_BEATS, 3000, S, NULL, 3 } },
      "001" },
    { "later",
      "at 5ms after source active: cancel",
      { { MOMENT_START, 1000 },
        { MOMENT_STATUS, 2000, S, "active" },
        TICK(6),
        { MOMENT_STATUS, 6500, S, "device" },
        TICK(7),
        TICK(8) },
      "000010" },
    { "after the step before",
      "at start: cancel\nat 5ms: cancel\nat 5ms: cancel",
      { { MOMENT_START, 1000 }, TICK(5), TICK(6), TICK(10), TICK(11) },
      "10101" },
    { "over",
      "at end: cancel\nat end: cancel",
      { { MOMENT_START, 1000 }, { MOMENT_END, 2000 } },
      "02" },
    { "what is for the next migration",
      "at end: again\nat end: cancel",
      { { MOMENT_START, 1000 }, { MOMENT_END, 2000 }, { MOMENT_END, 3000 } },
      "010" },
    { "a line of the guest's",
      "at guest rate: cancel\nat guest rate: cancel",
      { { MOMENT_START, 1000 },
        { MOMENT_GUEST, 2000, S, "writes" },
        { MOMENT_GUEST, 3000, S, "rate" },
        { MOMENT_BEATS, 4000, S, NULL, 3 },
        { MOMENT_GUEST, 5000, D, "rate" } },
      "00101" },
};

static void steps_are_taken_in_their_order(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(ScenarioFile) file = parse(cases[i].steps);
        Engine engine;

        print_message("%s\n", cases[i].what);
        engine_init(&engine, file->scenarios->pdata[0]);
        for (size_t j = 0; cases[i].taken[j]; j++) {
            g_autoptr(GPtrArray) due = g_ptr_array_new();
            engine_take(&engine, &cases[i].sights[j], due);
            assert_int_equal(due->len, cases[i].taken[j] - '0');
        }
        engine_clear(&engine);
    }
}

static void the_next_migration_begins_anew(void **state)
{
    g_autoptr(ScenarioFile) file =
        parse("at end: again\nat source completed: cancel\nat end: cancel");
    g_autoptr(GPtrArray) due = g_ptr_array_new();
    Engine engine;

    engine_init(&engine, file->scenarios->pdata[0]);
    engine_take(&engine, &(Sight){ MOMENT_START, 1000 }, due);
    engine_take(&engine, &(Sight){ MOMENT_STATUS, 2000, S, "completed" }, due);
    engine_take(&engine, &(Sight){ MOMENT_END, 3000 }, due);
    assert_int_equal(due->len, 1);
    engine_again(&engine);
    engine_take(&engine, &(Sight){ MOMENT_STEP, 4000 }, due);
    assert_int_equal(due->len, 1); /* it was the last one's */
    engine_take(&engine, &(Sight){ MOMENT_STATUS, 5000, S, "completed" }, due);
    assert_int_equal(due->len, 2);
    engine_take(&engine, &(Sight){ MOMENT_END, 6000 }, due);
    assert_int_equal(due->len, 3);
    engine_clear(&engine);
}

static void a_clock_is_asked_for(void **state)
{
    g_autoptr(ScenarioFile) file = parse("at 5ms after start: cancel");
    g_autoptr(GPtrArray) due = g_ptr_array_new();
    Engine engine;

    engine_init(&engine, file->scenarios->pdata[0]);
    assert_int_equal(engine_due_us(&engine), -1);
    engine_take(&engine, &(Sight){ MOMENT_START, 1000 }, due);
    assert_int_equal(engine_due_us(&engine), 6000);
    assert_non_null(engine_missing(&engine));
    engine_take(&engine, &(Sight)TICK(6), due);
    assert_int_equal(engine_due_us(&engine), -1);
    assert_null(engine_missing(&engine));
    engine_clear(&engine);
}

static void each_status_is_kept_once(void **state)
{
    static const char *const told[] = { "setup", "active", "active",
                                        "postcopy-paused", "active" };
    g_autoptr(ScenarioFile) file = parse("at source colo: cancel");
    g_autoptr(GPtrArray) due = g_ptr_array_new();
    Engine engine;

    engine_init(&engine, file->scenarios->pdata[0]);
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        engine_take(&engine, &(Sight){ MOMENT_STATUS, 1, S, told[i] }, due);
    }
    engine_take(&engine, &(Sight){ MOMENT_PASS, 1, S, NULL, 4 }, due);
    engine_again(&engine);
    assert_int_equal(engine.passes, 0);
    g_autoptr(JsonObject) script = engine_to_json(&engine);
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, script);
    text = json_to_string(node, FALSE);
    check_contains(text, "\"source\":[\"setup\",\"active\",\"postcopy-paused\","
                         "\"active\"]");
    check_contains(text, "\"time_us\":null");
    engine_clear(&engine);
}

/* ---- verdicts ---- */

#define RESULT                                                                 \
    "{\"outcome\":\"migrated\",\"exit_code\":0,\"guest\":\"destination\","     \
    "\"error\":null,\"passes\":[1,2,3],\"time_us\":{\"total\":2000000},"       \
    "\"downtime_us\":{\"events\":5000,\"guest\":null},"                        \
    "\"bytes\":{\"transferred\":4000000},"                                     \
    "\"verify\":{\"memory\":\"intact\",\"heartbeats_lost\":0,"                 \
    "\"heartbeats_repeated\":1},"                                              \
    "\"script\":{\"changed\":null,\"migrations\":1,\"refused\":[],"            \
    "\"steps\":[],\"statuses\":{\"source\":[\"setup\",\"active\","             \
    "\"completed\"],\"destination\":[]}}}"

static const struct {
    const char *line;
    const char *instead; /* NULL: it holds */
} facts[] = {
    { "expect outcome migrated", NULL },
    { "expect outcome failed", "it is migrated" },
    { "expect guest destination", NULL },
    { "expect guest source", "it is destination" },
    { "expect memory intact", NULL },
    { "expect memory not-intact", "it is intact" },
    { "expect error none", NULL },
    { "expect error timeout", "it is none" },
    { "expect heartbeat whole", "1 came twice" },
    { "expect settings back", NULL },
    { "expect source statuses setup completed", NULL },
    { "expect source statuses exactly setup active completed", NULL },
    { "expect source statuses exactly setup active", "they were" },
    { "expect source statuses completed setup", "setup active completed" },
    { "expect destination statuses active", "they were: none" },
    { "expect exit = 0", NULL },
    { "expect exit != 0", "it is 0" },
    { "expect passes <= 3", NULL },
    { "expect passes < 3", "it is 3" },
    { "expect passes >= 4", "it is 3" },
    { "expect total > 1s", NULL },
    { "expect total > 2s", "it is 2000 ms" },
    { "expect downtime.events < 10ms", NULL },
    { "expect downtime.guest < 10ms", "not known" },
    { "expect stall < 10ms", "not known" },
    { "expect bandwidth = 2MB/s", NULL },
    { "expect sent < 1MB", "it is" },
    { "expect migrations = 1", NULL },
    { "expect refused = 0", NULL },
};

static ScenarioVerdict *judge(const char *lines, const char *result)
{
    g_autoptr(ScenarioFile) file = parse(lines);
    g_autoptr(JsonNode) node = json_from_string(result, NULL);
    return verdict_of(file->scenarios->pdata[0], json_node_get_object(node));
}

static void facts_hold_or_not(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        g_autoptr(ScenarioVerdict) verdict = judge(facts[i].line, RESULT);
        print_message("%s\n", facts[i].line);
        assert_int_equal(verdict->kind == VERDICT_HELD, !facts[i].instead);
        if (facts[i].instead) {
            check_contains(verdict->differences->pdata[0], "it:2: expect");
            check_contains(verdict->differences->pdata[0], facts[i].instead);
        }
    }
}

static const struct {
    const char *lines, *result;
    VerdictKind kind;
    const char *why;
} verdicts[] = {
    { "", RESULT, VERDICT_HELD, NULL },
    { "", "{\"outcome\":\"failed\",\"error\":{\"message\":\"no way\"}}",
      VERDICT_FAILED, "expected outcome migrated, actual failed: no way" },
    { "expect outcome failed", "{\"outcome\":\"failed\"}", VERDICT_HELD, NULL },
    { "", "{\"outcome\":\"skip\",\"error\":{\"message\":\"no KVM\"}}",
      VERDICT_SKIPPED, "no KVM" },
    { "at source colo: cancel",
      "{\"outcome\":\"migrated\",\"script\":{\"steps\":[{\"time_us\":null}]}}",
      VERDICT_FAILED, "'at source colo' never came" },
    { "", "{\"outcome\":\"migrated\",\"script\":{\"refused\":[\"it:9: x\"]}}",
      VERDICT_FAILED, "it:9: x" },
    /* of another scenario */
    { "at source colo: cancel",
      "{\"outcome\":\"migrated\",\"script\":{\"steps\":[]}}", VERDICT_HELD,
      NULL },
    { "at source colo: cancel",
      "{\"outcome\":\"migrated\",\"script\":{\"steps\":[{}]}}", VERDICT_HELD,
      NULL },
    { "expect refused > 0",
      "{\"outcome\":\"migrated\",\"script\":{\"refused\":[\"it:9: x\"]}}",
      VERDICT_HELD, NULL },
    { "", "{\"runs\":[{\"outcome\":\"failed\"},{\"outcome\":\"migrated\"}]}",
      VERDICT_HELD, NULL },
};

static void verdicts_are_given(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        g_autoptr(ScenarioVerdict) verdict =
            judge(verdicts[i].lines, verdicts[i].result);
        print_message("%s\n", verdicts[i].result);
        assert_int_equal(verdict->kind, verdicts[i].kind);
        if (verdicts[i].why) {
            check_contains(verdict->reason ? verdict->reason
                                           : verdict->differences->pdata[0],
                           verdicts[i].why);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_taken_in_their_order),
        cmocka_unit_test(the_next_migration_begins_anew),
        cmocka_unit_test(a_clock_is_asked_for),
        cmocka_unit_test(each_status_is_kept_once),
        cmocka_unit_test(facts_hold_or_not),
        cmocka_unit_test(verdicts_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
