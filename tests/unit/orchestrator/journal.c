/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a journal: what stays in its folder, and what does not. */
#include "tests/lib/folder.h"

#include "orchestrator/journal.h"

static const ProcessIdentity qemu = {
    .pid = 7, .start_ticks = 8, .pid_namespace = 9, .boot_id = "boot"
};
static char *const address[] = { (char *)"source", (char *)"destination" };

static guint n_files(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;
    while (dir && g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

static void follow(Journal *journal, Migration *m, PhaseId phase)
{
    m->phase = phase;
    assert_true(journal_follow(journal, m, address, NULL));
}

/* A qmigrate that was killed while it wrote leaves a file that is not whole. */
static void what_was_written_by_half_goes_too(void **state)
{
    const MigrationSettings settings = { .uri = (char *)"unix:/run/stream" };
    char *folder = folder_new();
    g_autoptr(Migration) m = migration_new(&settings);
    m->identity[SIDE_SOURCE] = m->identity[SIDE_DESTINATION] = qemu;
    m->outcome = OUTCOME_FAILED;
    folder_put(folder, "7-8.journal.new", "qmigrate.jour");

    g_autoptr(Journal) journal = journal_new(folder);
    follow(journal, m, PHASE_PREPARE);
    assert_int_equal(n_files(folder), 1);
    folder_put(folder, "7-8.journal.new", "qmigrate.jour");
    follow(journal, m, PHASE_DONE);
    assert_int_equal(n_files(folder), 0);
    folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_by_half_goes_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
