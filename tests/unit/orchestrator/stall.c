/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A post-copy whose stream stands still (I13): who may be sent migrate-pause, and
 * when.  Two QEMUs are played that answer, or do not, at each tick. */
#include "tests/lib/check.h"

#include <glib.h>

#include "orchestrator/phases.h"

#define TICK_US  100000
#define LIMIT_US (3 * G_USEC_PER_SEC)
#define FOREVER  G_MAXINT64

/* Times are seconds since post-copy began. */
typedef struct {
    const char *what;
    const char *words[N_SIDES];               /* query-migrate's status */
    int mute_from[N_SIDES], mute_to[N_SIDES]; /* it is frozen */
    bool hangs;                /* the destination answers only out of band */
    bool has_no_events;        /* ... and its events are off */
    int sleeps_from, sleeps_s; /* qmigrate is frozen */
    int moves_at;              /* a byte moves then; 0: never */
    bool has_sent_all;
    int n_pauses;        /* of the source, until the end */
    int paused_after_ms; /* the first one, at the earliest */
    bool gives_up;       /* unresolved in the end, and nothing was sent */
} Case;

#define ACTIVE                                                                 \
    {                                                                          \
        "postcopy-active", "postcopy-active"                                   \
    }

/* clang-format off */
static const Case cases[] = {
    { "both prove it", ACTIVE, .n_pauses = 1, .paused_after_ms = 3000 },
    { "it moves in time", ACTIVE, .moves_at = 2, .n_pauses = 1,
      .paused_after_ms = 5000 },
    { "the destination still loads", { "postcopy-active", "active" },
      .gives_up = true },
    { "the source waits for its answer",
      { "postcopy-device", "postcopy-active" }, .gives_up = true },
    { "all was sent", ACTIVE, .has_sent_all = true, .gives_up = true },
    { "a frozen destination", ACTIVE, .mute_from = { 0, 1 },
      .mute_to = { 0, 100 }, .gives_up = true },
    { "a frozen source", ACTIVE, .mute_from = { 1 }, .mute_to = { 100 },
      .gives_up = true },
    { "a destination that comes back", ACTIVE, .mute_from = { 0, 1 },
      .mute_to = { 0, 20 }, .n_pauses = 1, .paused_after_ms = 21000 },
    { "a source that comes back", ACTIVE, .mute_from = { 1 },
      .mute_to = { 20 }, .n_pauses = 1, .paused_after_ms = 21000 },
    { "a qmigrate that comes back", ACTIVE, .sleeps_from = 1, .sleeps_s = 20,
      .n_pauses = 1, .paused_after_ms = 22900 },
    { "a main loop that waits for a page", ACTIVE, .hangs = true,
      .n_pauses = 1, .paused_after_ms = 3000 },
    { "the same, and its status is not announced", ACTIVE, .hangs = true,
      .has_no_events = true, .gives_up = true },
};
/* clang-format on */

typedef struct {
    const Case *c;
    MigrationSettings settings;
    Migration *m;
    int64_t now_us;
    int n_pauses[N_SIDES];
    int64_t paused_us;
} Pair;

static void feed(Pair *pair, Event event)
{
    event.time_us = pair->now_us;
    migration_feed(pair->m, &event);
}

static bool is_mute(const Pair *pair, Side side)
{
    int64_t s = pair->now_us / G_USEC_PER_SEC;
    return s >= pair->c->mute_from[side] && s < pair->c->mute_to[side];
}

static void answer(Pair *pair, Side side, Ask ask)
{
    g_autofree char *text = NULL;
    bool has_moved = pair->c->moves_at > 0 &&
                     pair->now_us >= pair->c->moves_at * G_USEC_PER_SEC;

    switch ((int)ask) {
    case ASK_RUN_STATE:
        text = g_strdup("{\"status\": \"running\"}");
        break;
    case ASK_MIGRATION:
        text = g_strdup_printf(
            "{\"status\": \"%s\", \"ram\": {\"transferred\": %d, "
            "\"remaining\": %d, \"total\": 9}}",
            pair->c->words[side], has_moved ? 2000 : 1000,
            pair->c->has_sent_all ? 0 : 5);
        break;
    case ASK_LIFE:
        text = g_strdup("[]");
        break;
    default:
        return;
    }
    g_autoptr(JsonNode) value = json_from_string(text, NULL);
    feed(pair,
         (Event){
             .kind = EVENT_REPLY, .side = side, .ask = ask, .value = value });
}

/* What was sent is answered at once, or waits. */
static void take_actions(Pair *pair)
{
    GPtrArray *actions = pair->m->actions;
    for (guint i = 0; i < actions->len; i++) {
        const Action *action = actions->pdata[i];
        if (action->ask == TELL_PAUSE) {
            pair->n_pauses[action->side]++;
            pair->paused_us = pair->now_us;
        }
    }
    g_ptr_array_set_size(actions, 0);
}

static void answer_all(Pair *pair)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        for (Ask ask = 0; ask < N_ASKS; ask++) {
            bool hangs =
                pair->c->hangs && side == SIDE_DESTINATION && ask != ASK_LIFE;
            if (pair->m->phase != PHASE_DONE &&
                pair->m->waiting[side] & ASK_BIT(ask) && !hangs &&
                !is_mute(pair, side)) {
                answer(pair, side, ask);
                take_actions(pair);
            }
        }
    }
}

static void set_up_pair(Pair *pair, const Case *c)
{
    pair->c = c;
    pair->settings =
        (MigrationSettings){ .uri = g_strdup("unix:/run/stream"),
                             .postcopy_stall_us = LIMIT_US,
                             .recover_timeout_us = 30 * G_USEC_PER_SEC };
    Migration *m = pair->m = migration_new(&pair->settings);
    m->phase = PHASE_POSTCOPY;
    m->migrate_us = 1;
    m->context = (OwnerContext){ .started = true,
                                 .ours = { .proof = OURS_PROVED },
                                 .guest_ran = true,
                                 .handed_over = true,
                                 .cont_sent = true,
                                 .postcopy = true,
                                 .arrived = true };
    m->migrate_uri = g_strdup("unix:/run/stream");
    m->has_short_end = true;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        m->facts[side].connected = true;
        m->facts[side].status = status_from_word(c->words[side]);
        g_strlcpy(m->facts[side].run_state, "running",
                  sizeof(m->facts[side].run_state));
    }
    g_autoptr(JsonNode) capabilities = json_from_string(
        c->has_no_events ? "[]"
                         : "[{\"capability\":\"events\",\"state\":true}]",
        NULL);
    caps_inventory_take_capabilities(&m->inventories[SIDE_DESTINATION],
                                     capabilities);
}

static void tear_down_pair(Pair *pair)
{
    migration_free(pair->m);
    migration_settings_clear(&pair->settings);
}

/* Until post-copy was paused or given up. */
static void play(Pair *pair)
{
    for (int i = 0; i < 1000 && pair->m->phase == PHASE_POSTCOPY; i++) {
        pair->now_us += TICK_US;
        if (pair->c->sleeps_from > 0 &&
            pair->now_us == pair->c->sleeps_from * G_USEC_PER_SEC) {
            pair->now_us += pair->c->sleeps_s * G_USEC_PER_SEC;
        }
        feed(pair, (Event){ .kind = EVENT_TICK });
        take_actions(pair);
        answer_all(pair);
    }
}

static void only_what_is_proved_is_paused(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        Pair pair = { 0 };
        set_up_pair(&pair, c);
        play(&pair);
        check_case(c->what, pair.n_pauses[SIDE_SOURCE] == c->n_pauses);
        check_case(c->what, pair.n_pauses[SIDE_DESTINATION] == 0);
        check_case(c->what, pair.m->recovery.is_over == c->gives_up);
        if (c->n_pauses > 0) {
            int64_t late_us =
                pair.paused_us - (int64_t)c->paused_after_ms * 1000;
            check_case(c->what, pair.m->phase == PHASE_RECOVER);
            check_case(c->what, late_us >= 0 && late_us < G_USEC_PER_SEC);
        } else {
            check_case(c->what, pair.m->phase == PHASE_RESOLVE);
        }
        tear_down_pair(&pair);
    }
}

/* ---- one side is paused, by whatever broke ---- */

static const struct {
    const char *what;
    const char *words[N_SIDES];
    bool has_sent_all;
    int n_pauses[N_SIDES];
} halves[] = {
    { "the source", { "postcopy-paused", "postcopy-active" }, false, { 0, 1 } },
    { "the destination",
      { "postcopy-active", "postcopy-paused" },
      false,
      { 1, 0 } },
    { "the source still loads it",
      { "postcopy-paused", "active" },
      false,
      { 0, 0 } },
    { "10.2's device state",
      { "postcopy-device", "postcopy-paused" },
      false,
      { 0, 0 } },
    { "all was sent",
      { "postcopy-active", "postcopy-paused" },
      true,
      { 0, 0 } },
};

static void the_other_half_is_paused_too(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(halves); i++) {
        const Case c = { .words = { halves[i].words[0], halves[i].words[1] },
                         .has_sent_all = halves[i].has_sent_all };
        Pair pair = { 0 };
        set_up_pair(&pair, &c);
        for (int j = 0; j < 19; j++) { /* less than two NOTICE_US */
            pair.now_us += TICK_US;
            feed(&pair, (Event){ .kind = EVENT_TICK });
            take_actions(&pair);
            answer_all(&pair);
        }
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            check_case(halves[i].what,
                       pair.n_pauses[side] == halves[i].n_pauses[side]);
        }
        tear_down_pair(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_proved_is_paused),
        cmocka_unit_test(the_other_half_is_paused_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
