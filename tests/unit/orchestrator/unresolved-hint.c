/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* No hint makes two guests, whatever both sides say. */
#include "tests/lib/check.h"

#include <string.h>

#include "orchestrator/unresolved-hint.h"

#define ALIVE(state, is)                                                       \
    {                                                                          \
        .connected = true, .run_state = state, .status = STATUS_##is           \
    }

static const struct {
    const char *what;
    Facts facts[N_SIDES];
    bool arrived;
    const char *says;
    Side starts;
} cases[] = {
    { "both run",
      { ALIVE("running", COMPLETED), ALIVE("running", COMPLETED) },
      false,
      "stop one of them",
      N_SIDES },
    { "all of it is there",
      { ALIVE("postmigrate", COMPLETED), ALIVE("paused", COMPLETED) },
      false,
      "qmp DESTINATION cont",
      SIDE_DESTINATION },
    { "the source runs on",
      { ALIVE("running", COMPLETED), ALIVE("paused", COMPLETED) },
      false,
      "never cont the destination",
      N_SIDES },
    { "the source ran on, and was paused",
      { ALIVE("paused", COMPLETED), ALIVE("paused", COMPLETED) },
      false,
      "quit the other",
      N_SIDES },
    { "migrated on",
      { ALIVE("postmigrate", COMPLETED), ALIVE("postmigrate", COMPLETED) },
      false,
      "migrated on from the destination",
      N_SIDES },
    { "migrated on, after a post-copy",
      { ALIVE("postmigrate", COMPLETED), ALIVE("postmigrate", COMPLETED) },
      true,
      "migrated on from the destination",
      N_SIDES },
    { "the source was reset",
      { ALIVE("prelaunch", COMPLETED), ALIVE("inmigrate", FAILED) },
      false,
      "boots the guest anew",
      N_SIDES },
    { "it runs there",
      { ALIVE("prelaunch", COMPLETED), ALIVE("running", COMPLETED) },
      false,
      "never cont the source",
      N_SIDES },
    { "in post-copy",
      { ALIVE("finish-migrate", POSTCOPY_PAUSED), { .dead = true } },
      true,
      "never cont the source",
      N_SIDES },
    { "the destination does not answer",
      { ALIVE("postmigrate", COMPLETED), { .connected = false } },
      false,
      "run qmigrate recover when the destination answers",
      N_SIDES },
};

static void each_case_has_its_hint(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        UnresolvedHint hint = unresolved_hint(cases[i].facts, cases[i].arrived);
        if (!strstr(hint.text, cases[i].says) ||
            hint.starts != cases[i].starts) {
            fail_msg("%s: %s", cases[i].what, hint.text);
        }
    }
}

static const char *const run_states[] = {
    "",          "running",        "suspended", "paused",      "prelaunch",
    "inmigrate", "finish-migrate", "io-error",  "postmigrate", "shutdown",
    "quite-new",
};

static Facts facts_of(size_t run_state, Status status, bool dead)
{
    Facts facts = { .connected = !dead, .dead = dead, .status = status };
    g_strlcpy(facts.run_state, run_states[run_state], sizeof(facts.run_state));
    return facts;
}

/* It starts the guest nowhere but on a destination that has all of it and stands
 * still, while the source proves that it has left. */
static void check_start(const Facts facts[N_SIDES])
{
    const Facts *source = &facts[SIDE_SOURCE];
    const Facts *destination = &facts[SIDE_DESTINATION];
    UnresolvedHint hint = unresolved_hint(facts, false);

    assert_int_not_equal(hint.starts, SIDE_SOURCE);
    if (hint.starts == SIDE_DESTINATION) {
        assert_true(source->dead || (source->status == STATUS_COMPLETED &&
                                     facts_has_left(source)));
        assert_int_equal(destination->status, STATUS_COMPLETED);
        assert_string_equal(destination->run_state, "paused");
    }
}

static void no_hint_makes_two_guests(void **state)
{
    const size_t n = G_N_ELEMENTS(run_states) * N_STATUSES * 2;
    for (size_t i = 0; i < n * n; i++) {
        size_t at[] = { i % n, i / n };
        Facts facts[N_SIDES];
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            size_t rest = at[side] / 2;
            facts[side] = facts_of(rest / N_STATUSES,
                                   (Status)(rest % N_STATUSES), at[side] % 2);
        }
        check_start(facts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_has_its_hint),
        cmocka_unit_test(no_hint_makes_two_guests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
