/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/tls/write.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const WriteFolder *folder;
    char *fresh;   /* the folder under its other name; NULL: none is there */
    gboolean done; /* it has its own */
    gboolean old;  /* and what was there has the other */
} Job;

WriteFolder *write_folder_new(const char *path)
{
    WriteFolder *folder = g_new0(WriteFolder, 1);
    folder->path = g_strdup(path);
    folder->files = g_array_new(FALSE, FALSE, sizeof(WriteFile));
    return folder;
}

void write_folder_add(WriteFolder *folder, const char *name, const char *text)
{
    const WriteFile file = { name, text };
    g_array_append_val(folder->files, file);
}

void write_folder_free(WriteFolder *folder)
{
    g_array_unref(folder->files);
    g_free(folder->path);
    g_free(folder);
}

static gboolean fail(GError **error, const char *what, const char *path)
{
    int number = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number),
                "cannot %s %s: %s", what, path, g_strerror(number));
    return FALSE;
}

static gboolean write_all(int fd, const char *text)
{
    size_t n = strlen(text);
    while (n > 0) {
        ssize_t written = write(fd, text, n);
        if (written < 0 && errno != EINTR) {
            return FALSE;
        }
        text += MAX(written, 0);
        n -= MAX(written, 0);
    }
    return fsync(fd) == 0;
}

/* Takes @fd over. */
static gboolean write_fd(int fd, const char *path, const char *text,
                         GError **error)
{
    gboolean written = fd >= 0 && write_all(fd, text);
    int number = errno;
    if (fd >= 0 && close(fd) < 0 && written) {
        return fail(error, "write", path);
    }
    errno = number;
    return written || fail(error, "write", path);
}

static char *other_name(const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    return g_strdup_printf("%s/.%s.XXXXXX", parent, name);
}

static gboolean exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static gboolean refuse_existing(const char *path, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST, "%s is there already",
                path);
    return FALSE;
}

/* Flat, as we make them; what else is in it stays, and so does the folder. */
static void remove_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_unlink(file);
    }
    g_rmdir(path);
}

static gboolean is_ours(const WriteFolder *folder, const char *name)
{
    for (guint i = 0; i < folder->files->len; i++) {
        if (strcmp(g_array_index(folder->files, WriteFile, i).name, name) ==
            0) {
            return TRUE;
        }
    }
    return FALSE;
}

/* What is there beside our files comes along, as a second name of it. */
static gboolean keep_others(const Job *job, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(job->folder->path, 0, error);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *from = g_build_filename(job->folder->path, name, NULL);
        g_autofree char *to = g_build_filename(job->fresh, name, NULL);
        if (!is_ours(job->folder, name) &&
            linkat(AT_FDCWD, from, AT_FDCWD, to, 0) < 0) {
            return fail(error, "keep", from);
        }
    }
    return dir != NULL;
}

static gboolean make_fresh(Job *job, GError **error)
{
    const WriteFolder *folder = job->folder;
    g_autofree char *fresh = other_name(folder->path);
    if (!g_mkdtemp_full(fresh, 0700)) {
        return fail(error, "make", fresh);
    }
    job->fresh = g_steal_pointer(&fresh);
    for (guint i = 0; i < folder->files->len; i++) {
        const WriteFile *file = &g_array_index(folder->files, WriteFile, i);
        g_autofree char *path = g_build_filename(job->fresh, file->name, NULL);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (!write_fd(fd, path, file->text, error)) {
            return FALSE;
        }
    }
    job->old = exists(folder->path);
    return !job->old || keep_others(job, error);
}

/* A network's file system may know no such flags: there the check before has to
 * do, and what is there is not exchanged. */
static int rename_new(const char *from, const char *to)
{
    int status = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (status < 0 && errno == EINVAL) {
        if (exists(to)) {
            errno = EEXIST;
            return -1;
        }
        return rename(from, to);
    }
    return status;
}

static gboolean put_in_place(Job *job, GError **error)
{
    const char *fresh = job->fresh, *path = job->folder->path;
    int status =
        job->old ? renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_EXCHANGE)
                 : rename_new(fresh, path);
    if (status < 0) {
        return errno == EEXIST ? refuse_existing(path, error)
                               : fail(error, "write", path);
    }
    job->done = TRUE;
    return TRUE;
}

static void take_back(Job *job)
{
    if (job->done && job->old) {
        renameat2(AT_FDCWD, job->folder->path, AT_FDCWD, job->fresh,
                  RENAME_EXCHANGE);
    } else if (job->done) {
        rename(job->folder->path, job->fresh);
    }
}

static gboolean do_jobs(Job *jobs, guint n, gboolean force, GError **error)
{
    for (guint i = 0; i < n; i++) {
        if (!force && exists(jobs[i].folder->path)) {
            return refuse_existing(jobs[i].folder->path, error);
        }
    }
    for (guint i = 0; i < n; i++) {
        if (!make_fresh(&jobs[i], error)) {
            return FALSE;
        }
    }
    for (guint i = 0; i < n; i++) {
        if (!put_in_place(&jobs[i], error)) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean write_folders(const GPtrArray *folders, gboolean force, GError **error)
{
    g_autofree Job *jobs = g_new0(Job, folders->len + 1);
    for (guint i = 0; i < folders->len; i++) {
        jobs[i].folder = folders->pdata[i];
    }
    gboolean succeeded = do_jobs(jobs, folders->len, force, error);
    for (guint i = folders->len; i-- > 0;) {
        if (!succeeded) {
            take_back(&jobs[i]);
        }
        /* What is under the other name now: the old one, or one not wanted. */
        if (jobs[i].fresh && (!succeeded || jobs[i].old)) {
            remove_folder(jobs[i].fresh);
        }
        g_free(jobs[i].fresh);
    }
    return succeeded;
}

gboolean write_secret(const char *path, const char *text, gboolean force,
                      GError **error)
{
    g_autofree char *fresh = other_name(path);
    if (!force && exists(path)) {
        return refuse_existing(path, error);
    }
    int fd = g_mkstemp_full(fresh, O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(error, "write", path);
    }
    gboolean written = write_fd(fd, path, text, error);
    if (written &&
        (force ? rename(fresh, path) : rename_new(fresh, path)) < 0) {
        written = errno == EEXIST ? refuse_existing(path, error)
                                  : fail(error, "write", path);
    }
    if (!written) {
        g_unlink(fresh);
    }
    return written;
}
