/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks through the phase table by every event that two QEMUs, the clock and a
 * person can give, in every order that it finds new states by, truthful or not.
 * After each event the rules I1 to I10 are held against what the machine wants
 * to be sent; from each state a walk must end when nothing but deadlines comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "orchestrator/migration.h"

#define STATES_MAX 20000 /* breadth first; then what is left is not expanded */
#define ENDS_MAX   12    /* deadlines until every walk must be over */

/* ---- what can happen ---- */

/* clang-format off */
static const char *const run_states[] = {
    "running", "paused", "inmigrate", "finish-migrate", "postmigrate",
};
static const char *const statuses[] = {
    "none", "setup", "active", "pre-switchover", "device", "completed",
    "failed", "cancelling", "cancelled", "postcopy-active", "postcopy-paused",
    "quite-new",
};
static const char *const events[] = { "STOP", "RESUME", "MIGRATION_PASS" };
/* clang-format on */

typedef struct {
    Event event;
    JsonNode *value; /* owned: event.value or the holder of event.data */
} Step;

static GArray *alphabet; /* of Step */

G_GNUC_PRINTF(1, 2) static JsonNode *json(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    JsonNode *node = json_from_string(text, NULL);
    assert_non_null(node);
    return node;
}

static void add(Event event, JsonNode *value)
{
    Step step = { .event = event, .value = value };
    if (event.kind == EVENT_REPLY) {
        step.event.value = value;
    } else if (value) {
        step.event.data = json_node_get_object(value);
    }
    g_array_append_val(alphabet, step);
}

static void add_reply(Side side, Ask ask, JsonNode *value)
{
    add((Event){ .kind = EVENT_REPLY, .side = side, .ask = ask }, value);
}

static void add_questions(Side side)
{
    add_reply(side, ASK_CAPABILITIES,
              json("[{\"capability\":\"events\",\"state\":false},"
                   "{\"capability\":\"return-path\",\"state\":false},"
                   "{\"capability\":\"pause-before-switchover\","
                   "\"state\":false}]"));
    add_reply(side, ASK_PARAMETERS, json("{\"downtime-limit\":300}"));
    add_reply(side, ASK_MACHINE, json("\"pc-q35-7.2-machine\""));
    add_reply(side, ASK_SCHEMA, json("[]"));
    for (size_t i = 0; i < G_N_ELEMENTS(run_states); i++) {
        add_reply(side, ASK_RUN_STATE,
                  json("{\"status\":\"%s\"}", run_states[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        add_reply(side, ASK_MIGRATION,
                  json("{\"status\":\"%s\",\"ram\":{\"transferred\":1000}}",
                       statuses[i]));
        add((Event){ .kind = EVENT_QMP,
                     .side = side,
                     .name = "MIGRATION",
                     .qemu_time_us = 1 },
            json("{\"status\":\"%s\"}", statuses[i]));
    }
}

static void add_side(Side side)
{
    add((Event){ .kind = EVENT_CONNECTED, .side = side, .pid = 100 + side },
        NULL);
    add((Event){ .kind = EVENT_LOST,
                 .side = side,
                 .text = "gone",
                 .code = FAILURE_MONITOR_LOST },
        NULL);
    add((Event){ .kind = EVENT_DIED, .side = side }, NULL);
    add_questions(side);
    for (Ask ask = TELL_SETTING; ask < N_ASKS; ask++) {
        add_reply(side, ask, json("{}"));
    }
    for (Ask ask = 0; ask < N_ASKS; ask++) {
        add(
            (Event){
                .kind = EVENT_REFUSED, .side = side, .ask = ask, .text = "no" },
            NULL);
        add((Event){ .kind = EVENT_SILENT, .side = side, .ask = ask }, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        add((Event){ .kind = EVENT_QMP,
                     .side = side,
                     .name = events[i],
                     .qemu_time_us = 1 },
            NULL);
    }
}

static int set_up(void **state)
{
    static const EventKind plain[] = { EVENT_START, EVENT_TICK, EVENT_DEADLINE,
                                       EVENT_CANCEL, EVENT_DETACH };
    alphabet = g_array_new(FALSE, FALSE, sizeof(Step));
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        add((Event){ .kind = plain[i] }, NULL);
    }
    add_side(SIDE_SOURCE);
    add_side(SIDE_DESTINATION);
    return 0;
}

static int tear_down(void **state)
{
    for (guint i = 0; i < alphabet->len; i++) {
        g_clear_pointer(&g_array_index(alphabet, Step, i).value,
                        json_node_unref);
    }
    g_array_unref(alphabet);
    return 0;
}

/* ---- states ---- */

static CapsInventory inventory_copy(const CapsInventory *from)
{
    return (CapsInventory){
        .capabilities =
            from->capabilities ? g_hash_table_ref(from->capabilities) : NULL,
        .parameters =
            from->parameters ? json_object_ref(from->parameters) : NULL,
        .arguments = from->arguments ? g_hash_table_ref(from->arguments) : NULL,
    };
}

static CapsStep *step_copy(const CapsStep *from)
{
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = from->side;
    step->command = qmp_command_copy(from->command);
    step->undo = qmp_command_copy(from->undo);
    return step;
}

/* A machine that can be fed without the other noticing.  What inventories hold
 * is shared: once there, it says the same in every state. */
static Migration *copy(const Migration *from)
{
    Migration *to = migration_new(from->settings);
    GPtrArray *steps = to->steps, *actions = to->actions, *notes = to->notes;
    GArray *passes = to->passes;

    *to = *from;
    to->steps = steps;
    to->actions = actions;
    to->notes = notes;
    to->passes = passes;
    for (guint i = 0; i < from->steps->len; i++) {
        g_ptr_array_add(steps, step_copy(from->steps->pdata[i]));
    }
    for (Side side = 0; side < N_SIDES; side++) {
        to->facts[side].error_desc = g_strdup(from->facts[side].error_desc);
        to->inventories[side] = inventory_copy(&from->inventories[side]);
        to->machine[side] = g_strdup(from->machine[side]);
        to->failure.qemu_text[side] = g_strdup(from->failure.qemu_text[side]);
    }
    to->blocked = g_strdup(from->blocked);
    to->migrate_uri = g_strdup(from->migrate_uri);
    to->failure.message = g_strdup(from->failure.message);
    to->failure.hint = g_strdup(from->failure.hint);
    return to;
}

static void describe_side(GString *key, const Migration *m, Side side)
{
    const Facts *facts = &m->facts[side];
    g_string_append_printf(
        key, "|%d%d%d%d %s %d %d%d w%x c%d p%d", facts->connected, facts->dead,
        facts->blind, facts->stopped, facts->run_state, facts->status,
        facts->resume_us != 0, facts->completed_us != 0, m->waiting[side],
        m->connecting[side], m->inventories[side].capabilities != NULL);
}

/* Two machines that this says the same of behave the same. */
static char *key_of(const Migration *m)
{
    GString *key = g_string_new(NULL);
    g_string_append_printf(
        key, "%d f%d o%d a%u s%u %d%d%d%d %d%d%d%d", m->phase, m->failure.code,
        m->outcome, m->n_sent, m->steps->len, m->context.started,
        m->context.guest_ran, m->context.handed_over, m->context.cont_sent,
        m->will_pause + 2 * m->has_acted, m->cancel_sent, m->continue_sent,
        m->rescue_sent);
    describe_side(key, m, SIDE_SOURCE);
    describe_side(key, m, SIDE_DESTINATION);
    return g_string_free(key, FALSE);
}

/* ---- the rules ---- */

static bool is_postcopy(const Facts *facts)
{
    return facts->status == STATUS_POSTCOPY ||
           facts->status == STATUS_POSTCOPY_PAUSED;
}

static void check_cont(const Migration *m, Side side)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];

    assert_true(m->context.guest_ran);      /* I7 */
    assert_false(is_postcopy(source));      /* I4 */
    assert_false(is_postcopy(destination)); /* I4 */
    if (side == SIDE_SOURCE) {
        assert_true(destination->dead ||
                    destination->status == STATUS_FAILED); /* I2 */
        assert_false(m->context.cont_sent);
        assert_true(destination->resume_us == 0);
        assert_string_not_equal(source->run_state, "finish-migrate"); /* I5 */
        assert_int_equal(source->status, STATUS_COMPLETED);
    } else {
        /* the source cannot resume any more */
        assert_true(source->status == STATUS_COMPLETED || source->dead ||
                    strcmp(source->run_state, "postmigrate") == 0);
        assert_int_equal(destination->status, STATUS_COMPLETED); /* I1 */
        assert_false(m->rescue_sent);
    }
}

static void check_action(const Migration *m, const Action *action)
{
    const Facts *facts = &m->facts[action->side];

    assert_false(facts->dead);
    if (action->kind == ACTION_CONNECT) {
        return;
    }
    assert_true(facts->connected);
    assert_true(action->deadline_ms > 0);                   /* I6 */
    assert_string_not_equal(action->command->name, "quit"); /* I3 */
    switch ((int)action->ask) {
    case TELL_CONT:
        check_cont(m, action->side);
        break;
    case TELL_CANCEL:
        assert_false(is_postcopy(facts)); /* I10 */
        assert_int_not_equal(facts->status, STATUS_IN_PROGRESS);
        assert_int_equal(action->side, SIDE_SOURCE);
        break;
    case TELL_SETTING:
        assert_false(m->context.started); /* I5 */
        break;
    case TELL_UNDO:
        assert_false(status_is_in_progress(facts->status)); /* I5 */
        break;
    case TELL_MIGRATE:
        assert_int_equal(action->side, SIDE_SOURCE);
        break;
    }
}

static void check_outcome(const Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];

    if (m->outcome == OUTCOME_MIGRATED) { /* I9 */
        assert_int_equal(m->failure.code, FAILURE_NONE);
        assert_true(m->context.started);
        assert_int_equal(destination->status, STATUS_COMPLETED);
        assert_true(source->dead || source->status == STATUS_COMPLETED);
    } else {
        assert_int_not_equal(m->failure.code, FAILURE_NONE);
        assert_non_null(m->failure.message);
        assert_non_null(m->failure.phase);
    }
    if (m->outcome == OUTCOME_REFUSED || m->outcome == OUTCOME_ERROR) {
        assert_false(m->context.started);
    }
}

static bool seen[N_PHASES][N_EVENTS];
static guint n_fed;

static void feed(Migration *m, const Event *event)
{
    bool was_started = m->context.started;
    PhaseId before = m->phase;
    Event at = *event;

    at.time_us = m->now_us + 1000;
    seen[m->phase][event->kind] = true;
    n_fed++;
    migration_feed(m, &at);
    for (guint i = 0; i < m->actions->len; i++) {
        const Action *action = m->actions->pdata[i];
        check_action(m, action);
        if (action->kind == ACTION_SEND && action->ask == TELL_MIGRATE) {
            assert_false(was_started); /* once */
        }
    }
    g_ptr_array_set_size(m->actions, 0);
    if (m->phase >= PHASE_ROLL_BACK && before < PHASE_ROLL_BACK) {
        check_outcome(m); /* it was decided just now */
    }
}

/* Nothing comes any more but what the shell makes itself. */
static void check_end(const Migration *from)
{
    g_autoptr(Migration) m = copy(from);
    for (int i = 0; i < ENDS_MAX && m->phase != PHASE_DONE; i++) {
        if (phase_row(m->phase)->deadline_ms) {
            feed(m, &(Event){ .kind = EVENT_DEADLINE });
        } else {
            m->now_us += 100 * G_USEC_PER_SEC;
            feed(m, &(Event){ .kind = EVENT_TICK });
        }
    }
    assert_int_equal(m->phase, PHASE_DONE);
}

/* What cannot come: an answer to what was not asked in this phase can, late. */
static bool can_come(const Migration *m, const Event *event)
{
    switch (event->kind) {
    case EVENT_START:
        return m->phase == PHASE_INSPECT && m->start_us == 0;
    case EVENT_CONNECTED:
        return m->connecting[event->side] && !m->facts[event->side].dead;
    case EVENT_QMP:
    case EVENT_REFUSED:
    case EVENT_SILENT:
    case EVENT_REPLY:
        return m->facts[event->side].connected;
    case EVENT_LOST:
        return m->facts[event->side].connected || m->connecting[event->side];
    case EVENT_DIED:
        return !m->facts[event->side].dead;
    default:
        return m->start_us != 0;
    }
}

static void expand(GQueue *queue, GHashTable *known, Migration *m)
{
    for (guint i = 0; i < alphabet->len; i++) {
        const Event *event = &g_array_index(alphabet, Step, i).event;
        if (!can_come(m, event)) {
            continue;
        }
        Migration *next = copy(m);
        feed(next, event);
        char *key = key_of(next);
        if (g_hash_table_size(known) < STATES_MAX &&
            g_hash_table_add(known, key)) {
            check_end(next);
            g_queue_push_tail(queue, next);
        } else {
            if (g_hash_table_size(known) >= STATES_MAX) {
                g_free(key);
            }
            migration_free(next);
        }
    }
}

static MigrationSettings settings = { .uri = (char *)"unix:/run/stream" };

/* Breadth first would stay in inspect for ever: each walk starts where the
 * straight way has come to after @n_straight events. */
static const struct {
    EventKind kind;
    Side side;
    Ask ask;
    const char *name, *value;
} straight[] = {
#define S SIDE_SOURCE
#define D SIDE_DESTINATION
#define CAPS                                                                   \
    "[{\"capability\":\"events\",\"state\":false},"                            \
    "{\"capability\":\"return-path\",\"state\":false},"                        \
    "{\"capability\":\"pause-before-switchover\",\"state\":false}]"
    /* clang-format off */
    { EVENT_START },
    { EVENT_CONNECTED, S }, { EVENT_CONNECTED, D },
    { EVENT_REPLY, S, ASK_RUN_STATE, NULL, "{\"status\":\"running\"}" },
    { EVENT_REPLY, S, ASK_MIGRATION, NULL, "{}" },
    { EVENT_REPLY, S, ASK_CAPABILITIES, NULL, CAPS },
    { EVENT_REPLY, S, ASK_PARAMETERS, NULL, "{\"downtime-limit\":300}" },
    { EVENT_REPLY, S, ASK_MACHINE, NULL, "\"q35\"" },
    { EVENT_REPLY, D, ASK_RUN_STATE, NULL, "{\"status\":\"inmigrate\"}" },
    { EVENT_REPLY, D, ASK_MIGRATION, NULL, "{}" },
    { EVENT_REPLY, D, ASK_CAPABILITIES, NULL, CAPS },
    { EVENT_REPLY, D, ASK_PARAMETERS, NULL, "{\"downtime-limit\":300}" },
    { EVENT_REPLY, D, ASK_MACHINE, NULL, "\"q35\"" },
    { EVENT_REPLY, D, ASK_SCHEMA, NULL, "[]" },
    { EVENT_REPLY, S, TELL_SETTING, NULL, "{}" },
    { EVENT_REPLY, D, TELL_SETTING, NULL, "{}" },
    { EVENT_REPLY, D, TELL_INCOMING, NULL, "{}" },
    { EVENT_REPLY, D, ASK_MIGRATION, NULL, "{\"status\":\"setup\"}" },
    { EVENT_REPLY, S, TELL_MIGRATE, NULL, "{}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"active\"}" },
    { EVENT_TICK },
    { EVENT_QMP, S, 0, "STOP", NULL },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"pre-switchover\"}" },
    { EVENT_REPLY, S, TELL_CONTINUE, NULL, "{}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"device\"}" },
    { EVENT_QMP, D, 0, "MIGRATION", "{\"status\":\"completed\"}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"completed\"}" },
    { EVENT_REPLY, D, TELL_CONT, NULL, "{}" },
    { EVENT_REPLY, D, ASK_RUN_STATE, NULL, "{\"status\":\"running\"}" },
    { EVENT_REPLY, D, ASK_MIGRATION, NULL, "{\"status\":\"completed\"}" },
    { EVENT_REPLY, S, ASK_RUN_STATE, NULL, "{\"status\":\"postmigrate\"}" },
    { EVENT_REPLY, S, ASK_MIGRATION, NULL, "{\"status\":\"completed\"}" },
    { EVENT_REPLY, D, TELL_UNDO, NULL, "{}" },
/* clang-format on */
#undef S
#undef D
#undef CAPS
};

static Migration *go_straight(size_t n)
{
    Migration *m = migration_new(&settings);
    for (size_t i = 0; i < n; i++) {
        g_autoptr(JsonNode) value =
            straight[i].value ? json("%s", straight[i].value) : NULL;
        Event event = { .kind = straight[i].kind,
                        .side = straight[i].side,
                        .ask = straight[i].ask,
                        .name = straight[i].name,
                        .qemu_time_us = 1000 + i,
                        .pid = 100 + straight[i].side };
        if (event.kind == EVENT_REPLY) {
            event.value = value;
        } else if (value) {
            event.data = json_node_get_object(value);
        }
        feed(m, &event);
    }
    return m;
}

static void straight_way_migrates(void **state)
{
    g_autoptr(Migration) m = go_straight(G_N_ELEMENTS(straight));
    assert_int_equal(m->phase, PHASE_DONE);
    assert_int_equal(m->outcome, OUTCOME_MIGRATED);
    assert_int_equal(m->failure.code, FAILURE_NONE);
    assert_true(m->context.cont_sent);
}

static void every_walk_keeps_the_rules_and_ends(void **state)
{
    g_autoptr(GHashTable) known =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GQueue queue = G_QUEUE_INIT;

    for (size_t n = 0; n <= G_N_ELEMENTS(straight); n++) {
        Migration *m = go_straight(n);
        check_end(m);
        g_hash_table_add(known, key_of(m));
        g_queue_push_tail(&queue, m);
    }
    while (!g_queue_is_empty(&queue)) {
        g_autoptr(Migration) m = g_queue_pop_head(&queue);
        expand(&queue, known, m);
    }
    printf("%u states, %u events fed\n", g_hash_table_size(known), n_fed);
}

/* Both monitors are there from prepare on; one that is lost leads to resolve. */
static bool is_impossible(PhaseId phase, EventKind kind)
{
    return kind == EVENT_CONNECTED && phase >= PHASE_PREPARE &&
           phase <= PHASE_SETTLE;
}

static void every_event_met_every_phase(void **state)
{
    for (PhaseId phase = 0; phase < N_PHASES; phase++) {
        for (EventKind kind = EVENT_CONNECTED; kind < N_EVENTS; kind++) {
            if (seen[phase][kind] == is_impossible(phase, kind)) {
                print_error("%s in %s: %s\n", event_name(kind),
                            phase_row(phase)->name,
                            seen[phase][kind] ? "met" : "never met");
                fail();
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight_way_migrates),
        cmocka_unit_test(every_walk_keeps_the_rules_and_ends),
        cmocka_unit_test(every_event_met_every_phase),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
