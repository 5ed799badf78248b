/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/cursor.h"

#include <string.h>

#include "caps/nearest.h"

#define NAMES_SHOWN 32u /* more is no help any more */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(Cursor *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at)) {
        cursor->at++;
    }
}

Spot cursor_spot(Cursor *cursor)
{
    skip_blanks(cursor);
    return (Spot){ cursor->file, cursor->line,
                   (unsigned)(cursor->at - cursor->start) + 1 };
}

gboolean cursor_is_at_end(Cursor *cursor)
{
    skip_blanks(cursor);
    return cursor->at == cursor->end;
}

/* Behind the quote that closes the one at @at; NULL: there is none. */
static const char *quote_end(const char *at, const char *end)
{
    const char *close = memchr(at + 1, '"', end - at - 1);
    return close ? close + 1 : NULL;
}

/* Where it ends; a quote that is not closed goes to the end of the line. */
static const char *word_end(const Cursor *cursor)
{
    const char *end = cursor->at;
    if (end < cursor->end && *end == '"') {
        const char *close = quote_end(end, cursor->end);
        return close ? close : cursor->end;
    }
    while (end < cursor->end && !is_blank(*end)) {
        end++;
    }
    return end;
}

char *cursor_word(Cursor *cursor)
{
    skip_blanks(cursor);
    const char *start = cursor->at, *end = word_end(cursor);
    if (start == end) {
        return NULL;
    }
    cursor->at = end;
    if (*start == '"') {
        start++;
        end -= end > start && end[-1] == '"';
    }
    return g_strndup(start, end - start);
}

gboolean cursor_accept(Cursor *cursor, const char *word)
{
    const char *start = cursor->at;
    g_autofree char *found = cursor_word(cursor);
    if (g_strcmp0(found, word) == 0) {
        return TRUE;
    }
    cursor->at = start;
    return FALSE;
}

char *cursor_rest(Cursor *cursor)
{
    skip_blanks(cursor);
    char *rest = g_strchomp(g_strndup(cursor->at, cursor->end - cursor->at));
    cursor->at = cursor->end;
    return rest;
}

gboolean cursor_find(const Cursor *cursor, char mark, const char **ret,
                     GError **error)
{
    const char *at = cursor->at;
    bool begins = true; /* a word */

    *ret = NULL;
    while (at < cursor->end && *at != mark) {
        if (begins && *at == '"') {
            Cursor quote = *cursor;
            quote.at = at;
            at = quote_end(at, cursor->end);
            if (!at) {
                return spot_fail(cursor_spot(&quote), error,
                                 "this quote is not closed");
            }
            begins = false;
        } else {
            begins = is_blank(*at++);
        }
    }
    *ret = at < cursor->end ? at : NULL;
    return TRUE;
}

gboolean spot_fail(Spot spot, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s:%u:%u: %s",
                spot.file, spot.line, spot.column, text);
    return FALSE;
}

gboolean spot_unknown(Spot spot, GError **error, const char *kind,
                      const char *what, const char *const *names)
{
    Nearest nearest = nearest_start(what);
    for (const char *const *name = names; *name; name++) {
        nearest_offer(&nearest, *name);
    }
    if (nearest.best) {
        return spot_fail(spot, error, "'%s' is no %s; did you mean %s?", what,
                         kind, nearest.best);
    }
    if (g_strv_length((char **)names) > NAMES_SHOWN) {
        return spot_fail(spot, error, "'%s' is no %s", what, kind);
    }
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    return spot_fail(spot, error, "'%s' is no %s; there are %s", what, kind,
                     all);
}

gboolean cursor_finish(Cursor *cursor, GError **error)
{
    if (cursor_is_at_end(cursor)) {
        return TRUE;
    }
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);
    return spot_fail(spot, error, "'%s' is one word too many", word);
}

gboolean spot_quantity(Spot spot, const char *word, Unit unit, uint64_t *ret,
                       GError **error)
{
    g_autoptr(GError) why = NULL;
    size_t n = strlen(word);
    if (unit == UNIT_MICROSECONDS && n > 0 && g_ascii_isdigit(word[n - 1])) {
        return spot_fail(spot, error,
                         "'%s' has no unit; a time is written 200ms or 2s",
                         word);
    }
    return unit_parse(word, unit, ret, &why)
               ? TRUE
               : spot_fail(spot, error, "%s", why->message);
}

gboolean cursor_quantity(Cursor *cursor, Unit unit, uint64_t *ret,
                         GError **error)
{
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);
    return word ? spot_quantity(spot, word, unit, ret, error)
                : spot_fail(spot, error, "a number is missing here");
}
