/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One line of a scenario file, read word by word.  A word ends at a blank, or is in
 * double quotes.  Every message begins with FILE:LINE:COLUMN.  Pure.
 */
#include "tools/scenario/scenario.h"

typedef struct {
    const char *file;
    unsigned line;
    const char *start; /* of the line */
    const char *at, *end;
} Cursor;

/* Where the next word begins. */
Spot cursor_spot(Cursor *cursor);
gboolean cursor_is_at_end(Cursor *cursor);

/* The next word, which is passed; NULL: there is none.  Free with g_free(). */
char *cursor_word(Cursor *cursor);
/* The next word if it is @word: then it is passed. */
gboolean cursor_accept(Cursor *cursor, const char *word);
/* What is left, without blanks around it.  Free with g_free(). */
char *cursor_rest(Cursor *cursor);

/* Where @mark is, outside of quotes, NULL: nowhere.  Fails if a quote is not
 * closed before it. */
gboolean cursor_find(const Cursor *cursor, char mark, const char **ret,
                     GError **error);

/* Fails at @spot in G_OPTION_ERROR_BAD_VALUE. */
G_GNUC_PRINTF(3, 4)
gboolean spot_fail(Spot spot, GError **error, const char *format, ...);

/* @what is none of @names: with the nearest. */
gboolean spot_unknown(Spot spot, GError **error, const char *kind,
                      const char *what, const char *const *names);

/* Nothing may follow. */
gboolean cursor_finish(Cursor *cursor, GError **error);

/* @word as a quantity; a time has to have its unit. */
gboolean spot_quantity(Spot spot, const char *word, Unit unit, uint64_t *ret,
                       GError **error);
/* The next word as a quantity. */
gboolean cursor_quantity(Cursor *cursor, Unit unit, uint64_t *ret,
                         GError **error);
