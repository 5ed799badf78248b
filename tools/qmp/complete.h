/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a word of the shell's line could become.  Pure. */
#include "qmp/schema.h"

/*
 * The whole words (char *) that begin as @word does: commands; then NAME= of
 * the command's arguments, or NAME. of those that are objects; then NAME=VALUE
 * where the values are known.  @before: the line before the word.  @schema may
 * be NULL.  Free with g_ptr_array_unref().
 */
GPtrArray *complete_word(const QmpSchema *schema, const char *before,
                         const char *word);
