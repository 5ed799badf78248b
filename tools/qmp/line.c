/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words are quoted as in a shell; a line of JSON is taken as it is. */
#include "tools/qmp/line.h"

#include <string.h>

#include "tools/qmp/arguments.h"

static gboolean check_oob(const QmpSchema *schema, const QmpCommand *command,
                          GError **error)
{
    JsonObject *entity =
        schema ? qmp_schema_command(schema, command->name) : NULL;

    if (command->oob && entity && !qmp_schema_allows_oob(entity)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s cannot be sent out of band", command->name);
        return FALSE;
    }
    return TRUE;
}

QmpCommand *line_command(const QmpSchema *schema, char *const words[],
                         gboolean is_oob, GError **error)
{
    g_autoptr(QmpCommand) command = NULL;

    if (words[0][0] != '{') {
        command = arguments_parse(schema, words, error);
    } else if (words[1]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s': a command in JSON stands alone", words[1]);
    } else {
        command = arguments_parse_json(words[0], error);
    }
    if (!command) {
        return NULL;
    }
    command->oob |= is_oob;
    return check_oob(schema, command, error) ? g_steal_pointer(&command) : NULL;
}

/* No words at all are the one mistake that is none. */
static char **split(const char *text, GError **error)
{
    g_autoptr(GError) local = NULL;
    char **words = NULL;

    if (text[0] == '{') {
        const char *const one[] = { text, NULL };
        return g_strdupv((char **)one);
    }
    if (g_shell_parse_argv(text, NULL, &words, &local)) {
        return words;
    }
    if (g_error_matches(local, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING)) {
        return g_new0(char *, 1);
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
}

static gboolean parse_words(const QmpSchema *schema, char *const words[],
                            Line *ret, GError **error)
{
    gboolean is_oob = words[0] && strcmp(words[0], "--oob") == 0;

    words += is_oob;
    if (!words[0]) {
        ret->kind = LINE_EMPTY;
    } else if (strcmp(words[0], "help") == 0) {
        ret->kind = LINE_HELP;
        ret->words = g_strdupv((char **)words + 1);
    } else if (strcmp(words[0], "quit") == 0) {
        ret->kind = LINE_QUIT;
    } else {
        ret->kind = LINE_COMMAND;
        ret->command = line_command(schema, words, is_oob, error);
        return ret->command != NULL;
    }
    return TRUE;
}

gboolean line_parse(const QmpSchema *schema, const char *text, Line *ret,
                    GError **error)
{
    g_auto(GStrv) words = split(text + strspn(text, " \t\r"), error);

    *ret = (Line){ 0 };
    return words && parse_words(schema, words, ret, error);
}

void line_clear(Line *line)
{
    g_strfreev(line->words);
    qmp_command_free(line->command);
    *line = (Line){ 0 };
}
