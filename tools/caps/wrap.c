/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/caps/wrap.h"

#include <string.h>

static size_t n_characters(const char *text, size_t n_bytes)
{
    return (size_t)g_utf8_strlen(text, (gssize)n_bytes);
}

/* A line that is being filled; those after it begin with @indent. */
typedef struct {
    GString *text;
    const char *indent;
    size_t width, used;
} Line;

static void begin_next(Line *line)
{
    g_string_append_printf(line->text, "\n%s", line->indent);
    line->used = strlen(line->indent);
}

/* What is wider than a whole line is cut. */
static void add_word(Line *line, const char *word)
{
    size_t room = line->width - line->used;
    size_t length = n_characters(word, strlen(word));
    while (length > room) {
        const char *rest = g_utf8_offset_to_pointer(word, (glong)room);
        g_string_append_len(line->text, word, rest - word);
        begin_next(line);
        word = rest;
        length -= room;
        room = line->width - line->used;
    }
    g_string_append(line->text, word);
    line->used += length;
}

static void wrap_line(GString *wrapped, const char *text, size_t width)
{
    const char *indent = g_str_has_prefix(text, "- ") ? "  " : "";
    Line line = { wrapped, indent, MAX(width, strlen(indent) + 1), 0 };
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word; word++) {
        size_t length = n_characters(*word, strlen(*word));
        if (word != words && line.used + 1 + length <= line.width) {
            g_string_append_c(wrapped, ' ');
            line.used++;
        } else if (word != words) {
            begin_next(&line);
        }
        add_word(&line, *word);
    }
}

char *wrap_words(const char *text, size_t width)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *wrapped = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        if (line != lines) {
            g_string_append_c(wrapped, '\n');
        }
        wrap_line(wrapped, *line, width);
    }
    return g_string_free(wrapped, FALSE);
}

size_t wrap_width(const char *text)
{
    size_t widest = 0;
    while (true) {
        size_t n_bytes = strcspn(text, "\n");
        widest = MAX(widest, n_characters(text, n_bytes));
        if (text[n_bytes] == '\0') {
            return widest;
        }
        text += n_bytes + 1;
    }
}

/* How wide the widest may be so that all together are not too wide. */
static size_t limit(const size_t *widths, size_t n, size_t available)
{
    size_t low = 0, high = available;
    while (low < high) {
        size_t middle = high - (high - low) / 2, sum = 0;
        for (size_t i = 0; i < n; i++) {
            sum += MIN(widths[i], middle);
        }
        if (sum <= available) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

void wrap_divide(size_t *widths, size_t n, size_t available, size_t least)
{
    size_t widest = MAX(limit(widths, n, available), least);
    for (size_t i = 0; i < n; i++) {
        widths[i] = MIN(widths[i], widest);
    }
}
