/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "orchestrator/host.h"

#define SUFFIX   ".journal"
#define NEW      ".new"     /* while it is written */
#define FILE_MAX (16 << 20) /* ours have some KiB */

struct Journal {
    char *folder;
    char *path;   /* NULL: nothing was written yet */
    char *mapped; /* the file's beginning; NULL: not mapped */
    size_t n_mapped;
    guint n_steps;      /* that are in the file */
    int64_t migrate_us; /* the same */
    bool has_failed;
};

Journal *journal_new(const char *folder)
{
    Journal *journal = g_new0(Journal, 1);
    journal->folder = g_strdup(folder);
    return journal;
}

static void unmap(Journal *journal)
{
    if (journal->mapped) {
        munmap(journal->mapped, journal->n_mapped);
        journal->mapped = NULL;
    }
}

void journal_free(Journal *journal)
{
    unmap(journal);
    g_free(journal->folder);
    g_free(journal->path);
    g_free(journal);
}

/* ---- writing ---- */

static char *path_of(const char *folder, const ProcessIdentity *source)
{
    return g_strdup_printf("%s/%d-%" G_GUINT64_FORMAT SUFFIX, folder,
                           (int)source->pid, source->start_ticks);
}

/* A side that has ended since, or was not reached, is known by its record. */
static const ProcessIdentity *identity_of(const Migration *m, Side side)
{
    const ProcessIdentity *identity = &m->identity[side];
    return m->record && !process_identity_is_known(identity)
               ? &m->record->process[side]
               : identity;
}

static char *text_of(const Migration *m, char *const address[N_SIDES])
{
    g_autoptr(RecoveryRecord) record = recovery_record_new();
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        bool is_reached = process_identity_is_known(&m->identity[side]);
        record->process[side] = *identity_of(m, side);
        record->address[side] =
            g_strdup(m->record && !is_reached ? m->record->address[side]
                                              : address[side]);
    }
    record->uri = g_strdup(migration_uri(m));
    record->as_channels = m->settings->as_channels;
    record->migrate_us = m->migrate_us;
    record->context = m->context;
    record->evidence = m->evidence;
    g_clear_pointer(&record->steps, g_ptr_array_unref);
    record->steps = g_ptr_array_ref(m->steps);
    return recovery_record_to_text(record);
}

static bool fail(const char *path, GError **error)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: %s",
                path, g_strerror(code));
    return false;
}

static bool map(Journal *journal, GError **error)
{
    int fd = open(journal->path, O_RDWR | O_CLOEXEC);
    unmap(journal);
    journal->n_mapped = recovery_record_marks_offset() + RECOVERY_MARKS_MAX;
    void *mapped = fd < 0 ? MAP_FAILED
                          : mmap(NULL, journal->n_mapped,
                                 PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    bool is_mapped = mapped != MAP_FAILED || fail(journal->path, error);
    if (fd >= 0) {
        close(fd);
    }
    journal->mapped = is_mapped ? mapped : NULL;
    if (is_mapped) { /* the first store into it costs most */
        volatile char *first = journal->mapped;
        *first = *first;
    }
    return is_mapped;
}

/* A write that is cut short does not say why; the next one does. */
static bool write_all(int fd, const char *text, size_t n)
{
    ssize_t n_written = 0;
    while (n > 0 && (n_written = write(fd, text, n)) > 0) {
        text += n_written;
        n -= (size_t)n_written;
    }
    return n == 0;
}

/*
 * GLib's own waits until the file is on disk.  The temporary name is always the
 * same: only one qmigrate writes it, and the next one takes over what a killed
 * one left.
 */
static bool replace_file(const char *path, const char *text)
{
    g_autofree char *temporary = g_strconcat(path, NEW, NULL);
    size_t n = strlen(text);
    g_unlink(temporary);
    int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_written = fd >= 0 && write_all(fd, text, n);
    int code = errno;
    if (fd >= 0 && close(fd) != 0 && is_written) {
        is_written = false;
        code = errno;
    }
    if (is_written && rename(temporary, path) == 0) {
        return true;
    }
    code = is_written ? errno : code;
    if (fd >= 0) {
        g_unlink(temporary);
    }
    errno = code;
    return false;
}

static void remove_files(const char *path)
{
    g_autofree char *temporary = g_strconcat(path, NEW, NULL);
    g_unlink(path);
    g_unlink(temporary);
}

/* A journal is there as a whole or not at all. */
static bool rewrite(Journal *journal, const Migration *m,
                    char *const address[N_SIDES], GError **error)
{
    g_autofree char *text = text_of(m, address);
    if (!journal->path) {
        if (g_mkdir_with_parents(journal->folder, 0700) != 0) {
            return fail(journal->folder, error);
        }
        journal->path = path_of(journal->folder, identity_of(m, SIDE_SOURCE));
    }
    journal->n_steps = m->steps->len;
    journal->migrate_us = m->migrate_us;
    return replace_file(journal->path, text) ? map(journal, error)
                                             : fail(journal->path, error);
}

/* Stores what is not so yet: a page is not touched for nothing. */
static void store_marks(Journal *journal, const Migration *m, bool is_over)
{
    char letters[RECOVERY_MARKS_MAX];
    RecoveryRecord record = { .context = m->context,
                              .evidence = m->evidence,
                              .is_over = is_over };
    if (is_over) {
        record.context.started = record.context.held = false;
    }
    size_t n = recovery_record_marks(&record, letters);
    char *stored = journal->mapped + recovery_record_marks_offset();
    for (size_t i = 0; i < n; i++) {
        if (stored[i] != letters[i]) {
            stored[i] = letters[i];
        }
    }
}

/* With nothing sent there is nothing to finish or to undo; and a run that was
 * refused has no record: what is at its path is another one's. */
static bool is_to_be_written(const Journal *journal, const Migration *m)
{
    bool is_recorded = !m->settings->recover_only || m->record;
    bool was_refused = m->phase == PHASE_ROLL_BACK && !journal->path &&
                       !m->settings->recover_only;
    return is_recorded && !was_refused && m->phase > PHASE_EXAMINE &&
           m->phase < PHASE_DONE &&
           process_identity_is_known(identity_of(m, SIDE_SOURCE)) &&
           process_identity_is_known(identity_of(m, SIDE_DESTINATION));
}

/* The migration is not over, or nobody knows: recover has to find out. */
static bool is_to_be_finished(const Migration *m)
{
    return m->outcome == OUTCOME_UNRESOLVED ||
           m->outcome == OUTCOME_POSTCOPY_PAUSED ||
           m->failure.code == FAILURE_DETACHED;
}

/* Only settings are left that recover can restore. */
static bool is_over(const Migration *m)
{
    return m->phase == PHASE_DONE && !is_to_be_finished(m);
}

bool journal_follow(Journal *journal, const Migration *m,
                    char *const address[N_SIDES], GError **error)
{
    bool is_written = true;
    if (journal->has_failed) {
        return true;
    }
    if (is_to_be_written(journal, m) &&
        (!journal->path || journal->n_steps != m->steps->len ||
         journal->migrate_us != m->migrate_us)) {
        is_written = rewrite(journal, m, address, error);
        journal->has_failed = !is_written;
    }
    if (journal->mapped && is_written) {
        store_marks(journal, m, is_over(m));
    }
    if (journal->path && is_over(m) && !m->is_undo_late) {
        unmap(journal);
        remove_files(journal->path);
        g_clear_pointer(&journal->path, g_free);
    }
    return is_written;
}

/* ---- reading ---- */

/* What another user could have written would choose what recover sends. */
static bool is_trusted(const char *path, mode_t type)
{
    GStatBuf st;
    return g_lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type &&
           st.st_uid == geteuid() && !(st.st_mode & S_IWOTH) &&
           (type == S_IFDIR || st.st_size <= FILE_MAX);
}

static RecoveryRecord *read_entry(const char *path, const char **ret_why)
{
    g_autofree char *text = NULL;
    RecoveryRecord *record = NULL;

    *ret_why = "it is no plain file, or another user could have written it";
    if (is_trusted(path, S_IFREG)) {
        *ret_why = "it is damaged";
        if (g_file_get_contents(path, &text, NULL, NULL)) {
            record = recovery_record_from_text(text);
        }
    }
    return record;
}

bool journal_proves_dead(const RecoveryRecord *record, Side side)
{
    return host_still_runs("", &record->process[side]) == ANSWER_NO;
}

/* Both QEMUs of it have ended, or the host they ran on was restarted. */
static bool has_no_qemu(const RecoveryRecord *record, const char *boot_id)
{
    bool is_of_this_boot =
        strcmp(record->process[SIDE_SOURCE].boot_id, boot_id) == 0;
    for (Side side = SIDE_SOURCE; is_of_this_boot && side < N_SIDES; side++) {
        if (!journal_proves_dead(record, side)) {
            return false;
        }
    }
    return is_of_this_boot;
}

static bool is_about(const RecoveryRecord *record,
                     const ProcessIdentity *identity)
{
    return process_identity_equal(&record->process[SIDE_SOURCE], identity) ||
           process_identity_equal(&record->process[SIDE_DESTINATION], identity);
}

/* The name tells which source a record is about, also if the rest is lost. */
static void check_unusable(const char *folder, const ProcessIdentity *identity,
                           GError **error)
{
    g_autofree char *path = path_of(folder, identity);
    const char *why = "others can write to its folder";
    GStatBuf st;
    if (g_lstat(path, &st) != 0) {
        return;
    }
    if (is_trusted(folder, S_IFDIR)) {
        g_autoptr(RecoveryRecord) record = read_entry(path, &why);
        if (record) {
            return;
        }
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "the record that an earlier qmigrate left of this migration "
                "cannot be used: %s: %s; check both sides with qmigrate "
                "status, then remove it",
                path, why);
}

RecoveryRecord *journal_find(const char *folder,
                             const ProcessIdentity *identity, GError **error)
{
    bool is_usable = is_trusted(folder, S_IFDIR);
    g_autoptr(GDir) files = is_usable ? g_dir_open(folder, 0, NULL) : NULL;
    RecoveryRecord *found = NULL;
    const char *name, *why;
    while (files && (name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(RecoveryRecord) record =
            g_str_has_suffix(name, SUFFIX) ? read_entry(path, &why) : NULL;
        if (!record) {
            continue;
        }
        if (!found && is_about(record, identity)) {
            found = recovery_record_ref(record);
        } else if (has_no_qemu(record, identity->boot_id)) {
            remove_files(path);
        }
    }
    if (!found) {
        check_unusable(folder, identity, error);
    }
    return found;
}
