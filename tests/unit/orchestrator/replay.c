/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Traces of real migrations, fed to the machine again: the same phases come in
 * the same order, the same is told to both QEMUs, with the same end.  A regression
 * test is one more file in tests/data/traces, and its line here.
 */
#include "tests/lib/check.h"

#include "tests/lib/replay.h"

#define STRAIGHT "inspect prepare transfer switchover settle roll-back done"
#define FILED    "inspect prepare transfer load settle roll-back done"
#define POSTCOPY "inspect prepare transfer postcopy settle roll-back done"
/* 10.0 says first that it stopped the guest */
#define POSTCOPY_10                                                            \
    "inspect prepare transfer switchover postcopy settle roll-back done"
#define RECOVERED                                                              \
    "inspect prepare transfer postcopy recover postcopy settle roll-back done"
#define RECOVERED_10                                                           \
    "inspect prepare transfer switchover postcopy recover postcopy settle "    \
    "roll-back done"
#define BROKEN "inspect prepare transfer resolve roll-back done"

static const struct {
    const char *name;
    guint nth;
    const char *phases;
    Outcome outcome;
    FailureCode code;
} traces[] = {
    { "straight-7.2", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "straight-10.0", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "straight-7.2-to-10.0", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "straight-10.0-to-7.2", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "there-and-back-10.0", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "there-and-back-10.0", 1, STRAIGHT, OUTCOME_MIGRATED },
    { "settings-7.2", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "no-pause-10.0", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "autostart-7.2", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "autostart-10.0", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "paused-7.2", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "paused-10.0", 0, STRAIGHT, OUTCOME_MIGRATED },
    { "cancelled-7.2", 0, BROKEN, OUTCOME_CANCELLED, FAILURE_CANCELLED },
    { "cancelled-10.0", 0, BROKEN, OUTCOME_CANCELLED, FAILURE_CANCELLED },
    { "timeout-7.2", 0, BROKEN, OUTCOME_FAILED, FAILURE_TIMEOUT },
    { "other-memory-7.2", 0, BROKEN, OUTCOME_FAILED,
      FAILURE_DESTINATION_FAILED },
    { "other-memory-10.0", 0, BROKEN, OUTCOME_FAILED,
      FAILURE_DESTINATION_FAILED },
    { "destination-killed-10.0", 0, BROKEN, OUTCOME_FAILED,
      FAILURE_DESTINATION_LOST },
    { "file-10.0", 0, FILED, OUTCOME_MIGRATED },
    { "file-mapped-10.0", 0, FILED, OUTCOME_MIGRATED },
    { "file-cancelled-10.0", 0, BROKEN, OUTCOME_CANCELLED, FAILURE_CANCELLED },
    { "file-no-folder-10.0", 0, BROKEN, OUTCOME_FAILED,
      FAILURE_MIGRATE_REFUSED },
    { "file-other-memory-10.0", 0,
      "inspect prepare transfer load resolve roll-back done", OUTCOME_FAILED,
      FAILURE_DESTINATION_FAILED },
    { "postcopy-7.2", 0, POSTCOPY, OUTCOME_MIGRATED },
    { "postcopy-10.0", 0, POSTCOPY_10, OUTCOME_MIGRATED },
    { "recovered-7.2", 0, RECOVERED, OUTCOME_MIGRATED },
    { "recovered-10.0", 0, RECOVERED_10, OUTCOME_MIGRATED },
    { "port-taken-10.0", 0, "inspect prepare roll-back done", OUTCOME_ERROR,
      FAILURE_INCOMING_REFUSED },
};

static void goes_the_same_way(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(traces); i++) {
        g_autoptr(Replay) replay =
            replay_new(traces[i].name, traces[i].nth, G_MAXUINT);
        const Migration *m = replay->migration;

        if (strcmp(replay->phases->str, traces[i].phases) != 0 ||
            strcmp(replay->recorded_phases->str, traces[i].phases) != 0) {
            fail_msg("%s: now %s; recorded %s", traces[i].name,
                     replay->phases->str, replay->recorded_phases->str);
        }
        if (strcmp(replay->told->str, replay->recorded_told->str) != 0) {
            fail_msg("%s: told now:\n%srecorded:\n%s", traces[i].name,
                     replay->told->str, replay->recorded_told->str);
        }
        check_case(traces[i].name, m->outcome == traces[i].outcome);
        check_case(traces[i].name, m->failure.code == traces[i].code);
        if (m->outcome == OUTCOME_MIGRATED) {
            /* one clock for stop and start: both QEMUs were on one host */
            check_case(traces[i].name, m->sample.downtime_us >= 0);
            check_case(traces[i].name, m->passes->len > 0);
        }
    }
}

/* Cut off anywhere, with nothing but deadlines after it, it ends, and a guest
 * that may run elsewhere is never said to be safe here. */
static void ends_wherever_it_is_cut(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(traces); i++) {
        for (guint n = 1;; n++) {
            g_autoptr(Replay) replay =
                replay_new(traces[i].name, traces[i].nth, n);
            Migration *m = replay->migration;
            bool was_done = m->phase == PHASE_DONE;

            for (int j = 0; j < 300 && m->phase != PHASE_DONE; j++) {
                EventKind kind = phase_row(m->phase)->deadline_ms
                                     ? EVENT_DEADLINE
                                     : EVENT_TICK;
                /* A late tick is no proof of a stall. */
                int64_t gap_us =
                    (m->phase == PHASE_POSTCOPY ? 0.4 : 100) * G_USEC_PER_SEC;
                migration_feed(
                    m, &(Event){ .kind = kind, .time_us = m->now_us + gap_us });
            }
            check_case(traces[i].name, m->phase == PHASE_DONE);
            if (was_done) {
                break;
            }
            check_case(traces[i].name,
                       !m->context.handed_over ||
                           m->outcome != OUTCOME_FAILED ||
                           status_is_terminal(m->facts[SIDE_SOURCE].status));
        }
    }
}

/* The destination is mute while it reads: 1 s for each 16 MiB. */
static void loading_has_time(void **state)
{
    bool met = false;

    for (guint n = 1; !met; n++) {
        g_autoptr(Replay) replay = replay_new("file-mapped-10.0", 0, n);
        const Migration *m = replay->migration;
        unsigned more_ms =
            migration_deadline_ms(m) - phase_row(m->phase)->deadline_ms;

        assert_true(n < 1000 && m->phase != PHASE_DONE);
        met = m->phase == PHASE_LOAD;
        if (met) {
            int64_t due_ms = m->sample.transferred_bytes * 1000 / (16 << 20);
            assert_in_range(more_ms, due_ms - 1, due_ms + 5);
            assert_true(more_ms > 1000);
        } else {
            assert_int_equal(more_ms, 0);
        }
    }
}

/* A file without its line above is not tested. */
static void every_file_is_named(void **state)
{
    g_autofree char *path =
        g_build_filename(g_getenv("QMIGRATE_TEST_DATA"), "traces", NULL);
    GDir *folder = g_dir_open(path, 0, NULL);
    const char *file;

    assert_non_null(folder);
    while ((file = g_dir_read_name(folder))) {
        bool named = false;

        for (size_t i = 0; i < G_N_ELEMENTS(traces); i++) {
            g_autofree char *name = g_strconcat(traces[i].name, ".jsonl", NULL);
            named |= strcmp(name, file) == 0;
        }
        check_case(file, named);
    }
    g_dir_close(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_has_time),
        cmocka_unit_test(every_file_is_named),
        cmocka_unit_test(goes_the_same_way),
        cmocka_unit_test(ends_wherever_it_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
