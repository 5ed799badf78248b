/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats numbers, and has the four functions that compilers call on their own
 * even where there is no C library.
 */
#include "tools/guest/text.h"

#include <stdarg.h>

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((volatile char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    if (to <= from) {
        return memcpy(to, from, n);
    }
    while (n-- > 0) {
        ((volatile char *)to)[n] = ((const char *)from)[n];
    }
    return to;
}

void *memset(void *to, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((volatile char *)to)[i] = (char)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *left = a, *right = b;

    for (size_t i = 0; i < n; i++) {
        if (left[i] != right[i]) {
            return left[i] - right[i];
        }
    }
    return 0;
}

static void add_char(Line *line, char c)
{
    if (line->n < sizeof(line->text)) {
        line->text[line->n++] = c;
    }
}

static void add_number(Line *line, uint64_t value, unsigned base)
{
    char digits[20];
    size_t n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    while (n > 0) {
        add_char(line, digits[--n]);
    }
}

static void add_string(Line *line, const char *string)
{
    while (*string != '\0') {
        add_char(line, *string++);
    }
}

void line_add(Line *line, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    for (const char *f = format; *f != '\0'; f++) {
        if (*f != '%') {
            add_char(line, *f);
        } else if (f[1] == 's') {
            add_string(line, va_arg(list, const char *));
            f++;
        } else {
            add_number(line, va_arg(list, uint64_t), f[2] == 'x' ? 16 : 10);
            f += 2;
        }
    }
    va_end(list);
}
