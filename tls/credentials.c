/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "qmp/small-file.h"

static void read_file(const char *path, TlsFile *file)
{
    QmpSmallFile read = qmp_small_file_read(path);
    if (!read.is_absent) {
        file->bytes = g_steal_pointer(&read.bytes);
        file->error = g_steal_pointer(&read.error);
        file->mode = read.mode;
    }
    qmp_small_file_clear(&read);
}

static TlsCredentials *load(const char *folder)
{
    TlsCredentials *credentials = tls_credentials_new(folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    /* One that may be entered and not listed is as good to QEMU. */
    if (fd < 0 && errno != EACCES) {
        credentials->is_absent = errno == ENOENT;
        credentials->error = g_strdup(g_strerror(errno));
        return credentials;
    }
    if (fd >= 0) {
        close(fd);
    }
    for (TlsFileId id = 0; id < N_TLS_FILES; id++) {
        g_autofree char *path = tls_credentials_path(credentials, id);
        read_file(path, &credentials->files[id]);
    }
    return credentials;
}

static gboolean has_credentials(const char *folder)
{
    for (TlsFileId id = TLS_FILE_SERVER_CERT; id <= TLS_FILE_PSK; id++) {
        g_autofree char *path =
            g_build_filename(folder, tls_file_name(id), NULL);
        if (access(path, F_OK) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *tls_credentials_hosts(const char *folder)
{
    GPtrArray *hosts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (*name != '.' && has_credentials(path)) {
            g_ptr_array_add(hosts, g_strdup(name));
        }
    }
    g_ptr_array_sort(hosts, compare_names);
    return hosts;
}

static char *names_of(const GPtrArray *hosts)
{
    GString *names = g_string_new(hosts->pdata[0]);
    for (guint i = 1; i < hosts->len; i++) {
        g_string_append_printf(names, ", %s", (const char *)hosts->pdata[i]);
    }
    return g_string_free(names, FALSE);
}

TlsCredentials *tls_credentials_load(const char *folder, const char *host)
{
    g_autoptr(GPtrArray) hosts = has_credentials(folder)
                                     ? g_ptr_array_new()
                                     : tls_credentials_hosts(folder);
    for (guint i = 0; i < hosts->len; i++) {
        if (hosts->len == 1 || g_strcmp0(hosts->pdata[i], host) == 0) {
            g_autofree char *path =
                g_build_filename(folder, hosts->pdata[i], NULL);
            return load(path);
        }
    }
    TlsCredentials *credentials = load(folder);
    credentials->hosts = hosts->len ? names_of(hosts) : NULL;
    return credentials;
}
