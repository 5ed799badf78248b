/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * JSON as text: found and laid out anew without being understood, so that
 * every number stays as QEMU wrote it (json-glib has no unsigned ones).  Pure.
 * Text that is no JSON gives nonsense of about its size, never more.
 */
#include <stddef.h>

/*
 * The value of a member of the object that @text is, *@ret_n bytes inside
 * @text; NULL: there is none.  A name written with escapes is not found.
 */
const char *raw_json_member(const char *text, size_t n, const char *name,
                            size_t *ret_n);

/* One member or element a line; no line end.  Free with g_free(). */
char *raw_json_indent(const char *text, size_t n);

/* All on one line; no line end.  Free with g_free(). */
char *raw_json_line(const char *text, size_t n);
