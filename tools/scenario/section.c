/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [defaults], [scenario NAME], [choice KEY VALUE]. */
#include <string.h>

#include "tools/scenario/parser.h"

static void start_scenario(Parser *parser, Spot spot, const char *name)
{
    parser->scenario = scenario_new(spot, name);
    g_ptr_array_add(parser->file->scenarios, parser->scenario);
    for (guint i = 0; i < parser->defaults->settings->len; i++) {
        g_ptr_array_add(parser->scenario->settings,
                        setting_copy(parser->defaults->settings->pdata[i]));
    }
    parser->scenario->deadline_us = parser->defaults->deadline_us;
    parser->scenario->n_repeat = parser->defaults->n_repeat;
    g_string_assign(parser->scenario->before, parser->defaults->before->str);
    g_string_assign(parser->scenario->after, parser->defaults->after->str);
    parser->scenario->report = g_strdupv(parser->defaults->report);
}

static gboolean name_scenario(Parser *parser, Spot spot, const char *name,
                              GError **error)
{
    for (guint i = 0; i < parser->file->scenarios->len; i++) {
        const Scenario *other = parser->file->scenarios->pdata[i];
        if (strcmp(other->name, name) == 0) {
            return spot_fail(spot, error,
                             "there is a scenario '%s' already, at %s:%u", name,
                             other->spot.file, other->spot.line);
        }
    }
    start_scenario(parser, spot, name);
    return TRUE;
}

/* [choice KEY VALUE]: several settings under one name, for a matrix. */
static gboolean name_choice(Parser *parser, Spot spot, const char *name,
                            GError **error)
{
    g_auto(GStrv) words = g_strsplit(name, " ", -1);
    if (g_strv_length(words) != 2) {
        return spot_fail(spot, error, "a choice is [choice KEY VALUE]");
    }
    if (g_strv_contains(parser->keys, words[0])) {
        return spot_fail(spot, error,
                         "'%s' is an option of qmigrate lab: a choice needs a "
                         "name of its own",
                         words[0]);
    }
    if (g_hash_table_contains(parser->choices, name)) {
        return spot_fail(spot, error, "there is a choice '%s' already", name);
    }
    parser->choice = settings_new();
    g_hash_table_insert(parser->choices, g_strdup(name), parser->choice);
    return TRUE;
}

static gboolean open_section(Parser *parser, const char *kind, Spot spot,
                             const char *name, GError **error)
{
    static const char *const names[] = { "defaults", "scenario", "choice",
                                         NULL };
    if (g_strcmp0(kind, "defaults") == 0) {
        parser->in_defaults = true;
        return *name ? spot_fail(spot, error, "[defaults] has no name") : TRUE;
    }
    if (g_strcmp0(kind, "choice") == 0) {
        return name_choice(parser, spot, name, error);
    }
    if (g_strcmp0(kind, "scenario") != 0) {
        return spot_unknown(spot, error, "section", kind ? kind : "", names);
    }
    return *name ? name_scenario(parser, spot, name, error)
                 : spot_fail(spot, error, "a scenario needs a name");
}

gboolean parse_section(Parser *parser, Cursor *cursor, GError **error)
{
    Spot spot = cursor_spot(cursor);
    const char *close = memchr(cursor->at, ']', cursor->end - cursor->at);

    if (!close) {
        return spot_fail(spot, error, "']' is missing at its end");
    }
    Cursor inside = *cursor;
    inside.at++;
    inside.end = close;
    cursor->at = close + 1;
    Spot name_spot = cursor_spot(&inside);
    g_autofree char *word = cursor_word(&inside);
    g_autofree char *rest = cursor_rest(&inside);
    g_hash_table_remove_all(parser->own);
    parser->scenario = NULL;
    parser->choice = NULL;
    parser->in_defaults = false;
    return cursor_finish(cursor, error) &&
           open_section(parser, word, name_spot, rest, error);
}
