/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Are the literals in a JSON text ones that JSON has, and that json-glib 1.6
 * holds without loss?  It wraps whole numbers beyond 64 bits, ends a string at
 * an escaped NUL, and aborts the program on half a surrogate pair.  Pure, and
 * blind to grammar: that is json-glib's part.
 */
#include <stddef.h>

/*
 * NULL if all are good, else what is wrong, in words.  @text has passed the
 * framer, so its strings are closed.
 */
const char *qmp_literals_check(const char *text, size_t n);
