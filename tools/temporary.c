/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/temporary.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/un.h>

#define HINT "set TMPDIR to a short absolute path of a folder"

char *temporary_folder_new(const char *pattern, size_t room, GError **error)
{
    const char *parent = g_get_tmp_dir();
    g_autoptr(GError) why = NULL;
    struct sockaddr_un name;

    if (!g_path_is_absolute(parent)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
                    "TMPDIR (%s) is not an absolute path; " HINT, parent);
        return NULL;
    }
    if (room && strlen(parent) + strlen(pattern) + room + sizeof("//") >
                    sizeof(name.sun_path)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "TMPDIR (%s) is too long for a socket in it; " HINT,
                    parent);
        return NULL;
    }
    char *folder = g_dir_make_tmp(pattern, &why);
    if (!folder) {
        g_set_error(error, why->domain, why->code,
                    "no folder can be made in TMPDIR (%s): %s; " HINT, parent,
                    why->message);
    }
    return folder;
}
