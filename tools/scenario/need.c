/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a scenario cannot do without. */
#include <string.h>

#include "tools/scenario/private.h"

static const char *const compare_names[] = {
    [COMPARE_LESS] = "<",
    [COMPARE_AT_MOST] = "<=",
    [COMPARE_EQUAL] = "=",
    [COMPARE_NOT] = "!=",
    [COMPARE_AT_LEAST] = ">=",
    [COMPARE_MORE] = ">",
    NULL,
};

gboolean compare_parse(Cursor *cursor, Compare *compare, GError **error)
{
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);
    for (*compare = 0; compare_names[*compare]; (*compare)++) {
        if (g_strcmp0(word, compare_names[*compare]) == 0) {
            return TRUE;
        }
    }
    return word ? spot_unknown(spot, error, "comparison", word, compare_names)
                : spot_fail(spot, error, "a comparison is missing, such as <");
}

bool compare_holds(Compare compare, double found, double expected)
{
    switch (compare) {
    case COMPARE_LESS:
        return found < expected;
    case COMPARE_AT_MOST:
        return found <= expected;
    case COMPARE_EQUAL:
        return found == expected;
    case COMPARE_NOT:
        return found != expected;
    case COMPARE_AT_LEAST:
        return found >= expected;
    case COMPARE_MORE:
        return found > expected;
    }
    return false;
}

static gboolean is_version(const char *word)
{
    guint64 number;
    g_auto(GStrv) parts = g_strsplit(word, ".", -1);
    for (char **part = parts; *part; part++) {
        if (!g_ascii_string_to_unsigned(*part, 10, 0, 9999, &number, NULL)) {
            return FALSE;
        }
    }
    return *parts != NULL;
}

static const struct {
    const char *name;
    NeedKind kind;
    bool has_word;
} rows[] = {
    { "kvm", NEED_KVM, false },
    { "root", NEED_ROOT, false },
    { "userfaultfd", NEED_USERFAULTFD, false },
    { "qemu", NEED_VERSION, true },
    { "capability", NEED_CAPABILITY, true },
    { "parameter", NEED_PARAMETER, true },
    { "command", NEED_COMMAND, true },
    { "argument", NEED_ARGUMENT, true },
};

static gboolean take_word(Cursor *cursor, ScenarioNeed *need, GError **error)
{
    if (need->kind == NEED_VERSION &&
        !compare_parse(cursor, &need->compare, error)) {
        return FALSE;
    }
    Spot spot = cursor_spot(cursor);
    need->word = cursor_word(cursor);
    if (need->kind == NEED_ARGUMENT) {
        need->argument = cursor_word(cursor);
    }
    if (!need->word || (need->kind == NEED_ARGUMENT && !need->argument)) {
        return spot_fail(spot, error, "a name is missing here");
    }
    if (need->kind == NEED_VERSION && !is_version(need->word)) {
        return spot_fail(spot, error, "'%s' is no version such as 9.2",
                         need->word);
    }
    return TRUE;
}

static gboolean take_need(Cursor *cursor, ScenarioNeed *need, GError **error)
{
    const char *names[G_N_ELEMENTS(rows) + 1] = { NULL };
    g_autofree char *word = cursor_word(cursor);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        names[i] = rows[i].name;
        if (g_strcmp0(word, rows[i].name) == 0) {
            need->kind = rows[i].kind;
            return (!rows[i].has_word || take_word(cursor, need, error)) &&
                   cursor_finish(cursor, error);
        }
    }
    return spot_unknown(need->spot, error, "need", word ? word : "", names);
}

ScenarioNeed *need_parse(Cursor *cursor, GError **error)
{
    ScenarioNeed *need = g_new0(ScenarioNeed, 1);

    need->spot = cursor_spot(cursor);
    need->text = g_strchomp(g_strndup(cursor->at, cursor->end - cursor->at));
    if (!take_need(cursor, need, error)) {
        need_free(need);
        return NULL;
    }
    return need;
}
