/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who comes to a migration that goes on: what is sent in which status, when it
 * is over, and what is said of the guest. */
#include "tests/lib/check.h"

#include "orchestrator/attached.h"
#include "qmp/json.h"

/* Both QEMUs, as they answer. */
typedef struct {
    const char *status, *run_state; /* of the source; "": none so far */
    const char *destination_status,
        *destination_run_state; /* NULL: not given */
    bool is_armed;
    bool is_swapped; /* the memory goes out of the destination */
    pid_t pid;       /* of both; 0: two that are not known */
} World;

static int64_t now_us;
static char told[64]; /* the one command that is no question; "" */
static int n_conts;   /* to the destination */

static void feed(Attached *a, Event event)
{
    event.time_us = now_us;
    attached_feed(a, &event);
}

static JsonNode *answer(const World *world, Side side, Ask ask)
{
    bool is_source = side == SIDE_SOURCE;
    const char *status = is_source ? world->status : world->destination_status;
    const char *state =
        is_source ? world->run_state : world->destination_run_state;
    g_autofree char *text = NULL;
    switch ((int)ask) {
    case ASK_MIGRATION:
        text =
            *status
                ? g_strdup_printf("{\"status\": \"%s\"%s}", status,
                                  is_source != world->is_swapped
                                      ? ", \"ram\": {\"remaining\": 2000000, "
                                        "\"transferred\": 1, \"mbps\": 8}"
                                      : "")
                : g_strdup("{}");
        break;
    case ASK_RUN_STATE:
        text = g_strdup_printf("{\"status\": \"%s\"}", state);
        break;
    case ASK_CAPABILITIES:
        text = g_strdup_printf(
            "[{\"capability\": \"postcopy-ram\", \"state\": %s}]",
            world->is_armed ? "true" : "false");
        break;
    default:
        text = g_strdup("{\"downtime-limit\": 300}");
        break;
    }
    return json_from_string(text, NULL);
}

/* All that is asked is answered; what else was sent is noted. */
static void perform(Attached *a, const World *world)
{
    while (a->actions->len > 0 && !a->is_over) {
        g_autoptr(GPtrArray) actions = a->actions;
        a->actions =
            g_ptr_array_new_with_free_func((GDestroyNotify)action_free);
        for (guint i = 0; i < actions->len; i++) {
            const Action *action = actions->pdata[i];
            if (action->kind == ACTION_CONNECT) {
                feed(a, (Event){ .kind = EVENT_CONNECTED,
                                 .side = action->side,
                                 .version = "10.0.2",
                                 .pid = world->pid });
                continue;
            }
            if (action->ask == TELL_CONT) {
                assert_int_equal(action->side, SIDE_DESTINATION);
                n_conts++;
            } else if (!g_str_has_prefix(action->command->name, "query-")) {
                assert_int_equal(action->side, SIDE_SOURCE);
                assert_true(told[0] == '\0' ||
                            strcmp(told, action->command->name) == 0 ||
                            strcmp(action->command->name, "yank") == 0);
                g_strlcpy(told, action->command->name, sizeof(told));
            }
            assert_true(action->deadline_ms > 0); /* I6 */
            g_autoptr(JsonNode) value =
                answer(world, action->side, action->ask);
            feed(a, (Event){ .kind = EVENT_REPLY,
                             .side = action->side,
                             .ask = action->ask,
                             .value = value });
        }
    }
}

/* Ticks until it is over, or @limit_us have gone by. */
static void go_on(Attached *a, const World *world, int64_t limit_us)
{
    for (int64_t end_us = now_us + limit_us; !a->is_over && now_us < end_us;) {
        now_us += 100000;
        feed(a, (Event){ .kind = EVENT_TICK });
        perform(a, world);
    }
}

static Attached *come(AttachedWish wish, const World *world)
{
    Attached *a = attached_new(wish, world->destination_status != NULL);
    now_us = 1000000;
    told[0] = '\0';
    n_conts = 0;
    feed(a, (Event){ .kind = EVENT_START });
    perform(a, world);
    return a;
}

static const char *guest_of(const Attached *a)
{
    const char *guest;
    g_autofree char *text = attached_guest(a, &guest);
    assert_non_null(text);
    return guest;
}

#define ALONE NULL, NULL
/* clang-format off */
static const struct {
    const char *what;
    World world;
    const char *guest;
    bool is_clear; /* who has it */
} looks[] = {
    { "none", { "", "running", "", "inmigrate" }, "source", true },
    { "none, alone", { "", "paused", ALONE }, "source", true },
    { "setup", { "setup", "running", ALONE }, "source", true },
    { "active", { "active", "running", "active", "inmigrate" }, "source", true },
    { "held", { "pre-switchover", "finish-migrate", ALONE }, "source", true },
    { "handed over", { "device", "finish-migrate", ALONE }, "unknown", true },
    { "post-copy", { "postcopy-active", "finish-migrate",
      "postcopy-active", "running" }, "split", true },
    { "paused", { "postcopy-paused", "finish-migrate",
      "postcopy-paused", "running" }, "split", true },
    { "being mended", { "postcopy-recover", "finish-migrate", ALONE },
      "split", true },
    { "failed", { "failed", "running", ALONE }, "source", true },
    { "cancelled", { "cancelled", "running", "", "inmigrate" }, "source", true },
    { "completed, alone", { "completed", "postmigrate", ALONE }, "unknown", true },
    { "completed", { "completed", "postmigrate", "completed", "running" },
      "destination", true },
    { "completed, nobody said cont",
      { "completed", "postmigrate", "completed", "paused" }, "destination", true },
    { "twice", { "completed", "running", "completed", "running" }, "unknown", false },
    { "rescued", { "completed", "running", "failed", "inmigrate" }, "source", true },
    { "newer than we are", { "teleporting", "running", ALONE }, "unknown", true },
};
/* clang-format on */

static void looks_once(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(looks); i++) {
        g_autoptr(Attached) a = come(ATTACHED_LOOK, &looks[i].world);
        const char *guest = guest_of(a);
        if (strcmp(guest, looks[i].guest) != 0) {
            fail_msg("%s: %s", looks[i].what, guest);
        }
        check_case(looks[i].what, a->is_over && !a->is_established);
        check_case(looks[i].what,
                   a->outcome == (looks[i].is_clear ? OUTCOME_MIGRATED
                                                    : OUTCOME_UNRESOLVED));
        check_case(looks[i].what, told[0] == '\0');
    }
}

/* I10, and no more than one command, whatever QEMU says. */
static void sends_only_what_is_safe(void **state)
{
    static const struct {
        const char *status;
        bool cancel, postcopy;
    } cases[] = {
        { "", false, false },
        { "setup", true, false },
        { "wait-unplug", true, false },
        { "active", true, true },
        { "pre-switchover", true, false },
        { "device", false, false },
        { "postcopy-active", false, false },
        { "postcopy-device", false, false },
        { "postcopy-recover-setup", false, false },
        { "postcopy-recover", false, false },
        { "postcopy-paused", false, false },
        { "cancelling", false, false },
        { "completed", false, false },
        { "failed", false, false },
        { "cancelled", false, false },
        { "teleporting", false, false },
    };
    static const AttachedWish wishes[] = { ATTACHED_LOOK, ATTACHED_WATCH,
                                           ATTACHED_CANCEL, ATTACHED_POSTCOPY };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(wishes); j++) {
            const World world = { cases[i].status, "running", ALONE, true };
            g_autoptr(Attached) a = come(wishes[j], &world);
            go_on(a, &world, 20000000);
            const char *expected =
                wishes[j] == ATTACHED_CANCEL && cases[i].cancel
                    ? "migrate_cancel"
                : wishes[j] == ATTACHED_POSTCOPY && cases[i].postcopy
                    ? "migrate-start-postcopy"
                : wishes[j] == ATTACHED_CANCEL &&
                        strcmp(cases[i].status, "cancelling") == 0
                    ? "yank"
                    : "";
            if (strcmp(told, expected) != 0) {
                fail_msg("%s, wish %d: %s", cases[i].status, wishes[j], told);
            }
        }
    }
}

/* clang-format off */
static const struct {
    const char *what;
    AttachedWish wish;
    World before, after; /* what was told, if anything was, has worked */
    Outcome outcome;
    bool is_established;
    FailureCode failure;
} walks[] = {
    { "cancelled", ATTACHED_CANCEL, { "active", "running", ALONE },
      { "cancelled", "running", ALONE }, OUTCOME_CANCELLED, true, 0 },
    { "cancelled, paused before", ATTACHED_CANCEL, { "active", "paused", ALONE },
      { "cancelled", "paused", ALONE }, OUTCOME_CANCELLED, true, 0 },
    { "failed instead", ATTACHED_CANCEL, { "active", "running", ALONE },
      { "failed", "running", ALONE }, OUTCOME_FAILED, true, 0 },
    { "too late", ATTACHED_CANCEL, { "device", "finish-migrate", "active", "inmigrate" },
      { "completed", "postmigrate", "completed", "running" }, OUTCOME_MIGRATED, true, 0 },
    { "too late, alone", ATTACHED_CANCEL, { "device", "finish-migrate", ALONE },
      { "completed", "postmigrate", ALONE }, OUTCOME_UNRESOLVED, true, 0 },
    { "cancel: in post-copy", ATTACHED_CANCEL, { "postcopy-active", "finish-migrate", ALONE },
      { "", "", ALONE }, OUTCOME_REFUSED, true, FAILURE_IN_POSTCOPY },
    { "cancel: none", ATTACHED_CANCEL, { "", "running", ALONE },
      { "", "", ALONE }, OUTCOME_REFUSED, true, FAILURE_NO_MIGRATION },
    { "cancel: cancelled before", ATTACHED_CANCEL, { "cancelled", "running", ALONE },
      { "", "", ALONE }, OUTCOME_REFUSED, true, FAILURE_NO_MIGRATION },
    { "cancel: a destination", ATTACHED_CANCEL, { "", "inmigrate", ALONE },
      { "", "", ALONE }, OUTCOME_REFUSED, true, FAILURE_SOURCE_STATE },
    { "post-copy", ATTACHED_POSTCOPY, { "active", "running", "active", "inmigrate", true },
      { "postcopy-active", "finish-migrate", "postcopy-active", "running" },
      OUTCOME_MIGRATED, false, 0 },
    { "post-copy, alone", ATTACHED_POSTCOPY, { "active", "running", ALONE, true },
      { "postcopy-active", "finish-migrate", ALONE }, OUTCOME_MIGRATED, false, 0 },
    { "post-copy, nobody said cont", ATTACHED_POSTCOPY,
      { "active", "running", "active", "inmigrate", true },
      { "postcopy-active", "finish-migrate", "postcopy-active", "paused" },
      OUTCOME_UNRESOLVED, true, 0 },
    { "post-copy, paused before", ATTACHED_POSTCOPY,
      { "active", "paused", "active", "inmigrate", true },
      { "postcopy-active", "finish-migrate", "postcopy-active", "paused" },
      OUTCOME_MIGRATED, false, 0 },
    { "post-copy: not armed", ATTACHED_POSTCOPY, { "active", "running", ALONE },
      { "", "", ALONE }, OUTCOME_REFUSED, true, FAILURE_NOT_ARMED },
    { "post-copy that broke", ATTACHED_POSTCOPY, { "active", "running", ALONE, true },
      { "postcopy-paused", "finish-migrate", ALONE }, OUTCOME_POSTCOPY_PAUSED, true, 0 },
    { "watched to its end", ATTACHED_WATCH, { "active", "running", "active", "inmigrate" },
      { "completed", "postmigrate", "completed", "running" }, OUTCOME_MIGRATED, true, 0 },
    { "watched, nobody said cont", ATTACHED_WATCH,
      { "active", "running", "active", "inmigrate" },
      { "completed", "postmigrate", "completed", "paused" }, OUTCOME_UNRESOLVED, true, 0 },
    { "watched, paused before", ATTACHED_WATCH,
      { "active", "paused", "active", "inmigrate" },
      { "completed", "postmigrate", "completed", "paused" }, OUTCOME_MIGRATED, true, 0 },
    { "watched, broken in post-copy", ATTACHED_WATCH,
      { "postcopy-active", "finish-migrate", "postcopy-active", "running" },
      { "postcopy-paused", "finish-migrate", "postcopy-paused", "running" },
      OUTCOME_POSTCOPY_PAUSED, true, 0 },
};
/* clang-format on */

static void ends_as_it_is(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(walks); i++) {
        g_autoptr(Attached) a = come(walks[i].wish, &walks[i].before);
        go_on(a, &walks[i].before, 300000);
        go_on(a, &walks[i].after, 20000000);
        check_case(walks[i].what, a->is_over);
        if (a->outcome != walks[i].outcome) {
            fail_msg("%s: %s", walks[i].what, outcome_row(a->outcome)->name);
        }
        check_case(walks[i].what, a->is_established == walks[i].is_established);
        check_case(walks[i].what, a->failure.code == walks[i].failure);
    }
}

/* Nothing is told of them as if they were one, and nothing sent. */
static void refuses_what_is_no_pair(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        World world;
        FailureCode failure; /* of each wish */
    } cases[] = {
        { "one QEMU twice", { "", "running", "", "running", true, false, 77 },
          FAILURE_SAME_QEMU },
        { "swapped, before", { "", "inmigrate", "", "running", true },
          FAILURE_SOURCE_STATE },
        { "swapped, in pre-copy", { "active", "inmigrate", "active", "running", true, true },
          FAILURE_SOURCE_STATE },
        { "swapped, in post-copy",
          { "postcopy-active", "running", "postcopy-active", "finish-migrate", true, true },
          FAILURE_SOURCE_STATE },
        { "swapped, completed",
          { "completed", "running", "completed", "postmigrate", true, true },
          FAILURE_SOURCE_STATE },
    };
    /* clang-format on */
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (AttachedWish wish = ATTACHED_LOOK; wish <= ATTACHED_POSTCOPY;
             wish++) {
            g_autoptr(Attached) a = come(wish, &cases[i].world);
            check_case(cases[i].what, a->is_over && told[0] == '\0');
            check_case(cases[i].what, a->outcome == OUTCOME_REFUSED);
            check_case(cases[i].what, a->failure.code == cases[i].failure);
        }
    }
    const World both = { "", "running", "", "running" };
    g_autoptr(Attached) a = come(ATTACHED_LOOK, &both);
    assert_int_equal(a->notes->len, 1);
}

static void tells_that_nothing_moves(void **state)
{
    const World recovering = { "postcopy-recover", "finish-migrate",
                               "postcopy-recover", "running" };
    const World over = { "completed", "postmigrate", "completed", "running" };
    g_autoptr(Attached) a = come(ATTACHED_WATCH, &recovering);
    go_on(a, &recovering, 2000000);
    assert_int_equal(attached_still_us(a), 0);
    go_on(a, &recovering, 20000000);
    assert_false(a->is_over);
    assert_int_equal(attached_still_us(a), 22000000);
    go_on(a, &over, 1000000);
    assert_int_equal(attached_still_us(a), 0);
}

/* Who switches lets the guest run, once, if nobody else does; what a person had
 * stopped, or whose switch was another's, stays (I4, I7). */
static void lets_it_run(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        World before, after;
        int n_conts;
    } cases[] = {
        { "in post-copy", { "active", "running", "active", "inmigrate", true },
          { "postcopy-active", "finish-migrate", "postcopy-active", "paused" }, 1 },
        { "over already", { "active", "running", "active", "inmigrate", true },
          { "completed", "postmigrate", "completed", "paused" }, 1 },
        { "runs", { "active", "running", "active", "inmigrate", true },
          { "postcopy-active", "finish-migrate", "postcopy-active", "running" }, 0 },
        { "still loading", { "active", "running", "active", "inmigrate", true },
          { "postcopy-active", "finish-migrate", "postcopy-active", "inmigrate" }, 0 },
        { "the destination is not there yet", { "active", "running", "active", "inmigrate", true },
          { "postcopy-active", "finish-migrate", "active", "paused" }, 0 },
        { "paused before", { "active", "paused", "active", "inmigrate", true },
          { "postcopy-active", "finish-migrate", "postcopy-active", "paused" }, 0 },
        { "failed", { "active", "running", "active", "inmigrate", true },
          { "failed", "running", "failed", "paused" }, 0 },
        { "switched before", { "postcopy-active", "finish-migrate", "postcopy-active", "paused", true },
          { "postcopy-active", "finish-migrate", "postcopy-active", "paused" }, 0 },
    };
    /* clang-format on */
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (AttachedWish wish = ATTACHED_LOOK; wish <= ATTACHED_POSTCOPY;
             wish++) {
            int expected = wish == ATTACHED_POSTCOPY ? cases[i].n_conts : 0;
            g_autoptr(Attached) a = come(wish, &cases[i].before);
            go_on(a, &cases[i].after, 300000);
            check_case(cases[i].what, n_conts == 0); /* others come first */
            go_on(a, &cases[i].after, 20000000);
            check_case(cases[i].what, n_conts == expected);
        }
    }
}

/* An event brings the end; what was known of the run state is from before. */
static void asks_anew_at_the_end(void **state)
{
    const World before = { "active", "running", ALONE };
    const World after = { "completed", "postmigrate", ALONE };
    g_autoptr(Attached) a = come(ATTACHED_WATCH, &before);
    g_autoptr(JsonNode) data =
        json_from_string("{\"status\": \"completed\"}", NULL);

    feed(a, (Event){ .kind = EVENT_QMP,
                     .side = SIDE_SOURCE,
                     .name = "MIGRATION",
                     .data = json_node_get_object(data),
                     .qemu_time_us = 1 });
    assert_false(a->is_over);
    perform(a, &after);
    go_on(a, &after, 1000000);
    assert_int_equal(a->outcome, OUTCOME_UNRESOLVED);
    assert_string_equal(guest_of(a), "unknown");
}

/* While the guest may stand still it is asked once a second. */
static void is_quiet_in_a_switchover(void **state)
{
    const World world = { "device", "finish-migrate", ALONE };
    g_autoptr(Attached) a = come(ATTACHED_WATCH, &world);
    int n_asked = 0;
    for (int i = 0; i < 30; i++) {
        now_us += 100000;
        feed(a, (Event){ .kind = EVENT_TICK });
        n_asked += a->actions->len > 0;
        perform(a, &world);
    }
    assert_int_equal(n_asked, 3);
}

static const struct {
    const char *what;
    World world;
    bool is_freed;
} stuck[] = {
    { "a silent channel",
      { "cancelling", "running", ALONE, .is_armed = true },
      true },
    { "its guest was paused",
      { "cancelling", "paused", ALONE, .is_armed = true },
      true },
    { "stopped, and never armed",
      { "cancelling", "finish-migrate", ALONE },
      true },
    { "stopped, and the destination waits",
      { "cancelling", "finish-migrate", "active", "inmigrate",
        .is_armed = true },
      true },
    { "stopped: it may be a post-copy of 7.2",
      { "cancelling", "finish-migrate", ALONE, .is_armed = true },
      false },
    { "it is one",
      { "cancelling", "finish-migrate", "postcopy-active", "running",
        .is_armed = true },
      false },
};

static void frees_what_stays_cancelling(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stuck); i++) {
        g_autoptr(Attached) a = come(ATTACHED_CANCEL, &stuck[i].world);
        go_on(a, &stuck[i].world, 2 * G_USEC_PER_SEC);
        check_case(stuck[i].what, strcmp(told, "") == 0); /* it may end */
        go_on(a, &stuck[i].world, 3 * G_USEC_PER_SEC);
        check_case(stuck[i].what,
                   strcmp(told, stuck[i].is_freed ? "yank" : "") == 0);
    }
}

static void is_interrupted(void **state)
{
    const World world = { "active", "running", ALONE };
    static const struct {
        AttachedWish wish;
        Outcome outcome;
    } cases[] = { { ATTACHED_WATCH, OUTCOME_MIGRATED },
                  { ATTACHED_CANCEL, OUTCOME_UNRESOLVED } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Attached) a = come(cases[i].wish, &world);
        feed(a, (Event){ .kind = EVENT_CANCEL });
        assert_true(a->is_over);
        assert_int_equal(a->outcome, cases[i].outcome);
    }
}

static void has_a_deadline(void **state)
{
    const World connecting = { "setup", "running", ALONE, true };
    g_autoptr(Attached) a = come(ATTACHED_POSTCOPY, &connecting);
    feed(a, (Event){ .kind = EVENT_DEADLINE });
    assert_int_equal(a->outcome, OUTCOME_REFUSED);

    const World cancelling = { "cancelling", "running", ALONE };
    g_autoptr(Attached) b = come(ATTACHED_CANCEL, &connecting);
    go_on(b, &cancelling, 1000000);
    feed(b, (Event){ .kind = EVENT_DEADLINE });
    assert_int_equal(b->outcome, OUTCOME_CANCELLED);
}

/* 2 MB at 1 MB/s. */
static void estimates_a_switchover(void **state)
{
    const World world = { "active", "running", ALONE };
    g_autoptr(Attached) a = come(ATTACHED_LOOK, &world);
    assert_int_equal(attached_switchover_us(a), 2000000);
    g_autoptr(Attached) none = attached_new(ATTACHED_LOOK, false);
    assert_int_equal(attached_switchover_us(none), -1);
}

static void loses_a_monitor(void **state)
{
    const World world = { "active", "running", "active", "inmigrate" };
    const Event lost = { .kind = EVENT_LOST,
                         .side = SIDE_SOURCE,
                         .code = FAILURE_MONITOR_LOST,
                         .text = "gone" };
    g_autoptr(Attached) a = attached_new(ATTACHED_CANCEL, false);
    now_us = 1000000;
    feed(a, (Event){ .kind = EVENT_START });
    feed(a, lost);
    assert_int_equal(a->outcome, OUTCOME_ERROR);
    assert_int_equal(a->failure.code, FAILURE_MONITOR_LOST);

    g_autoptr(Attached) b = come(ATTACHED_WATCH, &world);
    feed(b, lost);
    go_on(b, &world, 20000000);
    assert_int_equal(b->outcome, OUTCOME_UNRESOLVED);
    assert_int_equal(b->failure.code, FAILURE_MONITOR_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_once),
        cmocka_unit_test(sends_only_what_is_safe),
        cmocka_unit_test(ends_as_it_is),
        cmocka_unit_test(refuses_what_is_no_pair),
        cmocka_unit_test(tells_that_nothing_moves),
        cmocka_unit_test(lets_it_run),
        cmocka_unit_test(asks_anew_at_the_end),
        cmocka_unit_test(is_quiet_in_a_switchover),
        cmocka_unit_test(frees_what_stays_cancelling),
        cmocka_unit_test(is_interrupted),
        cmocka_unit_test(has_a_deadline),
        cmocka_unit_test(estimates_a_switchover),
        cmocka_unit_test(loses_a_monitor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
