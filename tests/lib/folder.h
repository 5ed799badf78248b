/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A folder of a test's own, for files that look like those of a host. */
#include <ftw.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/lib/check.h"

/* Free with folder_free(). */
static inline char *folder_new(void)
{
    char *folder = g_dir_make_tmp("qm-test-XXXXXX", NULL);
    assert_non_null(folder);
    return folder;
}

/* The full path of @name, in a folder that is there now.  Free with g_free(). */
static inline char *folder_path(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    assert_int_equal(g_mkdir_with_parents(parent, 0700), 0);
    return path;
}

/* Makes a file, over one that is there; @text NULL: removes it. */
static inline void folder_put(const char *folder, const char *name,
                              const char *text)
{
    g_autofree char *path = folder_path(folder, name);
    if (!text) {
        g_unlink(path);
        return;
    }
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* The same with a link. */
static inline void folder_put_link(const char *folder, const char *name,
                                   const char *target)
{
    g_autofree char *path = folder_path(folder, name);
    g_unlink(path);
    if (target) {
        assert_int_equal(symlink(target, path), 0);
    }
}

static inline int folder_remove_one(const char *path, const struct stat *st,
                                    int kind, struct FTW *where)
{
    return remove(path);
}

static inline void folder_free(char *folder)
{
    assert_int_equal(nftw(folder, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS),
                     0);
    g_free(folder);
}
