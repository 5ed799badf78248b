/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/host-text.h"

#include <stdarg.h>
#include <string.h>

char *host_text(const char *root, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *tail = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *path = g_strconcat(root, tail, NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text)
                                                        : NULL;
}

char *host_text_value(const char *text, const char *name)
{
    size_t n = strlen(name);
    while (text) {
        if (strncmp(text, name, n) == 0 && text[n] == ':') {
            const char *value = text + n + 1;
            return g_strstrip(g_strndup(value, strcspn(value, "\n")));
        }
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return NULL;
}

int64_t host_text_number(const char *text)
{
    g_autofree char *digits =
        text ? g_strndup(text, strspn(text, "0123456789")) : NULL;
    guint64 value;
    return digits && g_ascii_string_to_unsigned(digits, 10, 0, INT64_MAX,
                                                &value, NULL)
               ? (int64_t)value
               : HOST_UNKNOWN;
}

int64_t host_text_bytes(const char *text, const char *name)
{
    g_autofree char *value = host_text_value(text, name);
    int64_t kib = host_text_number(value);
    return kib < 0 || kib > INT64_MAX / 1024 || !g_str_has_suffix(value, " kB")
               ? HOST_UNKNOWN
               : kib * 1024;
}
