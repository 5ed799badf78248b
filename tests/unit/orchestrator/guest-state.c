/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of a guest in each run state, and when that is not as intended. */
#include "tests/lib/check.h"

#include "orchestrator/guest-state.h"
#include "orchestrator/phases.h"
#include "orchestrator/report-guest.h"

static const struct {
    const char *run_state, *text, *advice;
} words[] = {
    { "running", "the guest runs on the source", NULL },
    { "paused", "the guest is paused on the source",
      "continue it with qmigrate qmp a cont" },
    { "suspended", "the guest is suspended to RAM on the source",
      "wake it with qmigrate qmp a system_wakeup" },
    { "io-error", "the guest is stopped by an I/O error on the source",
      "repair its disk, then continue it with qmigrate qmp a cont" },
    { "guest-panicked", "the guest has panicked on the source", NULL },
    { "shutdown", "the guest is shut down on the source", NULL },
    { "prelaunch", "the guest has not been started on the source",
      "continue it with qmigrate qmp a cont" },
    { "of-tomorrow", "the guest is in run state of-tomorrow on the source",
      NULL },
    { "", "the guest is on the source", NULL },
};

static void each_state_has_its_words(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *text =
            guest_state_text(words[i].run_state, SIDE_SOURCE);
        g_autofree char *advice = guest_state_advice(words[i].run_state, "a");
        assert_string_equal(text, words[i].text);
        check_case(words[i].run_state, g_strcmp0(advice, words[i].advice) == 0);
    }
}

#define NEVER_SEEN NULL

/* The run states of the source at inspect and under way, then the destination's:
 * what comes of it. */
static const struct {
    const char *found, *then, *now;
    Outcome outcome;
    const char *text;
} ends[] = {
    { "running", NEVER_SEEN, "running", OUTCOME_MIGRATED,
      "the guest runs on the destination" },
    { "paused", NEVER_SEEN, "paused", OUTCOME_MIGRATED,
      "the guest is paused on the destination, as it was before; continue it "
      "with qmigrate qmp QMP cont" },
    { "running", "paused", "paused", OUTCOME_MIGRATED,
      "the guest is paused on the destination; continue it with qmigrate qmp "
      "QMP cont" },
    { "suspended", NEVER_SEEN, "suspended", OUTCOME_MIGRATED,
      "the guest is suspended to RAM on the destination, as it was before; "
      "wake it with qmigrate qmp QMP system_wakeup" },
    { "running", "suspended", "suspended", OUTCOME_MIGRATED,
      "the guest is suspended to RAM on the destination; wake it with qmigrate "
      "qmp QMP system_wakeup" },
    { "prelaunch", NEVER_SEEN, "prelaunch", OUTCOME_MIGRATED,
      "the guest has not been started on the destination, as it was before; "
      "continue it with qmigrate qmp QMP cont" },
    { "guest-panicked", NEVER_SEEN, "guest-panicked", OUTCOME_MIGRATED,
      "the guest has panicked on the destination, as it was before" },
    { "running", "finish-migrate", "running", OUTCOME_MIGRATED,
      "the guest runs on the destination" },
    { "running", "guest-panicked", "guest-panicked", OUTCOME_VERDICT,
      "migrated, but the guest has panicked on the destination" },
    { "running", NEVER_SEEN, "guest-panicked", OUTCOME_VERDICT,
      "migrated, but the guest has panicked on the destination" },
    { "running", NEVER_SEEN, "shutdown", OUTCOME_VERDICT,
      "migrated, but the guest is shut down on the destination" },
    { "running", NEVER_SEEN, "io-error", OUTCOME_VERDICT,
      "migrated, but the guest is stopped by an I/O error on the destination; "
      "repair its disk, then continue it with qmigrate qmp QMP cont" },
    { "running", NEVER_SEEN, "paused", OUTCOME_MIGRATED,
      "the guest is paused on the destination; continue it with qmigrate qmp "
      "QMP cont" },
    { "paused", NEVER_SEEN, "running", OUTCOME_VERDICT,
      "migrated, but the guest runs on the destination" },
    { "suspended", NEVER_SEEN, "running", OUTCOME_VERDICT,
      "migrated, but the guest runs on the destination" },
    { "io-error", "running", "running", OUTCOME_MIGRATED,
      "the guest runs on the destination" },
};

static void set_state(Migration *m, Side side, const char *run_state)
{
    g_strlcpy(m->facts[side].run_state, run_state,
              sizeof(m->facts[side].run_state));
}

static void another_state_than_the_intended_is_no_success(void **state)
{
    const MigrationSettings settings = { .uri = (char *)"unix:/run/stream" };
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autoptr(Migration) m = migration_new(&settings);
        set_state(m, SIDE_SOURCE, ends[i].found);
        phase_find_guest(m);
        m->phase = PHASE_TRANSFER;
        if (ends[i].then) {
            set_state(m, SIDE_SOURCE, ends[i].then);
            phase_follow_guest(m);
        }
        m->context.started = true;
        m->facts[SIDE_DESTINATION].connected = true;
        set_state(m, SIDE_DESTINATION, ends[i].now);
        m->outcome = OUTCOME_MIGRATED;
        m->settled_us = 1;
        phase_judge_guest(m);

        g_autofree char *text =
            report_text(m->outcome, &m->failure, "destination", m);
        g_autofree char *name =
            g_strdup_printf("%s, %s, %s", ends[i].found,
                            ends[i].then ? ends[i].then : "-", ends[i].now);
        check_case(name, m->outcome == ends[i].outcome);
        check_case(name, (m->failure.code == FAILURE_GUEST_STATE) ==
                             (m->outcome == OUTCOME_VERDICT));
        assert_string_equal(text, ends[i].text);
        assert_string_equal(report_guest_state("destination", m), ends[i].now);
    }
}

/* A recovery that another process goes on with knows only whether it ran. */
static void what_was_intended_may_not_be_known(void **state)
{
    static const struct {
        bool guest_ran;
        const char *now;
        Outcome outcome;
    } cases[] = {
        { true, "running", OUTCOME_MIGRATED },
        { true, "suspended", OUTCOME_MIGRATED },
        { true, "paused", OUTCOME_MIGRATED },
        { true, "guest-panicked", OUTCOME_VERDICT },
        { false, "paused", OUTCOME_MIGRATED },
        { false, "running", OUTCOME_MIGRATED },
    };
    const MigrationSettings settings = { .uri = (char *)"unix:/run/stream" };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Migration) m = migration_new(&settings);
        m->context.guest_ran = cases[i].guest_ran;
        m->outcome = OUTCOME_MIGRATED;
        m->settled_us = 1;
        set_state(m, SIDE_DESTINATION, cases[i].now);
        phase_judge_guest(m);
        check_case(cases[i].now, m->outcome == cases[i].outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_has_its_words),
        cmocka_unit_test(another_state_than_the_intended_is_no_success),
        cmocka_unit_test(what_was_intended_may_not_be_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
