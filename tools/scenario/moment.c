/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a step before its colon: when. */
#include <string.h>

#include "tools/scenario/private.h"

#define DELAY_MAX_US (G_GUINT64_CONSTANT(24) * 3600 * G_USEC_PER_SEC)

/* QEMU's words for where a migration is; a newer QEMU's are in quotes. */
const char *const scenario_statuses[] = {
    "none",
    "setup",
    "wait-unplug",
    "active",
    "pre-switchover",
    "device",
    "postcopy-device",
    "postcopy-active",
    "postcopy-paused",
    "postcopy-recover-setup",
    "postcopy-recover",
    "cancelling",
    "completed",
    "failed",
    "failing",
    "cancelled",
    "colo",
    NULL,
};

gboolean side_accept(Cursor *cursor, Side *side)
{
    for (*side = SIDE_SOURCE; *side < N_SIDES; (*side)++) {
        if (cursor_accept(cursor, side_name(*side))) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean status_parse(Cursor *cursor, char **ret, GError **error)
{
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);

    if (!word) {
        return spot_fail(spot, error, "a status of the migration is missing");
    }
    if (cursor->start[spot.column - 1] != '"' &&
        !g_strv_contains(scenario_statuses, word)) {
        return spot_unknown(spot, error, "status", word, scenario_statuses);
    }
    *ret = g_steal_pointer(&word);
    return TRUE;
}

static gboolean on_side(Cursor *cursor, Moment *moment, GError **error)
{
    if (cursor_accept(cursor, "event")) {
        Spot spot = cursor_spot(cursor);
        moment->kind = MOMENT_EVENT;
        moment->word = cursor_word(cursor);
        return moment->word ? TRUE
                            : spot_fail(spot, error, "an event is missing");
    }
    moment->kind = MOMENT_STATUS;
    return status_parse(cursor, &moment->word, error);
}

static gboolean take_remaining(Cursor *cursor, Moment *moment, GError **error)
{
    Spot spot = cursor_spot(cursor);
    if (!cursor_accept(cursor, "<")) {
        return spot_fail(spot, error, "'remaining' needs < and a size");
    }
    moment->kind = MOMENT_REMAINING;
    return cursor_quantity(cursor, UNIT_BYTES, &moment->number, error);
}

/* The first word of a line of the guest's: docs/guest.rst. */
static gboolean take_line(Cursor *cursor, Moment *moment, GError **error)
{
    static const char *const names[] = { "rate",   "writes",    "dirties",
                                         "off",    "suspended", "awake",
                                         "verify", "bad",       "panic",
                                         NULL };
    Spot spot = cursor_spot(cursor);
    moment->kind = MOMENT_GUEST;
    moment->word = cursor_word(cursor);
    if (!moment->word || !g_strv_contains(names, moment->word)) {
        return spot_unknown(spot, error, "line of the guest's",
                            moment->word ? moment->word : "", names);
    }
    return TRUE;
}

static gboolean plain(Cursor *cursor, Moment *moment, GError **error)
{
    static const char *const names[] = { "start",     "end",    "pass",
                                         "beats",     "source", "destination",
                                         "remaining", "guest",  NULL };
    if (side_accept(cursor, &moment->side)) {
        return on_side(cursor, moment, error);
    }
    if (cursor_accept(cursor, "start")) {
        moment->kind = MOMENT_START;
        return TRUE;
    }
    if (cursor_accept(cursor, "end")) {
        moment->kind = MOMENT_END;
        return TRUE;
    }
    if (cursor_accept(cursor, "pass")) {
        moment->kind = MOMENT_PASS;
        return cursor_quantity(cursor, UNIT_NONE, &moment->number, error);
    }
    if (cursor_accept(cursor, "beats")) {
        moment->kind = MOMENT_BEATS;
        return cursor_quantity(cursor, UNIT_NONE, &moment->number, error);
    }
    if (cursor_accept(cursor, "guest")) {
        return take_line(cursor, moment, error);
    }
    if (cursor_accept(cursor, "remaining")) {
        return take_remaining(cursor, moment, error);
    }
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);
    return word ? spot_unknown(spot, error, "moment", word, names)
                : spot_fail(spot, error, "a moment is missing");
}

/* "200ms", or "200ms after MOMENT". */
gboolean moment_parse(Cursor *cursor, Moment *moment, GError **error)
{
    Spot spot = cursor_spot(cursor);
    const char *start = cursor->at;

    moment->text = g_strchomp(g_strndup(start, cursor->end - start));
    if (cursor->at == cursor->end || !g_ascii_isdigit(*cursor->at)) {
        return plain(cursor, moment, error) && cursor_finish(cursor, error);
    }
    g_autofree char *word = cursor_word(cursor);
    if (!spot_quantity(spot, word, UNIT_MICROSECONDS, &moment->delay_us,
                       error)) {
        return FALSE;
    }
    if (moment->delay_us > DELAY_MAX_US) {
        return spot_fail(spot, error, "%s is longer than a day", word);
    }
    if (cursor_accept(cursor, "after")) {
        return plain(cursor, moment, error) && cursor_finish(cursor, error);
    }
    moment->kind = MOMENT_STEP;
    return cursor_finish(cursor, error);
}
