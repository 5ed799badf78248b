/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scanner that knows strings and brackets, and a writer of white space. */
#include "tools/qmp/raw-json.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define INDENT 4

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool opens(char c)
{
    return c == '{' || c == '[';
}

static bool closes(char c)
{
    return c == '}' || c == ']';
}

static size_t skip_blanks(const char *text, size_t n, size_t at)
{
    while (at < n && is_blank(text[at])) {
        at++;
    }
    return at;
}

/* @at is the opening quote; what follows the closing one is returned. */
static size_t skip_string(const char *text, size_t n, size_t at)
{
    for (at++; at < n && text[at] != '"'; at++) {
        if (text[at] == '\\') {
            at++;
        }
    }
    return MIN(at + 1, n);
}

static size_t skip_value(const char *text, size_t n, size_t at)
{
    size_t depth = 0;

    while (at < n) {
        char c = text[at];
        if (!depth && (c == ',' || closes(c) || is_blank(c))) {
            break;
        }
        depth += opens(c) - closes(c);
        at = c == '"' ? skip_string(text, n, at) : at + 1;
    }
    return at;
}

const char *raw_json_member(const char *text, size_t n, const char *name,
                            size_t *ret_n)
{
    size_t length = strlen(name);
    size_t at = skip_blanks(text, n, 0);

    /* @at is the bracket or the comma before the next member. */
    while (at < n && (text[at] == '{' || text[at] == ',')) {
        size_t key = skip_blanks(text, n, at + 1);
        if (key >= n || text[key] != '"') {
            break;
        }
        size_t key_end = skip_string(text, n, key);
        size_t colon = skip_blanks(text, n, key_end);
        size_t value = skip_blanks(text, n, MIN(colon + 1, n));
        size_t value_end = skip_value(text, n, value);
        if (key_end - key == length + 2 &&
            strncmp(text + key + 1, name, length) == 0) {
            *ret_n = value_end - value;
            return text + value;
        }
        at = skip_blanks(text, n, value_end);
    }
    return NULL;
}

typedef struct {
    GString *out;
    size_t depth;
    bool on_one_line;
} Writer;

static void break_line(Writer *writer)
{
    if (!writer->on_one_line) {
        g_string_append_c(writer->out, '\n');
        for (size_t i = 0; i < writer->depth * INDENT; i++) {
            g_string_append_c(writer->out, ' ');
        }
    }
}

/* A terminal would obey what should only be looked at. */
static void write_string(Writer *writer, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (g_ascii_iscntrl(text[i])) {
            g_string_append_printf(writer->out, "\\u%04x", text[i]);
        } else {
            g_string_append_c(writer->out, text[i]);
        }
    }
}

/* Returns what comes next; an empty object or list stays in one piece. */
static size_t write_opening(Writer *writer, const char *text, size_t n,
                            size_t at)
{
    size_t next = skip_blanks(text, n, at + 1);

    g_string_append_c(writer->out, text[at]);
    if (next < n && closes(text[next])) {
        g_string_append_c(writer->out, text[next]);
        return next + 1;
    }
    writer->depth++;
    break_line(writer);
    return next;
}

static void write_other(Writer *writer, char c)
{
    if (closes(c)) {
        writer->depth -= writer->depth > 0;
        break_line(writer);
    }
    if (!is_blank(c)) {
        g_string_append_c(writer->out, g_ascii_iscntrl(c) ? '?' : c);
    }
    if (c == ',' && !writer->on_one_line) {
        break_line(writer);
    } else if (c == ',' || c == ':') {
        g_string_append_c(writer->out, ' ');
    }
}

static char *lay_out(const char *text, size_t n, bool on_one_line)
{
    Writer writer = { g_string_sized_new(n + n / 4), 0, on_one_line };
    size_t at = 0;

    while (at < n) {
        if (text[at] == '"') {
            size_t end = skip_string(text, n, at);
            write_string(&writer, text + at, end - at);
            at = end;
        } else if (opens(text[at])) {
            at = write_opening(&writer, text, n, at);
        } else {
            write_other(&writer, text[at++]);
        }
    }
    return g_string_free(writer.out, FALSE);
}

char *raw_json_indent(const char *text, size_t n)
{
    return lay_out(text, n, false);
}

char *raw_json_line(const char *text, size_t n)
{
    return lay_out(text, n, true);
}
