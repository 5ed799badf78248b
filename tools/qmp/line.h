/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What one line, typed into the shell or read from a script, asks for.  Pure. */
#include "qmp/command.h"
#include "qmp/schema.h"

typedef enum {
    LINE_EMPTY, /* or a comment */
    LINE_HELP,
    LINE_QUIT,
    LINE_COMMAND,
} LineKind;

typedef struct {
    LineKind kind;
    char **words;        /* help: what about; may be empty */
    QmpCommand *command; /* command */
} Line;

/* Fails in G_OPTION_ERROR or G_SHELL_ERROR.  @schema may be NULL. */
gboolean line_parse(const QmpSchema *schema, const char *text, Line *ret,
                    GError **error);
void line_clear(Line *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Line, line_clear)

/*
 * COMMAND NAME=VALUE..., or the one word {"execute": ...}, as a command.  With
 * @is_oob to be sent out of band, which the command must allow.
 */
QmpCommand *line_command(const QmpSchema *schema, char *const words[],
                         gboolean is_oob, GError **error);
