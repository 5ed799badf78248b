/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the shell's help says.  Pure. */
#include "qmp/schema.h"

/*
 * About nothing in particular: how the shell works, and all commands.  About
 * COMMAND: its arguments; with NAME=VALUE of the argument that decides about
 * further ones, those too.  Fails in G_OPTION_ERROR_BAD_VALUE for a command
 * that is none.  @schema may be NULL.  Free with g_free().
 */
char *help_text(const QmpSchema *schema, char *const words[], GError **error);
