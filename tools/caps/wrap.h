/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Texts in columns that are too narrow for them.  Pure. */
#include <glib.h>
#include <stdbool.h>

/*
 * @text with line feeds in place of blanks, so that no line is wider than @width
 * characters; a longer word is cut.  Lines that are there stay; what goes
 * on of one that begins with "- " is indented like its first word.  Free with
 * g_free().
 */
char *wrap_words(const char *text, size_t width);

/* Of the longest line, in characters. */
size_t wrap_width(const char *text);

/*
 * Divides @available among @n columns of these @widths, which it changes: who
 * needs less than its share leaves the rest to the others; none gets less than
 * @least, unless it needs less.
 */
void wrap_divide(size_t *widths, size_t n, size_t available, size_t least);
