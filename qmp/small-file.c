/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp/small-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A bundle of all public CAs has a quarter of it. */
#define FILE_MAX_BYTES (1 << 20)

static char *phrase(int code)
{
    char *text = g_strdup(g_strerror(code));
    text[0] = g_ascii_tolower(text[0]);
    return text;
}

static char *read_bytes(int fd, gsize n, GBytes **ret_bytes)
{
    g_autofree char *bytes = g_malloc(n + 1);
    gsize n_read = 0;

    while (n_read < n) {
        ssize_t got = read(fd, bytes + n_read, n - n_read);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return phrase(errno);
        }
        if (got == 0) {
            break;
        }
        n_read += got;
    }
    bytes[n_read] = '\0';
    *ret_bytes = g_bytes_new_take(g_steal_pointer(&bytes), n_read);
    return NULL;
}

static char *read_open(int fd, QmpSmallFile *file)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        return phrase(errno);
    }
    file->mode = st.st_mode & 07777;
    if (!S_ISREG(st.st_mode)) {
        return g_strdup("it is not a file");
    }
    if (st.st_size > FILE_MAX_BYTES) {
        return g_strdup("it is too large for what it should be");
    }
    return read_bytes(fd, st.st_size, &file->bytes);
}

QmpSmallFile qmp_small_file_read(const char *path)
{
    QmpSmallFile file = { 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        file.is_absent = errno == ENOENT;
        file.error = phrase(errno);
        return file;
    }
    file.error = read_open(fd, &file);
    close(fd);
    return file;
}

void qmp_small_file_clear(QmpSmallFile *file)
{
    g_clear_pointer(&file->bytes, g_bytes_unref);
    g_clear_pointer(&file->error, g_free);
}
