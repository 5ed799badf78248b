/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an address to a session that is ready, within one deadline. */
#include "qmp/client-private.h"

bool qmp_client_is_secured(QmpClient *client)
{
    QmpTls *tls = client->transport->tls;

    return !tls || qmp_tls_is_ready(tls);
}

void qmp_client_expire_connect(QmpClient *client)
{
    g_autofree char *limit = qmp_timeout_to_text(client->connect_timeout_ms);

    if (client->state == STATE_CONNECTING) {
        qmp_client_break(client, QMP_ERROR_UNREACHABLE,
                         "no connection within %s", limit);
    } else if (!qmp_client_is_secured(client)) {
        qmp_client_break(client, QMP_ERROR_TIMED_OUT,
                         "no answer to the TLS handshake within %s: another "
                         "client may hold this monitor",
                         limit);
    } else if (client->state == STATE_GREETING) {
        qmp_client_break(client, QMP_ERROR_TIMED_OUT,
                         "no QMP greeting within %s: another client may hold "
                         "this monitor%s",
                         limit,
                         client->address->kind == QMP_ADDRESS_TCP
                             ? ", or it waits for TLS (tls:HOST:PORT)"
                             : "");
    } else {
        qmp_client_break(client, QMP_ERROR_TIMED_OUT,
                         "no answer to qmp_capabilities within %s", limit);
    }
}

static void finish_connecting(QmpClient *client)
{
    g_autoptr(GTask) task = g_steal_pointer(&client->connecting);

    client->state = STATE_READY;
    qmp_client_destroy_source(&client->cancelled);
    g_task_return_pointer(task, g_object_ref(client), g_object_unref);
}

static void negotiated(GObject *source, GAsyncResult *result,
                       gpointer wants_oob)
{
    QmpClient *client = QMP_CLIENT(source);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) value =
        qmp_client_execute_finish(client, result, &error);

    if (value) {
        client->has_oob = GPOINTER_TO_INT(wants_oob);
        client->calls.limit = client->has_oob ? QMP_IN_FLIGHT_MAX : 0;
        finish_connecting(client);
    } else {
        qmp_client_break(client, QMP_ERROR_PROTOCOL,
                         "the capability negotiation failed: %s",
                         error->message);
    }
}

void qmp_client_negotiate(QmpClient *client, bool has_oob)
{
    g_autoptr(QmpCommand) command = qmp_command_new("qmp_capabilities");

    if (has_oob) {
        g_autoptr(JsonArray) enable = json_array_new();

        json_array_add_string_element(enable, "oob");
        qmp_command_set_node(command, "enable",
                             json_node_init_array(json_node_alloc(), enable));
    }
    client->state = STATE_NEGOTIATING;
    /* The deadline that counts is the one for all of connecting. */
    qmp_client_execute(
        client, command, G_MAXUINT,
        g_task_new(client, NULL, negotiated, GINT_TO_POINTER(has_oob)));
}

static void transport_opened(GObject *source, GAsyncResult *result,
                             gpointer data)
{
    g_autoptr(QmpClient) client = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpTransport) transport =
        qmp_transport_open_finish(result, &error);

    if (client->state == STATE_OVER) {
        return;
    }
    if (!transport) {
        qmp_client_end(client, g_steal_pointer(&error));
        return;
    }
    client->transport = g_steal_pointer(&transport);
    client->peer_pid = client->transport->peer_pid;
    client->state = STATE_GREETING;
    client->wire = qmp_wire_new(client->transport->fd, client->transport->tls,
                                client->source, &qmp_client_wire_funcs, client);
}

static gboolean connect_cancelled(GCancellable *cancellable, gpointer data)
{
    g_autoptr(QmpClient) client = g_object_ref(data);

    qmp_client_end(client, g_error_new(G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                       "connecting to %s was cancelled",
                                       client->address->text));
    return G_SOURCE_REMOVE;
}

static QmpClient *client_new(const QmpAddress *address,
                             const QmpClientHandlers *handlers,
                             gpointer user_data)
{
    QmpClient *client = g_object_new(QMP_TYPE_CLIENT, NULL);

    client->address = qmp_address_copy(address);
    if (handlers) {
        client->handlers = *handlers;
    }
    client->user_data = user_data;
    return client;
}

void qmp_client_connect_async(const QmpAddress *address, unsigned timeout_ms,
                              const QmpClientHandlers *handlers,
                              gpointer user_data, GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer callback_data)
{
    g_autoptr(QmpClient) client = client_new(address, handlers, user_data);

    client->connecting = g_task_new(NULL, cancellable, callback, callback_data);
    g_task_set_check_cancellable(client->connecting, FALSE);
    g_task_set_source_tag(client->connecting, qmp_client_connect_async);
    /* The task keeps the client alive until it is answered. */
    g_task_set_task_data(client->connecting, g_object_ref(client),
                         g_object_unref);
    client->connect_timeout_ms = timeout_ms;
    client->connect_deadline_us =
        g_get_monotonic_time() + timeout_ms * INT64_C(1000);
    qmp_client_arm(client, client->connect_deadline_us);
    client->cancelled =
        qmp_client_watch(client, cancellable, connect_cancelled, client);
    qmp_transport_open_async(address, client->abort, transport_opened,
                             g_object_ref(client));
}

QmpClient *qmp_client_connect_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
