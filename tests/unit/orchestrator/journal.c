/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a journal: what stays in its folder, and what does not. */
#include "tests/lib/folder.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* A file of one record: the source is the process @qemu. */
static void put_record(const char *folder, const char *text)
{
    folder_put(folder, "7-8.journal", text);
}

static bool is_usable(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RecoveryRecord) record = journal_find(folder, &qemu, &error);
    assert_true(!record == !!error);
    assert_true(!error || strstr(error->message, "7-8.journal"));
    return record;
}

static void what_others_could_have_written_is_not_used(void **state)
{
    char *folder = folder_new();
    g_autoptr(RecoveryRecord) record = recovery_record_new();
    record->process[SIDE_SOURCE] = record->process[SIDE_DESTINATION] = qemu;
    record->address[SIDE_SOURCE] = g_strdup("a");
    record->address[SIDE_DESTINATION] = g_strdup("b");
    record->uri = g_strdup("unix:/run/s");
    g_autofree char *text = recovery_record_to_text(record);
    g_autofree char *path = g_build_filename(folder, "7-8.journal", NULL);
    g_autofree char *target = g_build_filename(folder, "target", NULL);

    put_record(folder, text);
    g_chmod(path, 0600);
    assert_true(is_usable(folder));
    g_chmod(path, 0666);
    assert_false(is_usable(folder));
    g_chmod(path, 0600);
    g_chmod(folder, 0777);
    assert_false(is_usable(folder));
    g_chmod(folder, 0700);
    assert_true(is_usable(folder));
    assert_int_equal(g_rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_false(is_usable(folder));
    g_unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(is_usable(folder));
    g_unlink(path);
    g_unlink(target);
    put_record(folder, "");
    g_chmod(path, 0600);
    assert_false(is_usable(folder));
    g_unlink(path);
    folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_by_half_goes_too),
        cmocka_unit_test(what_others_could_have_written_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
