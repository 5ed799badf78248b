/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Texts with words of others in them: a name as the user typed it, what QEMU
 * says.  A terminal would obey the control characters among them.
 */
#include <glib.h>
#include <stdio.h>

/*
 * @text with control characters, and bytes that are no UTF-8, as "\x1b"; line
 * feeds stay.  Free with g_free().
 */
char *plain_text(const char *text);

/* fprintf() of plain text. */
G_GNUC_PRINTF(2, 3)
void plain_print(FILE *stream, const char *format, ...);
