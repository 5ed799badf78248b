/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A file that is being read; of parse.c, section.c and settings.c alone. */
#include "tools/scenario/parse.h"
#include "tools/scenario/private.h"

typedef struct {
    ScenarioFile *file;
    const char *const *keys;
    ScenarioRead *read;
    gpointer user_data;
    GPtrArray *open;     /* of const char *: files that are being read */
    Scenario *defaults;  /* what [defaults] has said so far */
    GHashTable *choices; /* "KEY VALUE": an array of ScenarioSetting */
    GPtrArray *choice;   /* the section, which is one of them; or NULL */
    Scenario *scenario;  /* the section, which file->scenarios owns; or NULL */
    bool in_defaults;
    GHashTable *own; /* keys that the section itself has set */
} Parser;

/* A line KEY = VALUE, VALUE; @equals is the sign in it. */
gboolean parse_setting(Parser *parser, Cursor *cursor, const char *equals,
                       GError **error);

/* A line [KIND NAME]: what stands below it belongs there. */
gboolean parse_section(Parser *parser, Cursor *cursor, GError **error);
