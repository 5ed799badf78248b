/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a step behind its colon: what. */
#include <string.h>

#include "tools/scenario/private.h"

typedef gboolean TakeWords(Cursor *cursor, ScenarioAction *action,
                           GError **error);

static gboolean take_nothing(Cursor *cursor, ScenarioAction *action,
                             GError **error)
{
    return TRUE;
}

static gboolean take_word(Cursor *cursor, const char *what, char **ret,
                          GError **error)
{
    Spot spot = cursor_spot(cursor);
    *ret = cursor_word(cursor);
    return *ret ? TRUE : spot_fail(spot, error, "%s is missing", what);
}

/* The side that is meant if none is named. */
static gboolean take_source(Cursor *cursor, ScenarioAction *action,
                            GError **error)
{
    if (!side_accept(cursor, &action->side)) {
        action->side = SIDE_SOURCE;
    }
    return TRUE;
}

static gboolean take_side(Cursor *cursor, ScenarioAction *action,
                          GError **error)
{
    Spot spot = cursor_spot(cursor);
    return side_accept(cursor, &action->side)
               ? TRUE
               : spot_fail(spot, error, "source or destination is missing");
}

static gboolean take_victim(Cursor *cursor, ScenarioAction *action,
                            GError **error)
{
    if (cursor_accept(cursor, "qmigrate")) {
        action->side = N_SIDES;
        return TRUE;
    }
    return take_side(cursor, action, error);
}

static gboolean take_parameter(Cursor *cursor, ScenarioAction *action,
                               GError **error)
{
    return take_word(cursor, "a parameter", &action->name, error) &&
           take_word(cursor, "its value", &action->value, error);
}

/* The rest of the line: semicolons are JSON's there. */
static gboolean take_command(Cursor *cursor, ScenarioAction *action,
                             GError **error)
{
    if (!take_side(cursor, action, error) ||
        !take_word(cursor, "a command", &action->name, error)) {
        return FALSE;
    }
    Spot spot = cursor_spot(cursor);
    g_autofree char *text = cursor_rest(cursor);
    if (*text == '\0') {
        return TRUE;
    }
    g_autoptr(GError) why = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &why);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        return spot_fail(spot, error, "its arguments are no JSON object%s%s",
                         why ? ": " : "", why ? why->message : "");
    }
    action->arguments = json_node_dup_object(node);
    return TRUE;
}

/* A thing that the guest or the link does, perhaps with a number. */
typedef struct {
    const char *name;
    Unit unit; /* UNIT_NONE: takes none */
} VerbRow;

static gboolean take_verb(Cursor *cursor, const char *kind, const VerbRow *rows,
                          guint n, unsigned *ret, uint64_t *number,
                          GError **error)
{
    g_autofree const char **names = g_new0(const char *, n + 1);
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);

    for (*ret = 0; *ret < n; (*ret)++) {
        names[*ret] = rows[*ret].name;
        if (g_strcmp0(word, rows[*ret].name) == 0) {
            return rows[*ret].unit == UNIT_NONE ||
                   cursor_quantity(cursor, rows[*ret].unit, number, error);
        }
    }
    return spot_unknown(spot, error, kind, word ? word : "", names);
}

/* Of the source, if no side is named behind it. */
static gboolean take_guest(Cursor *cursor, ScenarioAction *action,
                           GError **error)
{
    static const VerbRow rows[] = {
        [GUEST_REBOOT] = { "reboot", UNIT_NONE },
        [GUEST_POWEROFF] = { "poweroff", UNIT_NONE },
        [GUEST_SUSPEND] = { "suspend", UNIT_NONE },
        [GUEST_WAKE] = { "wake", UNIT_NONE },
        [GUEST_REPORT] = { "report", UNIT_NONE },
        [GUEST_DIRTY_RATE] = { "dirty-rate", UNIT_BYTES_PER_SECOND },
    };
    unsigned verb;
    if (!take_verb(cursor, "thing that the guest does", rows,
                   G_N_ELEMENTS(rows), &verb, &action->number, error)) {
        return FALSE;
    }
    action->guest = verb;
    return take_source(cursor, action, error);
}

static gboolean take_link(Cursor *cursor, ScenarioAction *action,
                          GError **error)
{
    static const VerbRow rows[] = {
        [LINK_CUT] = { "cut", UNIT_NONE },
        [LINK_RESET] = { "reset", UNIT_NONE },
        [LINK_DROP] = { "drop", UNIT_NONE },
        [LINK_RESTORE] = { "restore", UNIT_NONE },
        [LINK_RATE] = { "rate", UNIT_BYTES_PER_SECOND },
        [LINK_DELAY] = { "delay", UNIT_MICROSECONDS },
        [LINK_SPLIT] = { "split", UNIT_BYTES },
    };
    unsigned verb;
    if (!take_verb(cursor, "thing that the link does", rows, G_N_ELEMENTS(rows),
                   &verb, &action->number, error)) {
        return FALSE;
    }
    action->link = verb;
    return TRUE;
}

/* One row adds an action; who does it is tools/lab/steps.c. */
static const struct {
    const char *name;
    ActKind kind;
    TakeWords *take;
} rows[] = {
    { "cancel", ACT_CANCEL, take_nothing },
    { "postcopy", ACT_POSTCOPY, take_nothing },
    { "pause", ACT_PAUSE, take_source },
    { "continue", ACT_CONTINUE, take_nothing },
    { "recover", ACT_RECOVER, take_nothing },
    { "stop", ACT_STOP, take_source },
    { "cont", ACT_CONT, take_source },
    { "set", ACT_SET, take_parameter },
    { "qmp", ACT_QMP, take_command },
    { "kill", ACT_KILL, take_victim },
    { "freeze", ACT_FREEZE, take_side },
    { "thaw", ACT_THAW, take_side },
    { "guest", ACT_GUEST, take_guest },
    { "link", ACT_LINK, take_link },
    { "again", ACT_AGAIN, take_nothing },
};

static gboolean take_action(Cursor *cursor, ScenarioAction *action,
                            GError **error)
{
    const char *names[G_N_ELEMENTS(rows) + 1] = { NULL };
    g_autofree char *word = cursor_word(cursor);

    if (!word) {
        return spot_fail(action->spot, error, "an action is missing");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        names[i] = rows[i].name;
        if (strcmp(word, rows[i].name) == 0) {
            action->kind = rows[i].kind;
            return rows[i].take(cursor, action, error) &&
                   cursor_finish(cursor, error);
        }
    }
    return spot_unknown(action->spot, error, "action", word, names);
}

ScenarioAction *action_parse(Cursor *cursor, GError **error)
{
    g_autoptr(ScenarioAction) action = g_new0(ScenarioAction, 1);

    action->spot = cursor_spot(cursor);
    action->text = g_strchomp(g_strndup(cursor->at, cursor->end - cursor->at));
    return take_action(cursor, action, error) ? g_steal_pointer(&action) : NULL;
}
