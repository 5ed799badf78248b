/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/parse.h"

#include <string.h>

#include "tools/scenario/parser.h"

#define INCLUDES_MAX    16
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* as some editors begin a file */

static gboolean parse_file(Parser *parser, const char *path, const Spot *from,
                           GError **error);

/* ---- at, expect, need ---- */

/* Where an action ends: at a semicolon, but a command's JSON at the end of the
 * line. */
static gboolean find_end(const Cursor *cursor, const char **ret, GError **error)
{
    Cursor first = *cursor;
    *ret = NULL;
    return cursor_accept(&first, "qmp") ? TRUE
                                        : cursor_find(cursor, ';', ret, error);
}

static bool has_killed(const Scenario *scenario)
{
    for (guint i = 0; i < scenario->steps->len; i++) {
        const ScenarioStep *step = scenario->steps->pdata[i];
        for (guint j = 0; j < step->actions->len; j++) {
            const ScenarioAction *action = step->actions->pdata[j];
            if (action->kind == ACT_KILL && action->side == N_SIDES) {
                return true;
            }
        }
    }
    return false;
}

static gboolean parse_actions(Scenario *scenario, ScenarioStep *step,
                              Cursor *cursor, GError **error)
{
    bool kills = has_killed(scenario);
    do {
        Cursor one = *cursor;
        const char *close;
        if (!find_end(cursor, &close, error)) {
            return FALSE;
        }
        one.end = close ? close : cursor->end;
        ScenarioAction *action = action_parse(&one, error);
        if (!action) {
            return FALSE;
        }
        scenario->uses_link |= action->kind == ACT_LINK;
        kills |= action->kind == ACT_KILL && action->side == N_SIDES;
        g_ptr_array_add(step->actions, action);
        if (action->kind == ACT_RECOVER && !kills) {
            return spot_fail(action->spot, error,
                             "'recover' needs 'kill qmigrate' before it");
        }
        cursor->at = close ? close + 1 : cursor->end;
    } while (!cursor_is_at_end(cursor));
    return TRUE;
}

static gboolean parse_step(Scenario *scenario, Spot spot, Cursor *cursor,
                           GError **error)
{
    const char *colon = NULL;
    ScenarioStep *step = g_new0(ScenarioStep, 1);

    step->spot = spot;
    step->actions =
        g_ptr_array_new_with_free_func((GDestroyNotify)scenario_action_free);
    g_ptr_array_add(scenario->steps, step);
    if (!cursor_find(cursor, ':', &colon, error)) {
        return FALSE;
    }
    if (!colon) {
        return spot_fail(spot, error,
                         "a step is 'at MOMENT: ACTION', and ':' is missing");
    }
    Cursor moment = *cursor;
    moment.end = colon;
    cursor->at = colon + 1;
    return moment_parse(&moment, &step->moment, error) &&
           parse_actions(scenario, step, cursor, error);
}

static gboolean add(GPtrArray *array, gpointer item)
{
    if (item) {
        g_ptr_array_add(array, item);
    }
    return item != NULL;
}

static gboolean parse_words(Parser *parser, Cursor *cursor, GError **error)
{
    static const char *const names[] = { "at", "expect", "need", "include",
                                         NULL };
    Scenario *scenario = parser->scenario;
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);

    if (!scenario && g_strv_contains(names, word)) {
        return spot_fail(spot, error, "'%s' belongs into a scenario", word);
    }
    if (strcmp(word, "at") == 0) {
        return parse_step(scenario, spot, cursor, error);
    }
    const char *none;
    if (!cursor_find(cursor, '\0', &none, error)) {
        return FALSE;
    }
    if (strcmp(word, "expect") == 0) {
        return add(scenario->expectations, expectation_parse(cursor, error));
    }
    if (strcmp(word, "need") == 0) {
        return add(scenario->needs, need_parse(cursor, error));
    }
    return spot_unknown(spot, error, "setting (KEY = VALUE), and no key", word,
                        names);
}

/* ---- lines ---- */

static gboolean parse_include(Parser *parser, Cursor *cursor, GError **error)
{
    Spot spot = cursor_spot(cursor);
    g_autofree char *name = cursor_rest(cursor);
    g_autofree char *folder = g_path_get_dirname(cursor->file);
    g_autofree char *path = g_build_filename(folder, name, NULL);

    if (*name == '\0') {
        return spot_fail(spot, error, "a file is missing");
    }
    return parse_file(parser, g_path_is_absolute(name) ? name : path, &spot,
                      error);
}

/* key = value: '=' behind one word; else it is a word's line. */
static const char *find_equals(Cursor cursor)
{
    const char *end = cursor.at;
    while (end < cursor.end && (g_ascii_isalnum(*end) || *end == '-')) {
        end++;
    }
    cursor.at = end;
    if (end == cursor.start || cursor_is_at_end(&cursor)) {
        return NULL;
    }
    return *cursor.at == '=' ? cursor.at : NULL;
}

static gboolean parse_line(Parser *parser, Cursor *cursor, GError **error)
{
    if (cursor_is_at_end(cursor) || *cursor->at == '#' || *cursor->at == ';') {
        return TRUE;
    }
    if (*cursor->at == '[') {
        return parse_section(parser, cursor, error);
    }
    Cursor first = *cursor;
    if (cursor_accept(&first, "include")) {
        *cursor = first;
        return parse_include(parser, cursor, error);
    }
    const char *equals = find_equals(*cursor);
    if (!equals) {
        return parse_words(parser, cursor, error);
    }
    if (!parser->scenario && !parser->in_defaults && !parser->choice) {
        return spot_fail(cursor_spot(cursor), error,
                         "a setting belongs into [defaults] or a scenario");
    }
    return parse_setting(parser, cursor, equals, error);
}

static gboolean parse_text(Parser *parser, const char *path, const char *text,
                           GError **error)
{
    unsigned line = 0;
    text +=
        g_str_has_prefix(text, BYTE_ORDER_MARK) ? strlen(BYTE_ORDER_MARK) : 0;
    for (const char *start = text; start;) {
        const char *end = strchr(start, '\n');
        const char *next = end ? end + 1 : NULL;
        end = end ? end : start + strlen(start);
        end -= end > start && end[-1] == '\r';
        Cursor cursor = { path, ++line, start, start, end };
        if (!parse_line(parser, &cursor, error)) {
            return FALSE;
        }
        start = next;
    }
    return TRUE;
}

static gboolean is_open(const Parser *parser, const char *path)
{
    for (guint i = 0; i < parser->open->len; i++) {
        if (strcmp(parser->open->pdata[i], path) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean parse_file(Parser *parser, const char *path, const Spot *from,
                           GError **error)
{
    char *name = g_strdup(path);
    g_ptr_array_add(parser->file->files, name);
    if (is_open(parser, name) || parser->open->len == INCLUDES_MAX) {
        return spot_fail(*from, error, "%s is being read already: a loop",
                         name);
    }
    g_autoptr(GError) why = NULL;
    g_autofree char *text = parser->read(name, parser->user_data, &why);
    if (!text) {
        if (from) {
            return spot_fail(*from, error, "%s", why->message);
        }
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s",
                    why->message);
        return FALSE;
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        return spot_fail((Spot){ name, 1, 1 }, error, "it is no text in UTF-8");
    }
    g_ptr_array_add(parser->open, name);
    gboolean is_read = parse_text(parser, name, text, error);
    g_ptr_array_remove_index(parser->open, parser->open->len - 1);
    return is_read;
}

ScenarioFile *scenario_file_new(void)
{
    ScenarioFile *file = g_new0(ScenarioFile, 1);
    file->scenarios =
        g_ptr_array_new_with_free_func((GDestroyNotify)scenario_free);
    file->files = g_ptr_array_new_with_free_func(g_free);
    return file;
}

void scenario_file_free(ScenarioFile *file)
{
    if (file) {
        g_ptr_array_unref(file->scenarios);
        g_ptr_array_unref(file->files);
        g_free(file);
    }
}

gboolean scenario_file_add(ScenarioFile *file, const char *path,
                           const char *const *keys, ScenarioRead *read,
                           gpointer user_data, GError **error)
{
    Parser parser = {
        .file = file,
        .keys = keys,
        .read = read,
        .user_data = user_data,
        .open = g_ptr_array_new(),
        .defaults = scenario_new((Spot){ path, 1, 1 }, NULL),
        .choices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify)g_ptr_array_unref),
        .own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)
    };
    gboolean is_read = parse_file(&parser, path, NULL, error);
    g_ptr_array_unref(parser.open);
    scenario_free(parser.defaults);
    g_hash_table_unref(parser.choices);
    g_hash_table_unref(parser.own);
    return is_read;
}

ScenarioFile *scenario_file_parse(const char *path, const char *const *keys,
                                  ScenarioRead *read, gpointer user_data,
                                  GError **error)
{
    g_autoptr(ScenarioFile) file = scenario_file_new();
    return scenario_file_add(file, path, keys, read, user_data, error)
               ? g_steal_pointer(&file)
               : NULL;
}
