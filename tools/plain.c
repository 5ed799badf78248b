/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/plain.h"

#include <errno.h>
#include <stdbool.h>

/* Embedding, overriding and isolating: they show a text as another one. */
static bool changes_direction(gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_harmless(gunichar c)
{
    return c == '\n' || !(g_unichar_iscntrl(c) || changes_direction(c));
}

static void add_bytes(GString *plain, const char *from, const char *to)
{
    for (; from < to; from++) {
        g_string_append_printf(plain, "\\x%02x", (guchar)*from);
    }
}

char *plain_text(const char *text)
{
    GString *plain = g_string_new(NULL);
    while (*text) {
        gunichar c = g_utf8_get_char_validated(text, -1);
        gboolean is_utf8 = c != (gunichar)-1 && c != (gunichar)-2;
        const char *next = is_utf8 ? g_utf8_next_char(text) : text + 1;
        if (is_utf8 && is_harmless(c)) {
            g_string_append_len(plain, text, next - text);
        } else {
            add_bytes(plain, text, next);
        }
        text = next;
    }
    return g_string_free(plain, FALSE);
}

char *plain_json(const char *json)
{
    g_autofree char *valid = g_utf8_make_valid(json, -1);
    GString *plain = g_string_new(NULL);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (is_harmless(c) || c == '\t') {
            g_string_append_unichar(plain, c);
        } else {
            g_string_append_printf(plain, "\\u%04x", c);
        }
    }
    return g_string_free(plain, FALSE);
}

/* Of standard output and standard error. */
static int first_errors[2];

static int *first_error(const FILE *stream)
{
    return &first_errors[stream == stderr];
}

static void note(FILE *stream, bool is_written)
{
    int code = errno;
    int *first = first_error(stream);
    if (!is_written && *first == 0) {
        *first = code ? code : EIO;
    }
}

static void put(FILE *stream, const char *text)
{
    errno = 0;
    note(stream, fputs(text, stream) >= 0);
}

void plain_print(FILE *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *plain = plain_text(text);
    put(stream, plain);
}

void plain_print_json(FILE *stream, const char *json)
{
    g_autofree char *plain = plain_json(json);
    put(stream, plain);
    put(stream, "\n");
}

int plain_write(const char *path, const char *text)
{
    FILE *stream = fopen(path, "we");
    int code =
        stream && fputs(text, stream) >= 0 && fflush(stream) == 0 ? 0 : errno;
    if (stream) {
        fclose(stream);
    }
    return code;
}

void plain_put_sequence(FILE *stream, const char *sequence)
{
    put(stream, sequence);
}

void plain_clear_line(FILE *stream)
{
    put(stream, "\r\033[K");
    plain_flush(stream);
}

int plain_flush(FILE *stream)
{
    errno = 0;
    note(stream, fflush(stream) == 0 && !ferror(stream));
    return *first_error(stream);
}
