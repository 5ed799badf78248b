/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What QEMU says, and to whom it goes. */
#include "qmp/client-private.h"

enum { CHILD_PATIENCE_MS = 500, CHILD_STEP_MS = 10 };

static void take_greeting(QmpClient *client, const QmpMessage *message)
{
    if (client->state != STATE_GREETING) {
        qmp_client_break(client, QMP_ERROR_PROTOCOL, "a second QMP greeting");
        return;
    }
    client->version = g_strdup(message->version);
    qmp_client_negotiate(client, message->has_oob);
}

static void take_event(QmpClient *client, const QmpMessage *message,
                       int64_t arrival_us)
{
    QmpEvent event = {
        .name = message->event,
        .data = message->data,
        .time_us = message->time_us,
        .arrival_us = arrival_us,
    };

    if (client->handlers.event) {
        client->handlers.event(client, &event, client->user_data);
    }
}

static void take_error(QmpClient *client, const QmpMessage *message)
{
    /* QEMU could not even read what we sent: no telling what it did read. */
    if (!json_object_has_member(message->object, "id")) {
        qmp_client_break(client, QMP_ERROR_PROTOCOL, "an error without id: %s",
                         message->error_desc);
        return;
    }
    qmp_client_take_reply(client, message);
}

/*
 * QEMU may tell a client that has just connected of an event before it greets
 * it.  Such an event is of the time without a session, of which nothing is told:
 * who connects asks for the state.
 */
static bool is_early_event(const QmpClient *client, const QmpMessage *message)
{
    return client->state == STATE_GREETING &&
           message->kind == QMP_MESSAGE_EVENT;
}

static void take_message(QmpClient *client, const QmpMessage *message,
                         int64_t arrival_us)
{
    switch (message->kind) {
    case QMP_MESSAGE_GREETING:
        take_greeting(client, message);
        break;
    case QMP_MESSAGE_RETURN:
        qmp_client_take_reply(client, message);
        break;
    case QMP_MESSAGE_ERROR:
        take_error(client, message);
        break;
    case QMP_MESSAGE_EVENT:
        take_event(client, message, arrival_us);
        break;
    }
}

static void refuse_message(QmpClient *client, const GError *error)
{
    const char *what =
        client->state == STATE_GREETING ? "does not speak QMP" : "broken QMP";

    qmp_client_break(client, QMP_ERROR_PROTOCOL, "%s: %s", what,
                     error->message);
}

static void message_arrived(const char *text, size_t n, int64_t arrival_us,
                            gpointer data)
{
    QmpClient *client = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpMessage) message = NULL;

    if (client->handlers.tap) {
        client->handlers.tap(client, QMP_RECEIVED, text, n, arrival_us,
                             client->user_data);
    }
    if (client->state == STATE_OVER) {
        return;
    }
    message = qmp_message_parse(text, n, &error);
    if (!message) {
        refuse_message(client, error);
    } else if (is_early_event(client, message)) {
        return;
    } else if (client->state == STATE_GREETING &&
               message->kind != QMP_MESSAGE_GREETING) {
        qmp_client_break(
            client, QMP_ERROR_PROTOCOL,
            "does not speak QMP: its first message is no greeting");
    } else {
        take_message(client, message, arrival_us);
    }
}

static void report_end(QmpClient *client, const GError *error)
{
    if (!qmp_client_is_secured(client)) {
        qmp_client_break(client, error->code, "%s", error->message);
    } else if (error->code == QMP_ERROR_PROTOCOL) {
        refuse_message(client, error);
    } else if (client->state == STATE_GREETING && client->transport->tls) {
        /* With TLS 1.3 our side is done before the peer has seen who we are. */
        qmp_client_break(client, QMP_ERROR_TLS,
                         "%s after the TLS handshake: %s", error->message,
                         qmp_tls_suspicion(client->transport->tls));
    } else if (client->state == STATE_GREETING) {
        bool command_ended = client->transport->child &&
                             qmp_child_has_ended(client->transport->child);

        qmp_client_break(client,
                         command_ended ? QMP_ERROR_UNREACHABLE : error->code,
                         "%s (no QMP greeting came)", error->message);
    } else {
        qmp_client_break(client, error->code, "%s", error->message);
    }
}

static gboolean look_at_child(gpointer data)
{
    g_autoptr(QmpClient) client = g_object_ref(data);

    if (!qmp_child_has_ended(client->transport->child) &&
        g_get_monotonic_time() < client->farewell_us) {
        return G_SOURCE_CONTINUE;
    }
    report_end(client, client->lost);
    return G_SOURCE_REMOVE;
}

/* A command closes its output a moment before it can be seen to have ended. */
static void wait_for_child(QmpClient *client, const GError *error)
{
    qmp_wire_shut(client->wire);
    client->lost = g_error_copy(error);
    client->farewell_us =
        g_get_monotonic_time() + CHILD_PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
    client->farewell = g_timeout_source_new(CHILD_STEP_MS);
    g_source_set_callback(client->farewell, look_at_child, client, NULL);
    g_source_attach(client->farewell, client->context);
}

static void wire_ended(const GError *error, gpointer data)
{
    QmpClient *client = data;

    if (client->state == STATE_GREETING && client->transport->child) {
        wait_for_child(client, error);
    } else {
        report_end(client, error);
    }
}

const QmpWireFuncs qmp_client_wire_funcs = { message_arrived, wire_ended };
