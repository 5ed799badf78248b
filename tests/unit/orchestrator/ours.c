/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the migration that the source reports is ours: each case is what it
 * says from our migrate on, and what may be concluded at the end. */
#include "tests/lib/check.h"

#include "orchestrator/ours.h"

#define S 1000000

typedef enum {
    END,      /* of a case */
    ANSWER,   /* migrate was accepted */
    REFUSAL,  /* migrate was refused */
    TELL,     /* a MIGRATION event */
    REPLY,    /* to query-migrate, with total-time */
    GAP,      /* the monitor breaks, and is there again */
    TIME_OUT, /* a query-migrate is not answered */
} Kind;

typedef struct {
    Kind kind;
    Status status;
    int64_t total_us; /* 0: not given */
    int64_t after_us; /* since the step before; queries are sent then */
} Step;

static const struct {
    const char *what;
    Step steps[10];
    OursProof proof;
    Status now; /* what the source reports at the end */
    bool is_current;
} cases[] = {
    { "not answered", { { TELL, STATUS_SETUP } }, OURS_ASKED, STATUS_SETUP },
    { "not answered, and completed: it can be anyone's",
      { { TELL, STATUS_SETUP }, { TELL, STATUS_COMPLETED } },
      OURS_ASKED,
      STATUS_COMPLETED },
    { "refused", { { REFUSAL } }, OURS_NO, STATUS_ACTIVE },
    { "accepted: setup comes before the answer",
      { { TELL, STATUS_SETUP }, { ANSWER }, { TELL, STATUS_ACTIVE } },
      OURS_PROVED,
      STATUS_ACTIVE,
      true },
    { "answered late",
      { { TELL, STATUS_SETUP },
        { TELL, STATUS_ACTIVE },
        { ANSWER, .after_us = 40 * S },
        { TELL, STATUS_COMPLETED } },
      OURS_PROVED,
      STATUS_COMPLETED,
      true },
    { "setup after the answer is another one's",
      { { ANSWER }, { TELL, STATUS_SETUP } },
      OURS_NO,
      STATUS_SETUP },
    { "ours failed, and another one began",
      { { ANSWER },
        { TELL, STATUS_ACTIVE },
        { TELL, STATUS_FAILED },
        { TELL, STATUS_SETUP },
        { TELL, STATUS_FAILED } },
      OURS_NO,
      STATUS_FAILED },
    { "ours failed, and another one's status is there before its events",
      { { ANSWER }, { TELL, STATUS_FAILED } },
      OURS_PROVED,
      STATUS_ACTIVE },
    { "ours failed",
      { { ANSWER }, { TELL, STATUS_FAILED } },
      OURS_PROVED,
      STATUS_FAILED,
      true },
    { "11.1: failing is not the end",
      { { ANSWER }, { TELL, STATUS_IN_PROGRESS }, { TELL, STATUS_FAILED } },
      OURS_PROVED,
      STATUS_FAILED,
      true },
    { "an answer that was written before the event",
      { { ANSWER },
        { TELL, STATUS_COMPLETED },
        { REPLY, STATUS_ACTIVE, S, S } },
      OURS_PROVED,
      STATUS_COMPLETED,
      true },
    { "another process, which has not migrated",
      { { ANSWER }, { GAP, .after_us = S }, { REPLY, STATUS_NONE, 0, S } },
      OURS_NO,
      STATUS_NONE },
    { "a gap: nothing is proved",
      { { ANSWER }, { GAP, .after_us = S } },
      OURS_DOUBTFUL,
      STATUS_ACTIVE,
      true },
    { "a gap, and it began before: total-time proves it",
      { { ANSWER },
        { REPLY, STATUS_ACTIVE, 5 * S, 5 * S },
        { GAP, .after_us = S },
        { REPLY, STATUS_ACTIVE, 7 * S, S } },
      OURS_PROVED,
      STATUS_ACTIVE,
      true },
    { "a gap, and it has completed meanwhile",
      { { ANSWER },
        { REPLY, STATUS_ACTIVE, 5 * S, 5 * S },
        { GAP, .after_us = S },
        { REPLY, STATUS_COMPLETED, 6 * S, S } },
      OURS_PROVED,
      STATUS_COMPLETED,
      true },
    { "a gap in which a longer one than the gap cannot have begun",
      { { ANSWER },
        { REPLY, STATUS_ACTIVE, 5 * S, 5 * S },
        { GAP, .after_us = S },
        { REPLY, STATUS_COMPLETED, 2 * S, 2 * S } },
      OURS_DOUBTFUL,
      STATUS_COMPLETED,
      true },
    { "a gap, and another one began in it",
      { { ANSWER },
        { REPLY, STATUS_ACTIVE, 5 * S, 5 * S },
        { GAP, .after_us = S },
        { REPLY, STATUS_ACTIVE, S, S } },
      OURS_DOUBTFUL,
      STATUS_ACTIVE,
      true },
    { "a gap right after the answer: no word of ours to go by",
      { { ANSWER },
        { GAP, .after_us = S },
        { REPLY, STATUS_ACTIVE, 2 * S, S } },
      OURS_DOUBTFUL,
      STATUS_ACTIVE,
      true },
    { "a gap after ours had failed: another one is seen",
      { { ANSWER },
        { TELL, STATUS_FAILED },
        { GAP },
        { REPLY, STATUS_ACTIVE, 9 * S, S } },
      OURS_NO,
      STATUS_ACTIVE },
    { "an answer to the question before the last is no word of now",
      { { ANSWER },
        { TIME_OUT, .after_us = 9 * S },
        { REPLY, STATUS_ACTIVE, 9 * S, 0 },
        { GAP, .after_us = S },
        { REPLY, STATUS_ACTIVE, 5 * S, S } },
      OURS_DOUBTFUL,
      STATUS_ACTIVE,
      true },
};

static void play(Ours *ours, const Step *step, int64_t *now_us)
{
    int64_t asked_us = *now_us;

    *now_us += step->after_us;
    switch (step->kind) {
    case ANSWER:
    case REFUSAL:
        ours_answer(ours, step->kind == ANSWER, S);
        break;
    case TELL:
        ours_take_event(ours, step->status);
        break;
    case REPLY:
        ours_ask(ours, step->total_us ? *now_us : asked_us);
        ours_take_reply(ours, step->status,
                        step->total_us ? step->total_us : -1, *now_us);
        break;
    case GAP:
        ours_miss_events(ours);
        break;
    case TIME_OUT:
        ours_ask(ours, *now_us);
        break;
    default:
        break;
    }
}

static void judges(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Ours ours = { 0 };
        int64_t now_us = S;

        ours_send(&ours);
        for (const Step *step = cases[i].steps; step->kind != END; step++) {
            play(&ours, step, &now_us);
        }
        check_case(cases[i].what, ours.proof == cases[i].proof);
        check_case(cases[i].what,
                   ours_is_current(&ours, cases[i].now) == cases[i].is_current);
    }
}

/* Before our migrate. */
static void sees_others(void **state)
{
    Ours ours = { 0 };

    ours_take_event(&ours, STATUS_COMPLETED); /* of what came here before */
    assert_false(ours.is_external);
    ours_take_event(&ours, STATUS_SETUP);
    assert_true(ours.is_external);
    assert_false(ours_is_current(&ours, STATUS_SETUP));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges),
        cmocka_unit_test(sees_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
