/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/qmp/script.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/plain.h"
#include "tools/qmp/help.h"
#include "tools/qmp/line.h"
#include "tools/qmp/show.h"

#define CHUNK_BYTES 4096

struct Script {
    Talk *talk;
    GString *read; /* what has not been looked at */
    guint watch;   /* of standard input; 0: not now */
    unsigned n_lines;
    bool is_at_end;
    int exit_code;
    ScriptEnded *ended;
    gpointer user_data;
};

static void advance(Script *script);

static void note_failure(Script *script, const char *command,
                         const GError *error)
{
    g_autofree char *where =
        command ? g_strdup_printf("line %u: %s", script->n_lines, command)
                : g_strdup_printf("line %u", script->n_lines);
    int exit_code = show_failure(where, error);

    if (script->exit_code == 0) {
        script->exit_code = exit_code;
    }
}

static void on_answer(Talk *talk, const QmpCommand *command, const char *value,
                      size_t n, const GError *error, gpointer user_data)
{
    Script *script = user_data;

    if (error) {
        note_failure(script, command->name, error);
    }
    if ((error && show_is_fatal(error)) || (!error && !show_value(value, n))) {
        script->ended(1, script->user_data);
        return;
    }
    advance(script);
}

static void show_help(Script *script, const Line *line)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        help_text(talk_schema(script->talk), line->words, &error);

    if (text) {
        plain_print(stdout, "%s", text);
    } else {
        note_failure(script, NULL, error);
    }
}

/* Returns whether the next line may be done at once. */
static bool do_line(Script *script, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_auto(Line) line = { 0 };

    script->n_lines++;
    if (!line_parse(talk_schema(script->talk), text, &line, &error)) {
        note_failure(script, NULL, error);
        return true;
    }
    switch (line.kind) {
    case LINE_EMPTY:
        return true;
    case LINE_HELP:
        show_help(script, &line);
        return true;
    case LINE_QUIT:
        script->ended(script->exit_code, script->user_data);
        return false;
    case LINE_COMMAND:
        talk_say(script->talk, line.command, on_answer, script);
        return false;
    }
    g_assert_not_reached();
}

/* The last line may lack its end.  NULL: there is no whole line. */
static char *take_line(Script *script)
{
    const char *end = memchr(script->read->str, '\n', script->read->len);

    if (!end && (!script->is_at_end || script->read->len == 0)) {
        return NULL;
    }
    gsize n = end ? (gsize)(end - script->read->str) : script->read->len;
    char *line = g_strndup(script->read->str, n);
    g_string_erase(script->read, 0, n + (end ? 1 : 0));
    return line;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user_data)
{
    Script *script = user_data;
    char chunk[CHUNK_BYTES];
    ssize_t n = read(fd, chunk, sizeof(chunk));

    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return G_SOURCE_CONTINUE;
    }
    script->is_at_end = n <= 0;
    g_string_append_len(script->read, chunk, MAX(n, 0));
    script->watch = 0;
    advance(script);
    return G_SOURCE_REMOVE;
}

static void advance(Script *script)
{
    char *text;

    while ((text = take_line(script))) {
        bool goes_on = do_line(script, text);
        g_free(text);
        if (!goes_on) {
            return;
        }
    }
    if (script->is_at_end) {
        script->ended(script->exit_code, script->user_data);
    } else {
        script->watch = g_unix_fd_add(
            STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, script);
    }
}

Script *script_new(Talk *talk, ScriptEnded *ended, gpointer user_data)
{
    Script *script = g_new0(Script, 1);

    script->talk = talk;
    script->read = g_string_new(NULL);
    script->ended = ended;
    script->user_data = user_data;
    advance(script);
    return script;
}

void script_free(Script *script)
{
    if (script->watch) {
        g_source_remove(script->watch);
    }
    g_string_free(script->read, TRUE);
    g_free(script);
}
