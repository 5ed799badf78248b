/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who has the guest: every cell of the verdict table, reached by the facts that
 * real QEMUs give, and the rules I2, I3, I10 over all facts that there can be.
 */
#include "tests/lib/check.h"

#include "orchestrator/owner.h"

#define ALIVE(state, is)                                                       \
    .connected = true, .run_state = state, .status = STATUS_##is

/* Source: which row of the expected table, and the facts for it. */
static const struct {
    const char *what;
    int row;
    Facts facts;
    bool held;
} sources[] = {
    { "failed and runs", 0, { ALIVE("running", FAILED) } },
    { "cancelled and runs", 0, { ALIVE("running", CANCELLED) } },
    { "never migrated", 0, { ALIVE("running", NONE) } },
    { "suspended to RAM", 0, { ALIVE("suspended", FAILED), .stopped = true } },
    { "continued after completed", 0, { ALIVE("running", COMPLETED) } },
    { "continued after completed, and suspended to RAM",
      0,
      { ALIVE("suspended", COMPLETED) } },
    { "connects", 1, { ALIVE("running", SETUP) } },
    { "sends", 1, { ALIVE("running", ACTIVE) } },
    { "waits for migrate-continue",
      1,
      { ALIVE("finish-migrate", PRE_SWITCHOVER), .stopped = true } },
    { "sends the last",
      1,
      { ALIVE("finish-migrate", DEVICE), .stopped = true } },
    { "is being cancelled", 1, { ALIVE("running", CANCELLING) } },
    { "in post-copy", 2, { ALIVE("finish-migrate", POSTCOPY) } },
    { "in post-copy", 2, { ALIVE("postmigrate", POSTCOPY) } },
    { "post-copy broke", 3, { ALIVE("postmigrate", POSTCOPY_PAUSED) } },
    { "completed", 4, { ALIVE("postmigrate", COMPLETED), .stopped = true } },
    { "completed a moment ago: 7.2",
      5,
      { ALIVE("finish-migrate", COMPLETED), .stopped = true } },
    { "failed, stands still yet",
      5,
      { ALIVE("finish-migrate", FAILED), .stopped = true } },
    { "failed, and paused by somebody",
      0,
      { ALIVE("paused", FAILED), .stopped = true } },
    { "cancelled in post-copy: 7.2", 9, { ALIVE("postmigrate", CANCELLED) } },
    { "dead", 6, { .dead = true, .run_state = "running" } },
    { "dead in switchover",
      6,
      { .dead = true,
        .run_state = "finish-migrate",
        .status = STATUS_DEVICE } },
    { "not to be reached",
      7,
      { .run_state = "running", .status = STATUS_ACTIVE } },
    { "silent", 7, { .connected = true, .run_state = "running" } },
    { "silent", 7, { .connected = true, .status = STATUS_COMPLETED } },
    { "was not saved, and stands still for it",
      8,
      { ALIVE("paused", FAILED), .stopped = true },
      true },
    { "stands still, and nothing was sent yet",
      8,
      { ALIVE("paused", NONE), .stopped = true },
      true },
    { "was not saved, and somebody continued it",
      0,
      { ALIVE("running", CANCELLED) },
      true },
};

/* Destination: which column. */
static const struct {
    const char *what;
    int column;
    Facts facts;
    bool handed_over;
} destinations[] = {
    { "listens", 0, { ALIVE("inmigrate", SETUP) } },
    { "listens: 7.2", 0, { ALIVE("inmigrate", NONE) } },
    { "loads", 0, { ALIVE("inmigrate", ACTIVE) }, true },
    { "cannot be reached before the switchover", 0, { .connected = false } },
    { "dead before it ran", 1, { .dead = true, .run_state = "inmigrate" } },
    { "dead in the switchover",
      1,
      { .dead = true, .run_state = "inmigrate", .status = STATUS_ACTIVE },
      true },
    { "failed", 1, { ALIVE("inmigrate", FAILED) }, true },
    { "failed", 1, { ALIVE("paused", FAILED) }, true },
    { "complete, waits for cont", 2, { ALIVE("paused", COMPLETED) }, true },
    { "complete, not paused yet", 2, { ALIVE("inmigrate", COMPLETED) }, true },
    { "complete and runs",
      3,
      { ALIVE("running", COMPLETED), .resume_us = 5 },
      true },
    { "in post-copy", 4, { ALIVE("running", POSTCOPY) }, true },
    { "post-copy broke", 5, { ALIVE("paused", POSTCOPY_PAUSED) }, true },
    { "dead after it ran", 6, { .dead = true, .resume_us = 5 }, true },
    { "dead, ran when last asked",
      6,
      { .dead = true, .run_state = "running" },
      true },
    { "dead after a gap in which it may have run",
      6,
      { .dead = true, .blind = true },
      true },
    { "dead in post-copy",
      6,
      { .dead = true, .status = STATUS_POSTCOPY },
      true },
    { "failed after it ran",
      6,
      { ALIVE("running", FAILED), .resume_us = 5 },
      true },
    { "cannot be reached after the switchover began",
      7,
      { .connected = false },
      true },
    { "silent after the switchover began",
      7,
      { .connected = true, .run_state = "inmigrate" },
      true },
};

#define W  OWNER_WAIT
#define C  OWNER_CANCEL
#define CS OWNER_CONT_SOURCE
#define CD OWNER_CONT_DESTINATION
#define S  OWNER_SOURCE
#define D  OWNER_DESTINATION
#define P  OWNER_POSTCOPY
#define SP OWNER_SPLIT
#define N  OWNER_NOBODY
#define U  OWNER_UNPROVED
/* clang-format off */
static const Owner expected[10][8] = {
    /* waits, never, loaded, runs, post-copy, split, died, unknown */
    { S,  S,  S,  U,  U,  U,  S,  U }, /* source runs */
    { C,  C,  W,  W,  W,  W,  W,  C }, /* migrates */
    { P,  N,  P,  P,  P,  SP, N,  W }, /* post-copy */
    { SP, N,  U,  D,  SP, SP, N,  U }, /* split */
    { W,  CS, CD, D,  W,  SP, N,  U }, /* handed over */
    { W,  W,  W,  U,  U,  SP, W,  W }, /* turns */
    { W,  N,  CD, D,  N,  N,  N,  U }, /* dead */
    { U,  U,  U,  U,  U,  U,  U,  U }, /* unknown */
    { W,  CS, U,  U,  U,  U,  U,  U }, /* held by us */
    { W,  W,  W,  U,  N,  N,  W,  W }, /* spoilt */
};
/* clang-format on */
#undef W
#undef C
#undef CS
#undef CD
#undef S
#undef D
#undef P
#undef SP
#undef N
#undef U

static void every_cell_is_judged(void **state)
{
    bool seen[10][8] = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(destinations); j++) {
            const Facts facts[N_SIDES] = { sources[i].facts,
                                           destinations[j].facts };
            const OwnerContext context = {
                .started = true,
                .guest_ran = true,
                .handed_over = destinations[j].handed_over,
                .held = sources[i].held,
            };
            Owner owner = owner_judge(facts, &context, false);
            Owner right = expected[sources[i].row][destinations[j].column];

            if (owner != right) {
                fail_msg("source %s, destination %s: %s, not %s",
                         sources[i].what, destinations[j].what,
                         owner_to_string(owner), owner_to_string(right));
            }
            seen[sources[i].row][destinations[j].column] = true;
        }
    }
    for (size_t i = 0; i < 80; i++) {
        assert_true(seen[i / 8][i % 8]);
    }
}

static const struct {
    const char *what;
    Facts source, destination;
    OwnerContext context;
    bool final;
    Owner owner;
} cases[] = {
    { "before migrate the guest is where it was",
      { ALIVE("running", NONE) },
      { .connected = false },
      { .guest_ran = true },
      false,
      OWNER_SOURCE },
    { "paused before: paused there is right",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("paused", COMPLETED) },
      { .started = true, .handed_over = true },
      false,
      OWNER_DESTINATION },
    { "paused before: paused here is right",
      { ALIVE("paused", FAILED), .stopped = true },
      { ALIVE("inmigrate", FAILED) },
      { .started = true },
      false,
      OWNER_SOURCE },
    { "our cont may have been heard: no cont elsewhere",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true },
      { .started = true,
        .guest_ran = true,
        .handed_over = true,
        .cont_sent = true },
      false,
      OWNER_NOBODY },
    { "our cont was sent and nobody is there any more",
      { ALIVE("postmigrate", COMPLETED) },
      { .connected = false },
      { .started = true, .guest_ran = true, .cont_sent = true },
      false,
      OWNER_UNPROVED },
    { "I10: what a newer QEMU does is not cancelled",
      { ALIVE("running", IN_PROGRESS) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true },
      false,
      OWNER_WAIT },
    { "at last: a cancel that takes long leaves it here",
      { ALIVE("running", CANCELLING) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true },
      true,
      OWNER_SOURCE },
    { "at last: not once it was handed over",
      { ALIVE("running", CANCELLING) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true, .handed_over = true },
      true,
      OWNER_UNPROVED },
    { "at last: stopped is not running",
      { ALIVE("finish-migrate", CANCELLING) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true },
      true,
      OWNER_UNPROVED },
    { "at last: who waits has not shown anything",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true, .handed_over = true },
      true,
      OWNER_UNPROVED },
    { "at last: what is proved stays proved",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("running", COMPLETED) },
      { .started = true, .guest_ran = true },
      true,
      OWNER_DESTINATION },
    { "I7: it ran there, and someone paused it",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("paused", COMPLETED), .ran = true },
      { .started = true,
        .guest_ran = true,
        .handed_over = true,
        .cont_sent = true },
      false,
      OWNER_DESTINATION },
    { "I7: ran before the last questions, dead now",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true, .ran = true },
      { .started = true, .guest_ran = true, .handed_over = true },
      false,
      OWNER_NOBODY },
    { "I9: completed there but not running is not there",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("internal-error", COMPLETED) },
      { .started = true, .guest_ran = true, .handed_over = true },
      true,
      OWNER_UNPROVED },
    { "a file: until it is told of it the destination has nothing",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("inmigrate", NONE) },
      { .started = true,
        .guest_ran = true,
        .held = true,
        .through_file = true },
      false,
      OWNER_CONT_SOURCE },
    { "a file: nor has one that cannot be reached",
      { ALIVE("paused", CANCELLED), .stopped = true },
      { .connected = false },
      { .started = true,
        .guest_ran = true,
        .held = true,
        .through_file = true },
      false,
      OWNER_CONT_SOURCE },
    { "a file: once it is told it may load it",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true,
        .guest_ran = true,
        .held = true,
        .through_file = true,
        .handed_over = true },
      false,
      OWNER_WAIT },
    { "a file: it runs there, whoever told it to",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("running", ACTIVE) },
      { .started = true,
        .guest_ran = true,
        .held = true,
        .through_file = true },
      true,
      OWNER_UNPROVED },
    { "I7: what was paused before is not continued",
      { ALIVE("paused", FAILED), .stopped = true },
      { ALIVE("inmigrate", NONE) },
      { .started = true, .through_file = true },
      false,
      OWNER_SOURCE },
    { "10.2: it broke before cont was sent, and the source runs again",
      { ALIVE("running", FAILED) },
      { ALIVE("paused", POSTCOPY_PAUSED) },
      { .started = true,
        .guest_ran = true,
        .handed_over = true,
        .postcopy = true,
        .arrived = true },
      false,
      OWNER_SOURCE },
    { "... but not if the destination was sent cont",
      { ALIVE("running", FAILED) },
      { ALIVE("paused", POSTCOPY_PAUSED) },
      { .started = true,
        .guest_ran = true,
        .handed_over = true,
        .cont_sent = true,
        .postcopy = true,
        .arrived = true },
      false,
      OWNER_STOP_SOURCE },
    { "... nor if it runs there by itself",
      { ALIVE("running", FAILED) },
      { ALIVE("running", POSTCOPY_PAUSED) },
      { .started = true,
        .guest_ran = true,
        .handed_over = true,
        .postcopy = true,
        .arrived = true },
      false,
      OWNER_STOP_SOURCE },
    { "... nor if it does not answer",
      { ALIVE("running", FAILED) },
      { .connected = true },
      { .started = true,
        .guest_ran = true,
        .handed_over = true,
        .postcopy = true,
        .arrived = true },
      false,
      OWNER_STOP_SOURCE },
    { "I7: running there though it was paused",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("running", COMPLETED) },
      { .started = true, .handed_over = true },
      false,
      OWNER_DESTINATION },
};

static void judges_special_cases(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Facts facts[N_SIDES] = { cases[i].source, cases[i].destination };
        Owner owner = owner_judge(facts, &cases[i].context, cases[i].final);

        if (owner != cases[i].owner) {
            fail_msg("%s: %s", cases[i].what, owner_to_string(owner));
        }
    }
}

/* ---- over all facts ---- */

/* clang-format off */
static const char *const run_states[] = {
    "", "running", "paused", "inmigrate", "finish-migrate", "postmigrate",
    "internal-error",
};
/* clang-format on */

static bool is_postcopy(const Facts *facts)
{
    return status_is_postcopy(facts->status);
}

static void check_rules(const Facts facts[N_SIDES], const OwnerContext *context)
{
    const Facts *source = &facts[SIDE_SOURCE];
    const Facts *destination = &facts[SIDE_DESTINATION];
    Owner owner = owner_judge(facts, context, false);
    Owner final = owner_judge(facts, context, true);
    bool has_nothing = context->through_file && !context->handed_over;

    assert_true(final != OWNER_WAIT && final != OWNER_CANCEL);
    assert_true(final != OWNER_STOP_SOURCE);
    assert_true(owner == final || owner == OWNER_WAIT ||
                owner == OWNER_CANCEL || owner == OWNER_STOP_SOURCE);
    if ((context->postcopy || context->arrived) && context->started) { /* I4 */
        assert_true(owner != OWNER_CANCEL && owner != OWNER_CONT_SOURCE);
    }
    switch (owner) {
    case OWNER_CONT_SOURCE: /* I2 */
        assert_true(source->connected);
        assert_true(source->status == STATUS_COMPLETED ||
                    (context->held && status_is_terminal(source->status)));
        assert_true(destination->dead || destination->status == STATUS_FAILED ||
                    has_nothing || !context->started);
        assert_false(context->cont_sent && context->started);
        assert_true(destination->resume_us == 0 || !context->started);
        assert_false(destination->blind && context->started);
        break;
    case OWNER_CONT_DESTINATION: /* the source cannot go on by itself */
        assert_true(source->dead || source->status == STATUS_COMPLETED);
        assert_true(destination->connected && context->guest_ran);
        break;
    case OWNER_CANCEL: /* I10 */
        assert_false(is_postcopy(source));
        assert_int_not_equal(source->status, STATUS_IN_PROGRESS);
        assert_true(source->connected);
        break;
    case OWNER_DESTINATION: /* I3, I9 */
        assert_int_equal(destination->status, STATUS_COMPLETED);
        assert_true(source->dead || source->status == STATUS_COMPLETED ||
                    source->status == STATUS_POSTCOPY_PAUSED ||
                    context->arrived);
        break;
    case OWNER_STOP_SOURCE: /* what it runs has gone on elsewhere */
        assert_true(context->arrived && source->connected);
        break;
    case OWNER_POSTCOPY:
        assert_true(is_postcopy(source) && source->connected);
        assert_false(destination->dead);
        break;
    case OWNER_SOURCE:
        assert_true(source->connected && !source->dead);
        break;
    case OWNER_NOBODY:
        assert_true(source->dead || destination->dead ||
                    destination->status == STATUS_FAILED || has_nothing ||
                    source->status == STATUS_CANCELLED || !context->started);
        break;
    default:
        break;
    }
}

static Facts facts_by_number(unsigned n)
{
    Facts facts = { .connected = n & 1,
                    .dead = (n & 3) == 2,
                    .blind = (n & 3) == 3,
                    .resume_us = n & 4 };
    facts.stopped = n & 8;
    facts.status = n / 16 % N_STATUSES;
    g_strlcpy(facts.run_state,
              run_states[n / 16 / N_STATUSES % G_N_ELEMENTS(run_states)],
              sizeof(facts.run_state));
    return facts;
}

/* Each pair of facts by each context, on a grid that shares no factor. */
static void rules_hold_for_all_facts(void **state)
{
    const unsigned n = 16 * N_STATUSES * G_N_ELEMENTS(run_states);

    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = i % 3; j < n; j += 3) {
            const Facts facts[N_SIDES] = { facts_by_number(i),
                                           facts_by_number(j) };
            const unsigned bits = i * 5 + j / 3;
            const OwnerContext context = { .started = bits & 1,
                                           .guest_ran = bits & 2,
                                           .handed_over = bits & 4,
                                           .cont_sent = bits & 8,
                                           .through_file = bits & 16,
                                           .postcopy = bits & 64,
                                           .arrived = bits & 64,
                                           .held = bits & 32 };
            check_rules(facts, &context);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_judged),
        cmocka_unit_test(judges_special_cases),
        cmocka_unit_test(rules_hold_for_all_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
