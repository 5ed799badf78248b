/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks through the phase table by every event that two QEMUs, the clock and a
 * person can give, in every order that it finds new states by, truthful or not.
 * After each event the rules I1 to I10 and I13 are held against what the machine wants
 * to be sent; from each state a walk must end when nothing but deadlines comes.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "orchestrator/phases.h"
#include "orchestrator/secure.h"
#include "tests/lib/recorded.h"
#include "tests/lib/walk-events.h"
#include "tests/lib/walk-rules.h"

#define STATES_EACH 200 /* new ones, from each place of the straight way */
#define ENDS_MAX    16  /* deadlines until every walk must be over */

/* Short enough for a walk: a stall is over the limit in one tick or two. */
#define IMPATIENT                                                              \
    .recover_timeout_us = G_USEC_PER_SEC, .postcopy_stall_us = 1500

/* Each a way to go, with what leads straight to its end. */
static struct {
    MigrationSettings settings;
    bool arms_postcopy, is_secure;
    GArray *straight; /* of WalkStep */
} ways[] = {
    { { .uri = (char *)"unix:/run/stream", IMPATIENT } },
    { { .uri = (char *)"file:/run/guest", IMPATIENT } },
    { { .uri = (char *)"unix:/run/stream", .check_only = true } },
    { { .uri = (char *)"unix:/run/stream", .recover_attempts = 2, IMPATIENT },
      .arms_postcopy = true },
    { { .uri = (char *)"unix:/run/tls", .no_preflight = true, IMPATIENT },
      .is_secure = true },
};

/* A key in a folder that is not there: QEMU is left to find it. */
static Secure *secure_by_key(void)
{
    Secure *secure = secure_new();
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        secure->credentials[side] = tls_credentials_new("/keys");
    }
    secure->identity = g_strdup("me");
    return secure;
}

static GArray *alphabet; /* of WalkStep */

static int set_up(void **state)
{
    alphabet = walk_alphabet();
    for (size_t way = 0; way < G_N_ELEMENTS(ways); way++) {
        if (ways[way].arms_postcopy) {
            ways[way].settings.wishes =
                g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
            g_ptr_array_add(ways[way].settings.wishes,
                            caps_wish_capability("postcopy-ram", true));
        }
        if (ways[way].is_secure) {
            ways[way].settings.secure = secure_by_key();
        }
        ways[way].straight = walk_straight(&ways[way].settings);
    }
    return 0;
}

static int tear_down(void **state)
{
    g_array_unref(alphabet);
    for (size_t way = 0; way < G_N_ELEMENTS(ways); way++) {
        g_array_unref(ways[way].straight);
        g_clear_pointer(&ways[way].settings.wishes, g_ptr_array_unref);
        g_clear_pointer(&ways[way].settings.secure, secure_unref);
    }
    return 0;
}

/* ---- states ---- */

static CapsStep *step_copy(const CapsStep *from)
{
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = from->side;
    step->command = qmp_command_copy(from->command);
    step->undo = qmp_command_copy(from->undo);
    return step;
}

/* A machine that can be fed without the other noticing.  What the preflight found
 * and what the guests are made of is left out: both count at the end of inspect
 * alone. */
static Migration *copy(const Migration *from)
{
    Migration *to = migration_new(from->settings);
    GPtrArray *steps = to->steps, *actions = to->actions, *notes = to->notes;
    GPtrArray *findings = to->findings, *wishes = to->wishes;
    GArray *passes = to->passes, *decisions = to->decisions;

    *to = *from;
    to->findings = findings;
    to->wishes = wishes;
    to->steps = steps;
    to->actions = actions;
    to->notes = notes;
    to->passes = passes;
    to->decisions = decisions;
    to->policy = NULL; /* the settings have none */
    for (guint i = 0; i < from->steps->len; i++) {
        g_ptr_array_add(steps, step_copy(from->steps->pdata[i]));
    }
    for (Side side = 0; side < N_SIDES; side++) {
        to->facts[side].error_desc = g_strdup(from->facts[side].error_desc);
        caps_inventory_copy(&from->inventories[side], &to->inventories[side]);
        caps_inventory_copy(&from->wanted[side], &to->wanted[side]);
        to->machines[side] = (CapsMachine){ 0 };
        to->jobs[side] =
            from->jobs[side] ? g_ptr_array_ref(from->jobs[side]) : NULL;
        to->job_rows[side] =
            from->job_rows[side] ? json_node_ref(from->job_rows[side]) : NULL;
    }
    to->blocked = g_strdup(from->blocked);
    to->migrate_uri = g_strdup(from->migrate_uri);
    to->blocktime = from->blocktime ? json_object_ref(from->blocktime) : NULL;
    to->recovery.home = g_strdup(from->recovery.home);
    to->failure = failure_copy(&from->failure);
    return to;
}

/* Which of the questions of inspect is still open makes no difference. */
static uint64_t waiting_of(const Migration *m, Side side)
{
    return m->phase == PHASE_INSPECT ? __builtin_popcountll(m->waiting[side])
                                     : m->waiting[side];
}

static void describe_side(GString *key, const Migration *m, Side side)
{
    const Facts *facts = &m->facts[side];
    g_string_append_printf(key, "|%d%d%d%d %s %d %d%d w%" PRIx64 " c%d p%d",
                           facts->connected, facts->dead, facts->blind,
                           facts->stopped, facts->run_state, facts->status,
                           facts->resume_us != 0, facts->completed_us != 0,
                           waiting_of(m, side), m->connecting[side],
                           m->inventories[side].capabilities != NULL);
    if (m->phase == PHASE_ROLL_BACK) { /* what is set decides what is undone */
        g_string_append_printf(
            key, " u%u t%" PRIx64 " e%d", m->n_undo, m->told_settings[side],
            caps_inventory_is_on(&m->inventories[side], "events"));
    }
    const GPtrArray *jobs = m->jobs[side];
    const CapsJob *job = jobs && jobs->len > 0 ? jobs->pdata[0] : NULL;
    g_string_append_printf(key, " j%s %d%d", job ? job->status : "",
                           m->job_rows[side] != NULL, m->jobs_are_done);
}

/* Two machines that this says the same of behave the same. */
static char *key_of(const Migration *m)
{
    GString *key = g_string_new(NULL);
    g_string_append_printf(
        key, "%d f%d o%d a%u s%u %d%d%d%d %d%d%d%d", m->phase, m->failure.code,
        m->outcome, m->n_sent, m->steps->len, m->context.started,
        m->context.guest_ran, m->context.handed_over, m->context.cont_sent,
        m->will_pause + 2 * m->has_acted + 4 * m->context.held +
            8 * m->context.postcopy + 16 * m->context.postcopy_sent +
            32 * m->recovery.is_over + 64 * m->context.arrived +
            128 * m->recovery.has_stirred + 256 * m->has_short_end +
            512 * m->recovery.is_unpausable,
        m->cancel_sent, m->continue_sent, m->rescue_sent);
    g_string_append_printf(key, " %d%d%d", m->context.ours.proof,
                           m->context.ours.ended, m->context.ours.is_external);
    if (m->phase == PHASE_POSTCOPY) {
        const Stall *stall = &m->stall;
        g_string_append_printf(key, " %d%d%d", stall->due_us > 0,
                               stall->asked_us[SIDE_SOURCE] >= stall->due_us,
                               stall->asked_us[SIDE_DESTINATION] >=
                                   stall->due_us);
    }
    if (m->phase == PHASE_RECOVER) {
        g_string_append_printf(key, " r%d a%u", m->recovery.step,
                               m->recovery.n_attempts);
    }
    if (m->phase != PHASE_DONE) { /* there nothing happens any more */
        describe_side(key, m, SIDE_SOURCE);
        describe_side(key, m, SIDE_DESTINATION);
    }
    return g_string_free(key, FALSE);
}

/* ---- feeding ---- */

static bool seen[N_PHASES][N_EVENTS];
static guint n_fed;

/* As a policy would, which no walk has: at the end of a pass. */
static void start_postcopy(Migration *m, const Event *event)
{
    if (m->settings->wishes && m->phase == PHASE_TRANSFER &&
        m->facts[SIDE_SOURCE].status == STATUS_ACTIVE &&
        event->kind == EVENT_QMP &&
        strcmp(event->name, "MIGRATION_PASS") == 0 &&
        !m->context.postcopy_sent) {
        phase_start_postcopy(m);
    }
}

static void feed(Migration *m, const Event *event)
{
    const Migration was = *m; /* its plain members alone */
    PhaseId before = m->phase;
    Event at = *event;

    at.time_us = m->now_us + 1000;
    seen[m->phase][event->kind] = true;
    n_fed++;
    walk_feed(m, &at);
    start_postcopy(m, event);
    for (guint i = 0; i < m->actions->len; i++) {
        const Action *action = m->actions->pdata[i];
        walk_check_action(&was, m, action);
    }
    g_ptr_array_set_size(m->actions, 0);
    if (m->phase >= PHASE_ROLL_BACK && before < PHASE_ROLL_BACK) {
        walk_check_outcome(m); /* it was decided just now */
    }
}

/* Nothing comes any more but what the shell makes itself. */
static void check_end(const Migration *from)
{
    g_autoptr(Migration) m = copy(from);
    for (int i = 0; i < ENDS_MAX && m->phase != PHASE_DONE; i++) {
        bool is_leaving = m->phase == PHASE_RECOVER &&
                          m->recovery.step == RECOVERY_LEAVE; /* its own */
        if (phase_row(m->phase)->deadline_ms && !is_leaving) {
            feed(m, &(Event){ .kind = EVENT_DEADLINE });
        } else {
            /* A late tick is no proof of a stall. */
            m->now_us += m->phase == PHASE_POSTCOPY ? G_USEC_PER_SEC / 2 - 1000
                                                    : 100 * G_USEC_PER_SEC;
            feed(m, &(Event){ .kind = EVENT_TICK });
        }
    }
    assert_int_equal(m->phase, PHASE_DONE);
}

/* @limit: so many states may be known; then what is left is not gone into. */
static void expand(GQueue *queue, GHashTable *known, guint limit, Migration *m)
{
    for (guint i = 0; i < alphabet->len; i++) {
        const Event *event = &g_array_index(alphabet, WalkStep, i).event;
        if (!walk_can_come(m, event)) {
            continue;
        }
        g_autoptr(Migration) next = copy(m);
        feed(next, event);
        g_autofree char *key = key_of(next);
        if (g_hash_table_size(known) < limit &&
            !g_hash_table_contains(known, key)) {
            g_hash_table_add(known, g_steal_pointer(&key));
            check_end(next);
            g_queue_push_tail(queue, g_steal_pointer(&next));
        }
    }
}

static Migration *go_straight(size_t way, guint n)
{
    Migration *m = migration_new(&ways[way].settings);
    for (guint i = 0; i < n; i++) {
        feed(m, &g_array_index(ways[way].straight, WalkStep, i).event);
    }
    return m;
}

static void straight_ways_lead_to_their_end(void **state)
{
    for (size_t way = 0; way < G_N_ELEMENTS(ways); way++) {
        bool migrates = !ways[way].settings.check_only;
        g_autoptr(Migration) m = go_straight(way, ways[way].straight->len);
        assert_int_equal(m->phase, PHASE_DONE);
        assert_int_equal(m->failure.code, FAILURE_NONE);
        assert_int_equal(m->outcome, OUTCOME_MIGRATED);
        assert_int_equal(m->context.cont_sent, migrates);
        assert_int_equal(m->context.started, migrates);
    }
}

/* Breadth first, from each place that the straight way comes to: from its start
 * alone a walk would stay in inspect. */
static void walk(size_t way)
{
    g_autoptr(GHashTable) known =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GQueue queue = G_QUEUE_INIT;

    n_fed = 0;
    for (guint n = 0; n <= ways[way].straight->len; n++) {
        guint limit = g_hash_table_size(known) + STATES_EACH;
        Migration *m = go_straight(way, n);
        check_end(m);
        g_hash_table_add(known, key_of(m));
        g_queue_push_tail(&queue, m);
        while (!g_queue_is_empty(&queue)) {
            g_autoptr(Migration) next = g_queue_pop_head(&queue);
            expand(&queue, known, limit, next);
        }
    }
    printf("%s%s: %u states, %u events fed\n", ways[way].settings.uri,
           ways[way].settings.check_only ? ", a check" : "",
           g_hash_table_size(known), n_fed);
}

static void every_walk_keeps_the_rules_and_ends(void **state)
{
    for (size_t way = 0; way < G_N_ELEMENTS(ways); way++) {
        walk(way);
    }
    assert_true(walk_n_stalls_paused() > 0); /* I13 was put to the test */
}

/* Both monitors are there from prepare on; one that is lost leads to resolve.
 * examine has recovery-walk.c. */
static bool is_impossible(PhaseId phase, EventKind kind)
{
    return phase == PHASE_EXAMINE ||
           (kind == EVENT_CONNECTED && phase >= PHASE_PREPARE &&
            phase <= PHASE_SETTLE);
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
        cmocka_unit_test(straight_ways_lead_to_their_end),
        cmocka_unit_test(every_walk_keeps_the_rules_and_ends),
        cmocka_unit_test(every_event_met_every_phase),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
