/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recursive descent with one character of lookahead.  The first thing that is
 * wrong is noted in the cursor; everybody up the stack then only cleans up.
 */
#include "qmp/parser.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/framer.h"

typedef struct {
    const char *at;
    const char *end;
    unsigned depth;
    bool has_high; /* a byte beyond ASCII was seen */
    size_t budget; /* bytes that values may still take */
    const char *wrong;
    GString *scratch; /* unescaped strings, each with its NUL, as a stack */
} Cursor;

static const char too_many_values[] = "too many values in one message";

static bool fail(Cursor *cursor, const char *wrong)
{
    if (!cursor->wrong) {
        cursor->wrong = wrong;
    }
    return false;
}

/* What json-glib 1.6 takes on 64 bits, measured, rounded up. */
enum {
    SCALAR_BYTES = 96,
    STRING_BYTES = 128, /* and its text */
    ARRAY_BYTES = 224,
    OBJECT_BYTES = 320,
    MEMBER_BYTES = 288, /* and its name */
};

/* 10 MiB of small values would be a gigabyte. */
static bool spend(Cursor *cursor, size_t n_bytes)
{
    if (n_bytes > cursor->budget) {
        return fail(cursor, too_many_values);
    }
    cursor->budget -= n_bytes;
    return true;
}

/* The next character; NUL at the end, which JSON has nowhere. */
static char peek(const Cursor *cursor)
{
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

static bool take(Cursor *cursor, char wanted)
{
    if (peek(cursor) != wanted || !wanted) {
        return false;
    }
    cursor->at++;
    return true;
}

static void skip_blanks(Cursor *cursor)
{
    char c = peek(cursor);

    while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        cursor->at++;
        c = peek(cursor);
    }
}

/* --- numbers --- */

static size_t take_digits(Cursor *cursor)
{
    const char *start = cursor->at;

    while (g_ascii_isdigit(peek(cursor))) {
        cursor->at++;
    }
    return cursor->at - start;
}

static bool take_fraction(Cursor *cursor)
{
    return !take(cursor, '.') || take_digits(cursor);
}

static bool take_exponent(Cursor *cursor)
{
    if (!take(cursor, 'e') && !take(cursor, 'E')) {
        return true;
    }
    if (!take(cursor, '+')) {
        take(cursor, '-');
    }
    return take_digits(cursor);
}

static bool whole_from_digits(const char *digits, size_t n, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digits[i] - '0', &value)) {
            return false;
        }
    }
    *ret = value;
    return true;
}

static JsonNode *whole_number(Cursor *cursor, const char *digits, size_t n,
                              bool negative)
{
    uint64_t value;

    if (!whole_from_digits(digits, n, &value) ||
        (negative && value > (uint64_t)INT64_MAX + 1)) {
        fail(cursor, "a whole number of more than 64 bits");
        return NULL;
    }
    return json_node_init_int(json_node_alloc(), negative ? -value : value);
}

static JsonNode *broken_number(Cursor *cursor, const char *start)
{
    g_autofree char *text = g_strndup(start, cursor->at - start);
    double value = g_ascii_strtod(text, NULL);

    if (!isfinite(value)) {
        fail(cursor, "a number that is too big");
        return NULL;
    }
    return json_node_init_double(json_node_alloc(), value);
}

static JsonNode *take_number(Cursor *cursor)
{
    const char *start = cursor->at;
    if (!spend(cursor, SCALAR_BYTES)) {
        return NULL;
    }
    bool negative = take(cursor, '-');
    const char *digits = cursor->at;
    size_t n = take_digits(cursor);
    const char *end = cursor->at;

    if (n == 0 || (n > 1 && digits[0] == '0') || !take_fraction(cursor) ||
        !take_exponent(cursor)) {
        fail(cursor, "a malformed number");
        return NULL;
    }
    return cursor->at == end ? whole_number(cursor, digits, n, negative)
                             : broken_number(cursor, start);
}

/* --- strings --- */

static bool take_hex(Cursor *cursor, gunichar *ret)
{
    gunichar value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(peek(cursor));

        if (digit < 0) {
            return fail(cursor, "a malformed escape");
        }
        value = value * 16 + digit;
        cursor->at++;
    }
    *ret = value;
    return true;
}

/* Behind \u.  What lies beyond the first 65536 comes as two of them. */
static bool take_unicode(Cursor *cursor)
{
    gunichar value, low;

    if (!take_hex(cursor, &value)) {
        return false;
    }
    if (value == 0) {
        return fail(cursor, "a NUL inside a string");
    }
    if (value >= 0xd800 && value <= 0xdbff) {
        if (!take(cursor, '\\') || !take(cursor, 'u') ||
            !take_hex(cursor, &low) || low < 0xdc00 || low > 0xdfff) {
            return fail(cursor, "half a surrogate pair");
        }
        value = 0x10000 + ((value & 0x3ff) << 10 | (low & 0x3ff));
    } else if (value >= 0xdc00 && value <= 0xdfff) {
        return fail(cursor, "half a surrogate pair");
    }
    g_string_append_unichar(cursor->scratch, value);
    return true;
}

/* Behind the backslash. */
static bool take_escape(Cursor *cursor)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    char c = peek(cursor);
    const char *found = c ? strchr(escapes, c) : NULL;

    if (take(cursor, 'u')) {
        return take_unicode(cursor);
    }
    if (!found) {
        return fail(cursor, "a malformed escape");
    }
    cursor->at++;
    g_string_append_c(cursor->scratch, meanings[found - escapes]);
    return true;
}

/* As far as nothing needs a second look. */
static void take_plain(Cursor *cursor)
{
    const char *start = cursor->at;

    while (cursor->at < cursor->end) {
        unsigned char c = *cursor->at;

        if (c == '"' || c == '\\' || c < 0x20) {
            break;
        }
        cursor->has_high |= c >= 0x80;
        cursor->at++;
    }
    g_string_append_len(cursor->scratch, start, cursor->at - start);
}

/*
 * From behind the opening quote to behind the closing one, onto the scratch.
 * What lies below stays; the caller takes it off again.
 */
static bool take_string(Cursor *cursor)
{
    for (;;) {
        take_plain(cursor);
        if (take(cursor, '"')) {
            g_string_append_c(cursor->scratch, '\0');
            return true;
        }
        if (!take(cursor, '\\')) {
            return fail(cursor, "a string without end");
        }
        if (!take_escape(cursor)) {
            return false;
        }
    }
}

/* --- the rest --- */

static JsonNode *take_value(Cursor *cursor);

static bool take_member(Cursor *cursor, JsonObject *object)
{
    size_t name = cursor->scratch->len;
    JsonNode *value;

    skip_blanks(cursor);
    if (!take(cursor, '"') || !take_string(cursor)) {
        return fail(cursor, "a member without name");
    }
    skip_blanks(cursor);
    if (!take(cursor, ':')) {
        return fail(cursor, "a colon is missing");
    }
    if (!spend(cursor, MEMBER_BYTES + cursor->scratch->len - name)) {
        return false;
    }
    value = take_value(cursor);
    if (value) {
        json_object_set_member(object, cursor->scratch->str + name, value);
    }
    g_string_truncate(cursor->scratch, name);
    return value;
}

static bool take_element(Cursor *cursor, JsonArray *array)
{
    JsonNode *value = take_value(cursor);

    if (value) {
        json_array_add_element(array, value);
    }
    return value;
}

/* Behind a value: does another one follow? */
static bool goes_on(Cursor *cursor, char close)
{
    skip_blanks(cursor);
    if (take(cursor, ',')) {
        return true;
    }
    if (!take(cursor, close)) {
        fail(cursor, "a comma or a closing bracket is missing");
    }
    return false;
}

static JsonNode *take_object(Cursor *cursor)
{
    if (!spend(cursor, OBJECT_BYTES)) {
        return NULL;
    }
    g_autoptr(JsonObject) object = json_object_new();

    skip_blanks(cursor);
    if (!take(cursor, '}')) {
        while (take_member(cursor, object) && goes_on(cursor, '}')) {
        }
    }
    return cursor->wrong ? NULL
                         : json_node_init_object(json_node_alloc(), object);
}

static JsonNode *take_array(Cursor *cursor)
{
    if (!spend(cursor, ARRAY_BYTES)) {
        return NULL;
    }
    g_autoptr(JsonArray) array = json_array_new();

    skip_blanks(cursor);
    if (!take(cursor, ']')) {
        while (take_element(cursor, array) && goes_on(cursor, ']')) {
        }
    }
    return cursor->wrong ? NULL
                         : json_node_init_array(json_node_alloc(), array);
}

static bool take_word(Cursor *cursor, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(cursor->end - cursor->at) < n ||
        memcmp(cursor->at, word, n) != 0) {
        return false;
    }
    cursor->at += n;
    return true;
}

static JsonNode *take_constant(Cursor *cursor)
{
    if (!spend(cursor, SCALAR_BYTES)) {
        return NULL;
    }
    if (take_word(cursor, "true")) {
        return json_node_init_boolean(json_node_alloc(), TRUE);
    }
    if (take_word(cursor, "false")) {
        return json_node_init_boolean(json_node_alloc(), FALSE);
    }
    if (take_word(cursor, "null")) {
        return json_node_init_null(json_node_alloc());
    }
    fail(cursor, "a value is missing");
    return NULL;
}

static JsonNode *take_nested(Cursor *cursor,
                             JsonNode *(*take_inside)(Cursor *cursor))
{
    JsonNode *node;

    cursor->at++;
    if (cursor->depth == QMP_DEPTH_MAX) {
        fail(cursor, qmp_frame_to_string(QMP_FRAME_TOO_DEEP));
        return NULL;
    }
    cursor->depth++;
    node = take_inside(cursor);
    cursor->depth--;
    return node;
}

static JsonNode *take_string_value(Cursor *cursor)
{
    size_t start = cursor->scratch->len;
    JsonNode *node = NULL;

    if (take_string(cursor) &&
        spend(cursor, STRING_BYTES + cursor->scratch->len - start)) {
        node = json_node_init_string(json_node_alloc(),
                                     cursor->scratch->str + start);
    }
    g_string_truncate(cursor->scratch, start);
    return node;
}

static JsonNode *take_value(Cursor *cursor)
{
    char c;

    skip_blanks(cursor);
    c = peek(cursor);
    if (c == '{') {
        return take_nested(cursor, take_object);
    }
    if (c == '[') {
        return take_nested(cursor, take_array);
    }
    if (c == '-' || g_ascii_isdigit(c)) {
        return take_number(cursor);
    }
    return take(cursor, '"') ? take_string_value(cursor)
                             : take_constant(cursor);
}

static JsonNode *take_all(Cursor *cursor)
{
    JsonNode *node = take_value(cursor);

    skip_blanks(cursor);
    if (node && cursor->at < cursor->end) {
        fail(cursor, "more than one value");
    } else if (node && !JSON_NODE_HOLDS_OBJECT(node)) {
        fail(cursor, "not an object");
    }
    return node;
}

/* For all that is held of a message at a time, its text several times over. */
static size_t budget_of(size_t n_text)
{
    const size_t most = 68u << 20, copies = 4;
    return n_text < most / copies ? most - copies * n_text : 0;
}

JsonObject *qmp_parse_object(const char *text, size_t n, GError **error)
{
    Cursor cursor = { .at = text, .end = text + n, .budget = budget_of(n) };
    g_autoptr(JsonNode) root = NULL;

    cursor.scratch = g_string_sized_new(256);
    root = take_all(&cursor);
    g_string_free(cursor.scratch, TRUE);
    if (!cursor.wrong && cursor.has_high &&
        !g_utf8_validate_len(text, n, NULL)) {
        fail(&cursor, "not UTF-8");
    }
    if (cursor.wrong) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL, "%s%s, near byte %zu",
                    cursor.wrong == too_many_values ? "" : "not JSON: ",
                    cursor.wrong, (size_t)(cursor.at - text));
        return NULL;
    }
    return json_node_dup_object(root);
}
