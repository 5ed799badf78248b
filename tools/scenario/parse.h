/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reads scenario files.  GLib's reader of key files keeps only the last of equal
 * keys, and here the order counts.  Files are read through the caller, so that this
 * is pure.
 */
#include "tools/scenario/scenario.h"

/* The text of the file at @path, for g_free(); NULL with @error.  @user_data is
 * the caller's. */
typedef char *ScenarioRead(const char *path, gpointer user_data,
                           GError **error);

typedef struct {
    GPtrArray *scenarios; /* of Scenario, in order */
    GPtrArray *files;     /* of char *, all that were read */
} ScenarioFile;

/*
 * @keys: the options that a setting may name, NULL-terminated.  Fails in
 * G_OPTION_ERROR with FILE:LINE:COLUMN, what is wrong, and the nearest word.
 */
ScenarioFile *scenario_file_parse(const char *path, const char *const *keys,
                                  ScenarioRead *read, gpointer user_data,
                                  GError **error);
void scenario_file_free(ScenarioFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScenarioFile, scenario_file_free)

/* The same file once more, its scenarios behind those of @file. */
gboolean scenario_file_add(ScenarioFile *file, const char *path,
                           const char *const *keys, ScenarioRead *read,
                           gpointer user_data, GError **error);
ScenarioFile *scenario_file_new(void);
