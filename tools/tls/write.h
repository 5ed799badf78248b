/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Writes folders of secrets, all of them or none: each is made whole under another
 * name, and gets its own at the end.  Files have the mode 0600, folders 0700.
 */
#include <glib.h>

typedef struct {
    const char *name;
    const char *text;
} WriteFile;

typedef struct {
    char *path;    /* its parent is there */
    GArray *files; /* WriteFile; the texts belong to the caller */
} WriteFolder;

WriteFolder *write_folder_new(const char *path);
void write_folder_add(WriteFolder *folder, const char *name, const char *text);
void write_folder_free(WriteFolder *folder);

/*
 * @folders (WriteFolder).  One that is there is an error, G_FILE_ERROR_EXIST;
 * with @force its files of these names are replaced and others stay.  After an
 * error all is as before.
 */
gboolean write_folders(const GPtrArray *folders, gboolean force,
                       GError **error);

/* One file in a folder that is there, in the same way. */
gboolean write_secret(const char *path, const char *text, gboolean force,
                      GError **error);
