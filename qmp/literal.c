/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scanner with a cursor; each take_ function says what is wrong, or NULL. */
#include "qmp/literal.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const char *at;
    const char *end;
} Cursor;

static bool take(Cursor *cursor, char wanted)
{
    if (cursor->at < cursor->end && *cursor->at == wanted) {
        cursor->at++;
        return true;
    }
    return false;
}

static size_t take_digits(Cursor *cursor)
{
    const char *start = cursor->at;

    while (cursor->at < cursor->end && g_ascii_isdigit(*cursor->at)) {
        cursor->at++;
    }
    return cursor->at - start;
}

/* The digits are known to be there, and at most 20. */
static bool fits_64_bits(const char *digits, size_t n, bool negative)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digits[i] - '0', &value)) {
            return false;
        }
    }
    return !negative || value <= (uint64_t)INT64_MAX + 1;
}

static bool take_exponent(Cursor *cursor)
{
    if (!take(cursor, 'e') && !take(cursor, 'E')) {
        return true;
    }
    if (!take(cursor, '+')) {
        take(cursor, '-');
    }
    return take_digits(cursor) > 0;
}

static const char *take_number(Cursor *cursor)
{
    bool negative = take(cursor, '-');
    const char *digits = cursor->at;
    size_t n = take_digits(cursor);
    const char *end = cursor->at;

    if (n == 0 || (n > 1 && digits[0] == '0')) {
        return "a malformed number";
    }
    if (take(cursor, '.') && take_digits(cursor) == 0) {
        return "a malformed number";
    }
    if (!take_exponent(cursor)) {
        return "a malformed number";
    }
    if (cursor->at == end && !fits_64_bits(digits, n, negative)) {
        return "a whole number of more than 64 bits";
    }
    return NULL;
}

static const char *take_word(Cursor *cursor)
{
    static const char *const words[] = { "true", "false", "null" };
    size_t left = cursor->end - cursor->at;

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t n = strlen(words[i]);

        if (left >= n && memcmp(cursor->at, words[i], n) == 0) {
            cursor->at += n;
            return NULL;
        }
    }
    return "an unknown word";
}

/* The four digits behind \u, or -1. */
static int take_hex(Cursor *cursor)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        int digit =
            cursor->at < cursor->end ? g_ascii_xdigit_value(*cursor->at) : -1;

        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
        cursor->at++;
    }
    return value;
}

static bool is_between(int value, int first, int last)
{
    return value >= first && value <= last;
}

static const char *take_unicode(Cursor *cursor)
{
    int value = take_hex(cursor);

    if (value < 0) {
        return "a malformed escape";
    }
    if (value == 0) {
        return "a NUL inside a string";
    }
    if (is_between(value, 0xdc00, 0xdfff)) {
        return "half a surrogate pair";
    }
    if (is_between(value, 0xd800, 0xdbff) &&
        !(take(cursor, '\\') && take(cursor, 'u') &&
          is_between(take_hex(cursor), 0xdc00, 0xdfff))) {
        return "half a surrogate pair";
    }
    return NULL;
}

/* From behind the opening quote to behind the closing one. */
static const char *take_string(Cursor *cursor)
{
    while (cursor->at < cursor->end) {
        const char *wrong = NULL;

        if (take(cursor, '"')) {
            return NULL;
        }
        if (!take(cursor, '\\')) {
            cursor->at++;
        } else if (take(cursor, 'u')) {
            wrong = take_unicode(cursor);
        } else if (cursor->at < cursor->end &&
                   strchr("\"\\/bfnrt", *cursor->at) && *cursor->at) {
            cursor->at++;
        } else {
            wrong = "a malformed escape";
        }
        if (wrong) {
            return wrong;
        }
    }
    return "a string without end";
}

static const char *take_token(Cursor *cursor)
{
    char c = *cursor->at;

    if (take(cursor, '"')) {
        return take_string(cursor);
    }
    if (c == '-' || g_ascii_isdigit(c)) {
        return take_number(cursor);
    }
    if (g_ascii_isalpha(c)) {
        return take_word(cursor);
    }
    cursor->at++;
    return c && strchr("{}[]:, \t\r\n", c) ? NULL : "a stray character";
}

static bool is_literal(char c)
{
    return g_ascii_isalnum(c) || strchr("\"+-.", c);
}

const char *qmp_literals_check(const char *text, size_t n)
{
    Cursor cursor = { text, text + n };

    while (cursor.at < cursor.end) {
        const char *start = cursor.at;
        const char *wrong = take_token(&cursor);

        if (wrong) {
            return wrong;
        }
        /* "12true" or "1.5.6": two that touch are none. */
        if (is_literal(*start) && cursor.at < cursor.end &&
            is_literal(*cursor.at)) {
            return "two values side by side";
        }
    }
    return NULL;
}
