/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

/* 7.2 and 10.0 use all of it: the path needs no zero at its end. */
#define UNIX_PATH_MAX_BYTES sizeof(((struct sockaddr_un *)NULL)->sun_path)

/* Why we may not use @path so, or 0; by our effective rights. */
static int try_access(const char *path, int how)
{
    return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0 ? 0 : errno;
}

HostAnswer host_can_bind_unix(const char *path, const char **ret_why)
{
    static const struct {
        int error;
        HostAnswer answer;
    } answers[] = {
        { 0, ANSWER_YES },     { ENAMETOOLONG, ANSWER_NO },
        { ENOENT, ANSWER_NO }, { ENOTDIR, ANSWER_NO },
        { EROFS, ANSWER_NO },
    };
    if (!g_path_is_absolute(path)) {
        *ret_why = "it depends on the folder that QEMU was started in";
        return ANSWER_UNKNOWN;
    }
    g_autofree char *folder = g_path_get_dirname(path);
    struct stat st;
    int error = strlen(path) > UNIX_PATH_MAX_BYTES ? ENAMETOOLONG
                : stat(folder, &st) != 0           ? errno
                : !S_ISDIR(st.st_mode)             ? ENOTDIR
                                       : try_access(folder, W_OK | X_OK);

    *ret_why = error ? g_strerror(error) : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        if (answers[i].error == error) {
            return answers[i].answer;
        }
    }
    return ANSWER_UNKNOWN;
}

static int64_t read_free_bytes(const char *path)
{
    struct statvfs fs;
    /* A tmpfs without a limit has no blocks at all. */
    return statvfs(path, &fs) == 0 && fs.f_blocks > 0
               ? (int64_t)(fs.f_bavail * fs.f_frsize)
               : HOST_UNKNOWN;
}

static FileKind kind_of(const char *path, const char *folder, HostFile *file)
{
    struct stat st;
    if (stat(path, &st) == 0) {
        if (!S_ISREG(st.st_mode)) {
            return FILE_OTHER;
        }
        file->size_bytes = st.st_size;
        return FILE_REGULAR;
    }
    if (errno != ENOENT && errno != ENOTDIR) {
        return FILE_UNKNOWN;
    }
    if (stat(folder, &st) == 0) {
        return S_ISDIR(st.st_mode) ? FILE_ABSENT : FILE_NO_FOLDER;
    }
    return errno == ENOENT || errno == ENOTDIR ? FILE_NO_FOLDER : FILE_UNKNOWN;
}

HostFile host_file(const char *path)
{
    HostFile file = { .size_bytes = HOST_UNKNOWN, .free_bytes = HOST_UNKNOWN };
    if (!g_path_is_absolute(path) || g_str_has_prefix(path, "/dev/fdset/")) {
        return file;
    }
    g_autofree char *folder = g_path_get_dirname(path);
    file.kind = kind_of(path, folder, &file);
    if (file.kind == FILE_UNKNOWN || file.kind == FILE_NO_FOLDER) {
        return file;
    }
    bool is_new = file.kind == FILE_ABSENT;
    const char *place = is_new ? folder : path;
    int error = try_access(place, is_new ? W_OK | X_OK : W_OK);
    file.may_write = error == 0       ? ANSWER_YES
                     : error == EROFS ? ANSWER_NO
                                      : ANSWER_UNKNOWN;
    file.free_bytes = read_free_bytes(place);
    return file;
}
