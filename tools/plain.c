/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/plain.h"

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
        if (is_utf8 && (*text == '\n' || !g_unichar_iscntrl(c))) {
            g_string_append_len(plain, text, next - text);
        } else {
            add_bytes(plain, text, next);
        }
        text = next;
    }
    return g_string_free(plain, FALSE);
}

void plain_print(FILE *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *plain = plain_text(text);
    fputs(plain, stream);
}
