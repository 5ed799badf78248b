/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client's tap shows each message as text, its callbacks say which command
 * an answer is for.  The two meet by the message's id: the client sends the
 * in-band commands in our order, and the out-of-band ones too.
 */
#include "tools/qmp/talk.h"

#include <string.h>

#include "tools/qmp/raw-json.h"

#define NOT_SENT (-1)

struct Talk {
    TalkHandlers handlers;
    gpointer user_data;
    GCancellable *cancellable;
    QmpClient *client;
    QmpSchema *schema;
    GQueue pending;
    unsigned timeout_ms;
    bool is_ready;
    bool ends_as_told;
};

typedef struct {
    Talk *talk; /* NULL: freed, nobody wants the answer */
    QmpCommand *command;
    int64_t id;
    char *value;
    size_t n;
    TalkAnswer *answer;
    gpointer user_data;
} Pending;

static void pending_free(Pending *pending)
{
    qmp_command_free(pending->command);
    g_free(pending->value);
    g_free(pending);
}

/* Ours are whole numbers; anything else belongs to no command of ours. */
static int64_t read_id(const char *text, size_t n)
{
    size_t length = 0;
    const char *id = raw_json_member(text, n, "id", &length);
    char digits[24] = "";

    if (!id || length >= sizeof(digits)) {
        return NOT_SENT;
    }
    memcpy(digits, id, length);
    return g_ascii_isdigit(digits[0]) ? g_ascii_strtoll(digits, NULL, 10)
                                      : NOT_SENT;
}

static void note_sent(Talk *talk, const char *text, size_t n)
{
    size_t length;
    bool is_oob = raw_json_member(text, n, "exec-oob", &length) != NULL;

    for (GList *at = talk->pending.head; at; at = at->next) {
        Pending *pending = at->data;
        if (pending->id == NOT_SENT && pending->command->oob == is_oob) {
            pending->id = read_id(text, n);
            return;
        }
    }
}

static void note_reply(Talk *talk, const char *text, size_t n)
{
    int64_t id = read_id(text, n);
    size_t length = 0;
    const char *value = raw_json_member(text, n, "return", &length);

    for (GList *at = talk->pending.head; at && value; at = at->next) {
        Pending *pending = at->data;
        if (id != NOT_SENT && pending->id == id && !pending->value) {
            pending->value = g_strndup(value, length);
            pending->n = length;
            return;
        }
    }
}

static void on_message(QmpClient *client, QmpDirection direction,
                       const char *line, size_t n, int64_t time_us,
                       gpointer user_data)
{
    Talk *talk = user_data;
    size_t length;

    if (direction == QMP_SENT) {
        note_sent(talk, line, n);
    } else if (raw_json_member(line, n, "event", &length)) {
        talk->handlers.event(talk, line, n, talk->user_data);
    } else {
        note_reply(talk, line, n);
    }
}

static void on_closed(QmpClient *client, const GError *error,
                      gpointer user_data)
{
    Talk *talk = user_data;

    if (talk->is_ready) {
        talk->handlers.over(talk, error, talk->user_data);
    }
}

static void on_schema(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) reply =
        qmp_client_execute_finish(QMP_CLIENT(source), result, &error);

    Talk *talk = user_data;

    if (g_cancellable_is_cancelled(talk->cancellable)) {
        return;
    }
    if (!reply && !g_error_matches(error, QMP_ERROR, QMP_ERROR_COMMAND)) {
        talk->handlers.over(talk, error, talk->user_data);
        return;
    }
    talk->schema = reply ? qmp_schema_new(reply) : NULL;
    talk->is_ready = true;
    talk->handlers.ready(talk, talk->user_data);
}

static void on_connected(GObject *source, GAsyncResult *result,
                         gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpClient) client = qmp_client_connect_finish(result, &error);

    Talk *talk = user_data;

    if (g_cancellable_is_cancelled(talk->cancellable)) {
        return;
    }
    if (!client) {
        talk->handlers.over(talk, error, talk->user_data);
        return;
    }
    g_autoptr(QmpCommand) command = qmp_command_new("query-qmp-schema");
    talk->client = g_steal_pointer(&client);
    qmp_client_execute_async(talk->client, command, talk->timeout_ms,
                             talk->cancellable, on_schema, talk);
}

Talk *talk_new(const QmpAddress *address, unsigned timeout_ms,
               const TalkHandlers *handlers, gpointer user_data)
{
    const QmpClientHandlers client_handlers = {
        .closed = on_closed,
        .tap = on_message,
    };
    Talk *talk = g_new0(Talk, 1);

    talk->handlers = *handlers;
    talk->user_data = user_data;
    talk->timeout_ms = timeout_ms;
    talk->cancellable = g_cancellable_new();
    qmp_client_connect_async(address, timeout_ms, &client_handlers, talk,
                             talk->cancellable, on_connected, talk);
    return talk;
}

void talk_free(Talk *talk)
{
    for (GList *at = talk->pending.head; at; at = at->next) {
        Pending *pending = at->data;
        pending->talk = NULL;
    }
    g_queue_clear(&talk->pending);
    g_cancellable_cancel(talk->cancellable);
    if (talk->client) {
        qmp_client_close(talk->client);
        g_object_unref(talk->client);
    }
    /* What is cancelled or closed still hears of it. */
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    g_object_unref(talk->cancellable);
    qmp_schema_unref(talk->schema);
    g_free(talk);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Pending *pending = user_data;
    Talk *talk = pending->talk;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) value =
        qmp_client_execute_finish(QMP_CLIENT(source), result, &error);

    if (talk) {
        g_queue_remove(&talk->pending, pending);
        talk->ends_as_told |=
            value && g_str_equal(pending->command->name, "quit");
        pending->answer(talk, pending->command, pending->value, pending->n,
                        error, pending->user_data);
    }
    pending_free(pending);
}

void talk_say(Talk *talk, const QmpCommand *command, TalkAnswer *answer,
              gpointer user_data)
{
    Pending *pending = g_new0(Pending, 1);

    pending->talk = talk;
    pending->command = qmp_command_copy(command);
    pending->id = NOT_SENT;
    pending->answer = answer;
    pending->user_data = user_data;
    g_queue_push_tail(&talk->pending, pending);
    qmp_client_execute_async(talk->client, command, talk->timeout_ms, NULL,
                             on_answer, pending);
}

const QmpSchema *talk_schema(Talk *talk)
{
    return talk->schema;
}

const char *talk_version(Talk *talk)
{
    return qmp_client_version(talk->client);
}

bool talk_ends_as_told(Talk *talk)
{
    return talk->ends_as_told;
}
