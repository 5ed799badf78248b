/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A second actor, late answers and stalls: from each place of each straight way
 * something happens that another client of the two QEMUs, a slow network or a
 * slow QEMU causes, and then anything.  Random, as breadth alone does not get far
 * enough: SEED repeats a run, WALKS makes more of it.  After each event I1 to I14
 * are held against what the machine wants to be sent.
 */
#include "tests/lib/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "orchestrator/phases.h"
#include "qmp/json.h"
#include "tests/lib/walk-events.h"
#include "tests/lib/walk-rules.h"
#include "tests/lib/walk-truth.h"

#define WALKS     8  /* of each place and detour */
#define STEPS_MAX 30 /* until nothing but deadlines comes */
#define ENDS_MAX  12
#define STALL_US  (10 * G_USEC_PER_SEC)

#define S SIDE_SOURCE
#define D SIDE_DESTINATION
#define SAYS(side, status)                                                     \
    {                                                                          \
        EVENT_QMP, side, 0, "MIGRATION", "{\"status\":\"" status "\"}"         \
    }

/* What comes before anything else does; at most four. */
static const struct {
    const char *what;
    struct {
        EventKind kind;
        Side side;
        Ask ask;
        const char *name, *data;
    } events[4];
} detours[] = {
    { "nothing", { { 0 } } },
    { "migrate is refused", { { EVENT_REFUSED, S, TELL_MIGRATE } } },
    { "migrate is not answered", { { EVENT_SILENT, S, TELL_MIGRATE } } },
    { "migrate is answered late",
      { { EVENT_SILENT, S, TELL_MIGRATE }, { EVENT_REPLY, S, TELL_MIGRATE } } },
    { "another one begins", { SAYS(S, "setup"), SAYS(S, "active") } },
    { "another one was there", { SAYS(S, "setup"), SAYS(S, "completed") } },
    { "ours fails, another one begins",
      { SAYS(S, "failed"), SAYS(S, "setup"), SAYS(S, "active") } },
    { "ours is cancelled, another one completes",
      { SAYS(S, "cancelling"), SAYS(S, "cancelled"), SAYS(S, "setup"),
        SAYS(S, "completed") } },
    { "ours is cancelled", { SAYS(S, "cancelling"), SAYS(S, "cancelled") } },
    { "the source's events are missed",
      { { EVENT_LOST, S }, { EVENT_CONNECTED, S } } },
    { "the destination's events are missed",
      { { EVENT_LOST, D }, { EVENT_CONNECTED, D } } },
    { "the source is stopped",
      { { EVENT_QMP, S, 0, "STOP" },
        { EVENT_REPLY, S, ASK_RUN_STATE, NULL, "{\"status\":\"paused\"}" } } },
    { "the destination is continued", { { EVENT_QMP, D, 0, "RESUME" } } },
    { "the destination is continued and stopped",
      { { EVENT_QMP, D, 0, "RESUME" }, { EVENT_QMP, D, 0, "STOP" } } },
    { "somebody else uses the destination",
      { SAYS(D, "active"),
        SAYS(D, "completed"),
        { EVENT_QMP, D, 0, "RESUME" } } },
    { "nothing comes for long", { { EVENT_TICK } } },
    { "the source dies", { { EVENT_DIED, S } } },
    { "the destination dies", { { EVENT_DIED, D } } },
};
#undef S
#undef D

static MigrationSettings settings[] = {
    { .uri = (char *)"unix:/run/stream" },
    { .uri = (char *)"file:/run/guest" },
    { .uri = (char *)"unix:/run/stream", .recover_attempts = 2 },
};

typedef struct {
    Migration *m;
    WalkTruth truth;
    GRand *random;
    guint n_fed;
} Walk;

static void feed(Walk *walk, const Event *event, int64_t after_us)
{
    Migration *m = walk->m;
    const Migration was = *m; /* its plain members alone */
    Event at = *event;

    at.time_us = m->now_us + after_us;
    at.text = at.text ? at.text : "no";
    walk_truth_take(&walk->truth, m, &at);
    walk_feed(m, &at);
    if (g_getenv("TELL") && *g_getenv("TELL")) {
        print_message("%s %s %d %s %s -> %s f%d o%d; S %s %s, D %s %s\n",
                      event_name(at.kind), at.side ? "D" : "S", at.ask,
                      at.name ? at.name : "",
                      at.data ? qmp_json_string(at.data, "status") : "",
                      phase_row(m->phase)->name, m->failure.code, m->outcome,
                      m->facts[0].run_state, m->facts[0].status_word,
                      m->facts[1].run_state, m->facts[1].status_word);
    }
    walk_truth_check(&walk->truth, m);
    for (guint i = 0; i < m->actions->len; i++) {
        walk_check_action(&was, m, m->actions->pdata[i]);
    }
    g_ptr_array_set_size(m->actions, 0);
    if (m->phase >= PHASE_ROLL_BACK && was.phase < PHASE_ROLL_BACK) {
        walk_check_outcome(m);
    }
    walk->n_fed++;
}

static void take_detour(Walk *walk, size_t detour)
{
    for (size_t i = 0; i < G_N_ELEMENTS(detours[detour].events); i++) {
        EventKind kind = detours[detour].events[i].kind;
        const char *data = detours[detour].events[i].data;
        g_autoptr(JsonNode) node = data ? json_from_string(data, NULL) : NULL;
        Event event = { .kind = kind,
                        .side = detours[detour].events[i].side,
                        .ask = detours[detour].events[i].ask,
                        .name = detours[detour].events[i].name,
                        .code = FAILURE_MONITOR_LOST,
                        .qemu_time_us = 1,
                        .value = kind == EVENT_REPLY ? node : NULL,
                        .data = kind == EVENT_QMP && node
                                    ? json_node_get_object(node)
                                    : NULL };
        if (kind != EVENT_START && walk_can_come(walk->m, &event)) {
            feed(walk, &event, kind == EVENT_TICK ? STALL_US : 1000);
        }
    }
}

/* Mostly an answer that is waited for, as QEMU does answer. */
static const Event *choose(const Walk *walk, const GArray *alphabet)
{
    bool is_answer = g_rand_double(walk->random) < 0.7;

    for (int i = 0; i < 300; i++) {
        const Event *event =
            &g_array_index(alphabet, WalkStep,
                           g_rand_int_range(walk->random, 0, alphabet->len))
                 .event;
        bool is_awaited =
            event->kind == EVENT_REPLY &&
            phase_is_waiting_for(walk->m, event->side, event->ask);
        if (event->kind != EVENT_DETACH && (is_awaited || !is_answer) &&
            walk_can_come(walk->m, event)) {
            return event;
        }
        is_answer &= i < 200;
    }
    return NULL;
}

static void go(Walk *walk, const MigrationSettings *how, const GArray *alphabet,
               const GArray *straight, guint n, size_t detour)
{
    walk->m = migration_new(how);
    walk->truth = (WalkTruth){ 0 };
    for (guint i = 0; i < n; i++) {
        feed(walk, &g_array_index(straight, WalkStep, i).event, 1000);
    }
    take_detour(walk, detour);
    for (int i = 0; i < STEPS_MAX && walk->m->phase != PHASE_DONE; i++) {
        const Event *event = choose(walk, alphabet);
        bool is_late = g_rand_double(walk->random) < 0.05;
        if (event) {
            feed(walk, event, is_late ? STALL_US : 1000);
        }
    }
    for (int i = 0; i < ENDS_MAX && walk->m->phase != PHASE_DONE; i++) {
        feed(walk, &(Event){ .kind = EVENT_TICK }, 100 * G_USEC_PER_SEC);
        feed(walk, &(Event){ .kind = EVENT_DEADLINE }, 1000);
    }
    g_clear_pointer(&walk->m, migration_free);
}

static void holds_against_a_second_actor(void **state)
{
    const char *seed = g_getenv("SEED"), *walks = g_getenv("WALKS");
    g_autoptr(GRand) random = g_rand_new_with_seed(seed ? atoi(seed) : 1);
    g_autoptr(GArray) alphabet = walk_alphabet();
    Walk walk = { .random = random };

    settings[2].wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    g_ptr_array_add(settings[2].wishes,
                    caps_wish_capability("postcopy-ram", true));
    for (size_t way = 0; way < G_N_ELEMENTS(settings); way++) {
        g_autoptr(GArray) straight = walk_straight(&settings[way]);
        walk.n_fed = 0;
        for (guint n = straight->len / 4; n <= straight->len; n++) {
            for (size_t i = 0; i < G_N_ELEMENTS(detours); i++) {
                for (int j = walks ? atoi(walks) : WALKS; j > 0; j--) {
                    go(&walk, &settings[way], alphabet, straight, n, i);
                }
            }
        }
        printf("%s: %u events fed\n", settings[way].uri, walk.n_fed);
    }
    g_clear_pointer(&settings[2].wishes, g_ptr_array_unref);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_against_a_second_actor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
