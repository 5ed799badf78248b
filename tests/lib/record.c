/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the transcripts in tests/data: talks to a real QEMU and prints what is
 * said, in the notation of tests/lib/fake-qemu.h.
 *
 *     record ADDRESS <COMMANDS >TRANSCRIPT
 *
 * One command per line, as QMP has it, without id; each waits for the answer to
 * the one before.  Lines with # go to the transcript.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qmp/client.h"
#include "qmp/json.h"
#include "qmp/parser.h"

#define PATIENCE_MS 60000

static GMainLoop *loop;

static void die(const char *why)
{
    fprintf(stderr, "record: %s\n", why);
    exit(1);
}

static void print_line(QmpClient *client, QmpDirection direction,
                       const char *line, size_t n, int64_t time_us,
                       gpointer unused)
{
    printf("%s %.*s\n", direction == QMP_SENT ? "->" : "<-", (int)n, line);
}

static void next(QmpClient *client);

static void answered(GObject *client, GAsyncResult *result, gpointer unused)
{
    g_autoptr(JsonNode) value =
        qmp_client_execute_finish(QMP_CLIENT(client), result, NULL);

    next(QMP_CLIENT(client)); /* An error is an answer too. */
}

static QmpCommand *read_command(const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) object = qmp_parse_object(line, strlen(line), &error);
    const char *name = qmp_json_string(object, "execute");
    JsonObject *arguments = qmp_json_object(object, "arguments");
    QmpCommand *command;

    if (!object) {
        die(error->message);
    }
    command =
        qmp_command_new(name ? name : qmp_json_string(object, "exec-oob"));
    command->oob = !name;
    if (arguments) {
        command->arguments = json_object_ref(arguments);
    }
    return command;
}

static void next(QmpClient *client)
{
    char line[65536];

    while (fgets(line, sizeof(line), stdin)) {
        if (line[0] == '{') {
            g_autoptr(QmpCommand) command = read_command(line);

            qmp_client_execute_async(client, command, PATIENCE_MS, NULL,
                                     answered, NULL);
            return;
        }
        fputs(line, stdout);
    }
    g_main_loop_quit(loop);
}

static void connected(GObject *none, GAsyncResult *result, gpointer data)
{
    QmpClient **client = data;
    g_autoptr(GError) error = NULL;

    *client = qmp_client_connect_finish(result, &error);
    if (!*client) {
        die(error->message);
    }
    next(*client);
}

int main(int argc, char **argv)
{
    const QmpClientHandlers handlers = { .tap = print_line };
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpAddress) address =
        argc == 2 ? qmp_address_parse(argv[1], &error) : NULL;
    g_autoptr(QmpClient) client = NULL;

    if (!address) {
        die(error ? error->message : "usage: record ADDRESS");
    }
    loop = g_main_loop_new(NULL, FALSE);
    qmp_client_connect_async(address, PATIENCE_MS, &handlers, NULL, NULL,
                             connected, &client);
    g_main_loop_run(loop);
    g_main_loop_unref(loop);
    return 0;
}
