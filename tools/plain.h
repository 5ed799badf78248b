/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The only place that writes to standard output and standard error; tests/style
 * forbids printf() and the like elsewhere in tools/.  Names and messages come
 * from files, QEMU and the environment, and a terminal obeys control characters:
 * they are escaped here.  The first write that failed is remembered.
 */
#include <glib.h>
#include <stdio.h>

/*
 * @text with control characters, characters that reverse the direction of
 * writing, and bytes that are not UTF-8, as "\x1b"; line feeds stay.  Free with
 * g_free().
 */
char *plain_text(const char *text);

/* @json, a JSON document, with the same characters as "\u001b" in its strings.
 * Free with g_free(). */
char *plain_json(const char *json);

/* fprintf() of plain text. */
G_GNUC_PRINTF(2, 3)
void plain_print(FILE *stream, const char *format, ...);

/* @json and a line feed. */
void plain_print_json(FILE *stream, const char *json);

/* Writes @text as it is to a device or a pipe; returns an errno or 0. */
int plain_write(const char *path, const char *text);

/* Nothing is escaped: only for sequences and tables that are made for a
 * terminal, in which the caller has escaped what comes from others. */
void plain_put_sequence(FILE *stream, const char *sequence);

/* The line on which the cursor is becomes empty. */
void plain_clear_line(FILE *stream);

/* Flushes; returns the errno of the first write to it that failed, or 0. */
int plain_flush(FILE *stream);
