/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who has the guest: every cell of the verdict table, reached by the facts that
 * real QEMUs give.
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
    { "completed, and was asked before it stopped",
      5,
      { ALIVE("running", COMPLETED), .stopped = true } },
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
    { "dead after a gap before which it ran",
      6,
      { .dead = true, .blind = true, .ran = true },
      true },
    { "dead in post-copy",
      6,
      { .dead = true, .ran = true, .status = STATUS_POSTCOPY },
      true },
    { "failed after it ran",
      6,
      { ALIVE("paused", FAILED), .resume_us = 5 },
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
#define DM OWNER_DOOMED
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
    { W,  N,  CD, D,  W,  N,  N,  U }, /* dead */
    { U,  U,  U,  U,  U,  U,  U,  U }, /* unknown */
    { W,  CS, U,  U,  U,  U,  U,  U }, /* held by us */
    { W,  W,  W,  U,  DM, N,  W,  W }, /* spoilt */
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
#undef DM
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
                .ours = { .proof = OURS_PROVED },
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
    OwnerContext context; /* ours is PROVED if started, and nothing is said */
    bool final;
    Owner owner;
} cases[] = {
    /* clang-format off */
    { "the source was reset after the guest had left",
      { ALIVE("prelaunch", COMPLETED) }, { ALIVE("running", COMPLETED) },
      { .started = true, .guest_ran = true, .handed_over = true }, false, OWNER_DESTINATION },
    { "the same, before cont",
      { ALIVE("prelaunch", COMPLETED) }, { ALIVE("paused", COMPLETED) },
      { .started = true, .guest_ran = true, .handed_over = true }, false, OWNER_CONT_DESTINATION },
    { "the same, saved to a file",
      { ALIVE("prelaunch", COMPLETED) }, { ALIVE("inmigrate", NONE) },
      { .started = true, .guest_ran = true, .through_file = true }, true, OWNER_UNPROVED },
    { "the same, and the destination failed: cont would boot it anew",
      { ALIVE("prelaunch", COMPLETED) }, { ALIVE("inmigrate", FAILED) },
      { .started = true, .guest_ran = true, .handed_over = true }, false, OWNER_UNPROVED },
    { "the same, and the destination cannot be reached",
      { ALIVE("prelaunch", COMPLETED) }, { .connected = false },
      { .started = true, .guest_ran = true, .handed_over = true }, false, OWNER_UNPROVED },
    { "someone else's migration, and a reset",
      { ALIVE("prelaunch", COMPLETED) }, { ALIVE("inmigrate", SETUP) },
      { .guest_ran = true, .ours = { .is_refused = true } }, false, OWNER_TAKEN },
    { "before migrate the guest is where it was",
      { ALIVE("running", NONE) },
      { .connected = false },
      { .guest_ran = true },
      false, OWNER_SOURCE },
    { "paused before: paused there is right",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("paused", COMPLETED) },
      { .started = true, .handed_over = true },
      false, OWNER_DESTINATION },
    { "paused before: paused here is right",
      { ALIVE("paused", FAILED), .stopped = true },
      { ALIVE("inmigrate", FAILED) },
      { .started = true },
      false, OWNER_SOURCE },
    { "paused before, and it failed in the switchover: 7.2",
      { ALIVE("postmigrate", FAILED), .stopped = true },
      { .dead = true, .run_state = "inmigrate" },
      { .started = true, .handed_over = true },
      false, OWNER_SOURCE },
    { "the same, and the destination may have run it",
      { ALIVE("postmigrate", FAILED), .stopped = true },
      { .dead = true, .run_state = "running" },
      { .started = true, .handed_over = true, .arrived = true },
      false, OWNER_WAIT },
    { "the same, in post-copy",
      { ALIVE("postmigrate", CANCELLED), .stopped = true },
      { ALIVE("paused", POSTCOPY_PAUSED) },
      { .started = true, .handed_over = true, .postcopy = true },
      false, OWNER_NOBODY },
    { "our cont may have been heard: no cont elsewhere, and no proof of an end",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true },
      { .started = true, .guest_ran = true, .handed_over = true,
        .cont_sent = true },
      false, OWNER_UNPROVED },
    { "our cont was answered, and it died then",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true, .ran = true },
      { .started = true, .guest_ran = true, .handed_over = true,
        .cont_sent = true },
      false, OWNER_NOBODY },
    { "a source that someone else may have continued is dead too",
      { .dead = true },
      { .dead = true },
      { .guest_ran = true, .is_taken_over = true },
      false, OWNER_UNPROVED },
    { "our cont was sent and nobody is there any more",
      { ALIVE("postmigrate", COMPLETED) },
      { .connected = false },
      { .started = true, .guest_ran = true, .cont_sent = true },
      false, OWNER_UNPROVED },
    { "we stopped an old copy, and it never ran there: the only one",
      { ALIVE("paused", FAILED), .stopped = true },
      { .dead = true, .run_state = "inmigrate", .status = STATUS_POSTCOPY
        },
      { .started = true, .guest_ran = true, .handed_over = true, .postcopy
        = true, .arrived = true, .held = true },
      false, OWNER_CONT_SOURCE },
    { "we stopped an old copy, and it may run there",
      { ALIVE("paused", FAILED), .stopped = true },
      { .connected = false, .run_state = "inmigrate" },
      { .started = true, .guest_ran = true, .handed_over = true, .postcopy
        = true, .arrived = true, .held = true },
      false, OWNER_UNPROVED },
    { "we stopped an old copy, and our cont was heard there",
      { ALIVE("paused", FAILED), .stopped = true },
      { .dead = true, .run_state = "inmigrate", .status = STATUS_POSTCOPY
        },
      { .started = true, .guest_ran = true, .handed_over = true, .postcopy
        = true, .arrived = true, .cont_sent = true, .held = true },
      false, OWNER_NOBODY },
    { "I10: what a newer QEMU does is not cancelled",
      { ALIVE("running", IN_PROGRESS) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true },
      false, OWNER_WAIT },
    { "at last: a cancel that takes long leaves it here",
      { ALIVE("running", CANCELLING) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true },
      true, OWNER_SOURCE },
    { "at last: not once it was handed over",
      { ALIVE("running", CANCELLING) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true, .handed_over = true },
      true, OWNER_UNPROVED },
    { "at last: stopped is not running",
      { ALIVE("finish-migrate", CANCELLING) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true },
      true, OWNER_UNPROVED },
    { "at last: who waits has not shown anything",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true, .handed_over = true },
      true, OWNER_UNPROVED },
    { "at last: what is proved stays proved",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("running", COMPLETED) },
      { .started = true, .guest_ran = true },
      true, OWNER_DESTINATION },
    { "I7: paused before, and the destination never had it",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true },
      { .started = true, .handed_over = true },
      false, OWNER_SOURCE },
    { "I7: it ran there, and someone paused it",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("paused", COMPLETED), .ran = true },
      { .started = true, .guest_ran = true, .handed_over = true,
        .cont_sent = true },
      false, OWNER_DESTINATION },
    { "I7: ran before the last questions, dead now",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true, .ran = true },
      { .started = true, .guest_ran = true, .handed_over = true },
      false, OWNER_NOBODY },
    { "lost needs proof: a dead source, and a destination that runs on",
      { .dead = true },
      { ALIVE("running", POSTCOPY_PAUSED), .ran = true },
      { .started = true, .guest_ran = true, .postcopy = true },
      false, OWNER_DOOMED },
    { "lost needs proof: a destination that does not answer may run",
      { .dead = true },
      { .connected = true, .ran = true },
      { .started = true, .guest_ran = true, .postcopy = true },
      true, OWNER_DOOMED },
    { "lost needs proof: a destination in post-copy may have all of it",
      { .dead = true },
      { ALIVE("running", POSTCOPY), .ran = true },
      { .started = true, .guest_ran = true, .postcopy = true },
      false, OWNER_WAIT },
    { "at last: it did not have all of it",
      { .dead = true },
      { ALIVE("running", POSTCOPY), .ran = true },
      { .started = true, .guest_ran = true, .postcopy = true },
      true, OWNER_DOOMED },
    { "lost needs proof: failed in recover, and its vCPUs run: 11.1",
      { ALIVE("finish-migrate", POSTCOPY_PAUSED) },
      { ALIVE("running", FAILED), .ran = true },
      { .started = true, .guest_ran = true, .postcopy = true },
      false, OWNER_DOOMED },
    { "lost: failed in recover, and somebody stopped it",
      { ALIVE("finish-migrate", POSTCOPY_PAUSED) },
      { ALIVE("paused", FAILED), .ran = true },
      { .started = true, .guest_ran = true, .postcopy = true },
      false, OWNER_NOBODY },
    { "a destination that failed and runs, and so does the source",
      { ALIVE("running", FAILED) },
      { ALIVE("running", FAILED), .ran = true },
      { .started = true, .guest_ran = true, .handed_over = true },
      false, OWNER_UNPROVED },
    { "10.2: in postcopy-device the source fails back",
      { ALIVE("finish-migrate", POSTCOPY_DEVICE) },
      { .dead = true },
      { .started = true, .guest_ran = true, .postcopy = true },
      false, OWNER_WAIT },
    { "I14: migrate was refused, and the guest is here",
      { ALIVE("running", NONE) },
      { ALIVE("inmigrate", SETUP) },
      { .guest_ran = true, .ours = { .is_refused = true } },
      false, OWNER_SOURCE },
    { "I14: migrate was refused, and someone else migrates the guest",
      { ALIVE("running", ACTIVE) },
      { ALIVE("inmigrate", SETUP) },
      { .guest_ran = true, .ours = { .is_refused = true } },
      false, OWNER_SOURCE },
    { "I14: migrate was refused, and the guest was migrated away",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("inmigrate", SETUP) },
      { .guest_ran = true, .ours = { .is_refused = true } },
      false, OWNER_TAKEN },
    { "I14: the same, and our destination is dead",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true },
      { .guest_ran = true, .ours = { .is_refused = true } },
      false, OWNER_TAKEN },
    { "I14: the same, and we stopped the guest to save it",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("inmigrate", NONE) },
      { .guest_ran = true,
        .through_file = true,
        .held = true,
        .ours = { .is_refused = true } },
      false, OWNER_TAKEN },
    { "I12: someone else migrates a guest that we stopped",
      { ALIVE("paused", ACTIVE) },
      { ALIVE("inmigrate", NONE) },
      { .guest_ran = true,
        .through_file = true,
        .held = true,
        .ours = { .is_external = true } },
      false, OWNER_TAKEN },
    { "I14: the guest that we stopped, before migrate",
      { ALIVE("paused", NONE) },
      { ALIVE("inmigrate", NONE) },
      { .guest_ran = true, .through_file = true, .held = true },
      false, OWNER_CONT_SOURCE },
    { "I12: no answer to migrate, so nothing is cancelled",
      { ALIVE("running", ACTIVE) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true, .ours = { .proof = OURS_ASKED } },
      false, OWNER_UNPROVED },
    { "at last: it may be ours, and may not",
      { ALIVE("running", ACTIVE) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true, .ours = { .proof = OURS_ASKED } },
      true, OWNER_UNPROVED },
    { "I14: no answer to migrate, and the guest is handed over",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true },
      { .started = true, .guest_ran = true, .ours = { .proof = OURS_ASKED } },
      true, OWNER_UNPROVED },
    { "I14: events were missed, and the guest is handed over",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true },
      { .started = true,
        .guest_ran = true,
        .handed_over = true,
        .ours = { .proof = OURS_DOUBTFUL } },
      false, OWNER_UNPROVED },
    { "I12: events were missed, and it goes on",
      { ALIVE("running", ACTIVE) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true,
        .guest_ran = true,
        .ours = { .proof = OURS_DOUBTFUL } },
      false, OWNER_WAIT },
    { "I14: ours failed, and the next one took the guest away",
      { ALIVE("postmigrate", COMPLETED) },
      { .dead = true },
      { .started = true,
        .guest_ran = true,
        .ours = { .proof = OURS_PROVED, .ended = STATUS_FAILED } },
      false, OWNER_TAKEN },
    { "I12: ours was cancelled, and the next one is not touched",
      { ALIVE("running", ACTIVE) },
      { .dead = true },
      { .started = true,
        .guest_ran = true,
        .ours = { .proof = OURS_PROVED, .ended = STATUS_CANCELLED } },
      false, OWNER_SOURCE },
    { "completed there, and came to a stop by itself: it is there",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("internal-error", COMPLETED) },
      { .started = true, .guest_ran = true, .handed_over = true },
      true, OWNER_DESTINATION },
    { "a file: until it is told of it the destination has nothing",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("inmigrate", NONE) },
      { .started = true, .guest_ran = true, .held = true, .through_file =
        true },
      false, OWNER_CONT_SOURCE },
    { "a file: nor has one that cannot be reached",
      { ALIVE("paused", CANCELLED), .stopped = true },
      { .connected = false },
      { .started = true, .guest_ran = true, .held = true, .through_file =
        true },
      false, OWNER_CONT_SOURCE },
    { "a file: once it is told it may load it",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("inmigrate", ACTIVE) },
      { .started = true, .guest_ran = true, .held = true, .through_file =
        true, .handed_over = true },
      false, OWNER_WAIT },
    { "a file: it runs there, whoever told it to",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("running", ACTIVE) },
      { .started = true, .guest_ran = true, .held = true, .through_file =
        true },
      true, OWNER_UNPROVED },
    { "I7: what was paused before is not continued",
      { ALIVE("paused", FAILED), .stopped = true },
      { ALIVE("inmigrate", NONE) },
      { .started = true, .through_file = true },
      false, OWNER_SOURCE },
    { "10.2: it broke before cont was sent, and the source runs again",
      { ALIVE("running", FAILED) },
      { ALIVE("paused", POSTCOPY_PAUSED) },
      { .started = true, .guest_ran = true, .handed_over = true, .postcopy
        = true, .arrived = true },
      false, OWNER_SOURCE },
    { "... but not if the destination was sent cont",
      { ALIVE("running", FAILED) },
      { ALIVE("paused", POSTCOPY_PAUSED) },
      { .started = true, .guest_ran = true, .handed_over = true,
        .cont_sent = true, .postcopy = true, .arrived = true },
      false, OWNER_STOP_SOURCE },
    { "... nor if it runs there by itself",
      { ALIVE("running", FAILED) },
      { ALIVE("running", POSTCOPY_PAUSED) },
      { .started = true, .guest_ran = true, .handed_over = true, .postcopy
        = true, .arrived = true },
      false, OWNER_STOP_SOURCE },
    { "... nor if it does not answer",
      { ALIVE("running", FAILED) },
      { .connected = true },
      { .started = true, .guest_ran = true, .handed_over = true, .postcopy
        = true, .arrived = true },
      false, OWNER_STOP_SOURCE },
    { "I7: running there though it was paused",
      { ALIVE("postmigrate", COMPLETED) },
      { ALIVE("running", COMPLETED) },
      { .started = true, .handed_over = true },
      false, OWNER_DESTINATION },
    /* clang-format on */
};

static void judges_special_cases(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Facts facts[N_SIDES] = { cases[i].source, cases[i].destination };
        OwnerContext context = cases[i].context;
        if (context.started && context.ours.proof == OURS_NO) {
            context.ours.proof = OURS_PROVED;
        }
        Owner owner = owner_judge(facts, &context, cases[i].final);

        if (owner != cases[i].owner) {
            fail_msg("%s: %s", cases[i].what, owner_to_string(owner));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_judged),
        cmocka_unit_test(judges_special_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
