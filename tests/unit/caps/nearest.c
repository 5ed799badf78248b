/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which name a mistyped one was meant to be. */
#include "tests/lib/check.h"

#include "caps/nearest.h"

#define SIXTY_FOUR                                                             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *what, *name;
    const char *candidates[4];
    const char *best;
} cases[] = {
    { "nobody is there", "events", { NULL }, NULL },
    { "itself", "events", { "event", "events" }, "events" },
    { "a letter too few",
      "multifd-chanels",
      { "multifd-channels" },
      "multifd-channels" },
    { "a letter too many", "evvents", { "return-path", "events" }, "events" },
    { "another letter", "xbzrie", { "xbzrle", "events" }, "xbzrle" },
    { "underscores", "downtime_limit", { "downtime-limit" }, "downtime-limit" },
    { "two letters swapped", "mutlifd", { "multifd" }, "multifd" },
    { "the first of equals stays", "bat", { "cat", "rat" }, "cat" },
    { "a nearer one later", "timeouts", { "time-out", "timeout" }, "timeout" },
    { "a third may differ", "abcdef", { "abcdxy" }, "abcdxy" },
    { "more than a third may not", "abcdef", { "abcxyz" }, NULL },
    { "one letter is near to one", "a", { "b" }, "b" },
    { "one letter is not near to two", "a", { "bc" }, NULL },
    { "nothing typed", "", { "a" }, NULL },
    { "nothing offered", "abc", { "" }, NULL },
    { "64 letters", SIXTY_FOUR, { SIXTY_FOUR }, SIXTY_FOUR },
    { "65 letters typed", SIXTY_FOUR "x", { SIXTY_FOUR }, NULL },
    { "65 letters offered", SIXTY_FOUR, { SIXTY_FOUR "x" }, NULL },
};

static void finds_what_was_meant(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Nearest nearest = nearest_start(cases[i].name);

        for (const char *const *at = cases[i].candidates; *at; at++) {
            nearest_offer(&nearest, *at);
        }
        if (g_strcmp0(nearest.best, cases[i].best) != 0) {
            fail_msg("%s: %s", cases[i].what,
                     nearest.best ? nearest.best : "nothing");
        }
    }
}

/* The distance is the same both ways, and no more than the longer name. */
static void distance_is_a_distance(void **state)
{
    static const char *const names[] = {
        "a",      "ab",       "events",         "xbzrle",        "multifd",
        "auto",   "timeout",  "downtime-limit", "max-bandwidth", "return-path",
        "tls-id", "tls-idle",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(names); j++) {
            Nearest there = { .name = names[i], .distance = 1000 };
            Nearest back = { .name = names[j], .distance = 1000 };

            nearest_offer(&there, names[j]);
            nearest_offer(&back, names[i]);
            check_case(names[i], there.distance == back.distance);
            check_case(names[i], (there.distance == 0) == (i == j));
            check_case(names[i], there.distance <=
                                     MAX(strlen(names[i]), strlen(names[j])));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_meant),
        cmocka_unit_test(distance_is_a_distance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
