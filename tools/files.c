/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "orchestrator/uri.h"

#define LINKS_MAX 40 /* as the kernel follows */

/* Where a file that is not there yet would be.  Free with g_free(). */
static char *resolve(const char *path, guint n_links)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *target = g_file_read_link(path, NULL);
    if (target && n_links < LINKS_MAX) {
        g_autofree char *next = g_path_is_absolute(target)
                                    ? g_strdup(target)
                                    : g_build_filename(folder, target, NULL);
        return resolve(next, n_links + 1);
    }
    char *real = realpath(folder, NULL);
    char *resolved = g_build_filename(real ? real : folder, name, NULL);
    free(real);
    return resolved;
}

static gboolean is_same(const char *a, const char *b)
{
    struct stat st_a, st_b;
    gboolean is_there_a = stat(a, &st_a) == 0, is_there_b = stat(b, &st_b) == 0;
    if (is_there_a || is_there_b) {
        return is_there_a && is_there_b && !S_ISCHR(st_a.st_mode) &&
               st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino;
    }
    g_autofree char *real_a = resolve(a, 0);
    g_autofree char *real_b = resolve(b, 0);
    return strcmp(real_a, real_b) == 0;
}

gboolean files_are_apart(const FileWord *files, size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            if (files[i].path && files[j].path &&
                is_same(files[i].path, files[j].path)) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "%s and %s both name the same file: %s",
                            files[i].option, files[j].option, files[j].path);
                return FALSE;
            }
        }
    }
    return TRUE;
}

gboolean files_check_apart(const Settings *settings, GError **error)
{
    g_auto(Uri) uri = { 0 };
    const char *text = settings->migration.uri;
    gboolean is_file = text && uri_is_file(text) && uri_parse(text, &uri, NULL);
    const FileWord files[] = { { "--json", settings->json },
                               { "--trace", settings->trace },
                               { "--uri", is_file ? uri.path : NULL } };
    return files_are_apart(files, G_N_ELEMENTS(files), error);
}
