/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Two options that want different things of the same capability or parameter:
 * which of them is meant only the user knows.  The same option given twice is
 * none, its last value counts.  Pure.
 */
#include "caps/wish.h"

typedef struct Typed Typed;

Typed *typed_new(void);
void typed_free(Typed *typed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Typed, typed_free)

/* @option: "--enable", "--multifd"; @word: with its value, as it was typed. */
void typed_add(Typed *typed, const char *option, const char *word,
               const CapsWish *wish);

/* Fails in G_OPTION_ERROR_BAD_VALUE, naming both. */
gboolean typed_check(const Typed *typed, GError **error);
