/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways in which a session ends, and what its commands hear about it. */
#include "qmp/client-private.h"

char *qmp_timeout_to_text(unsigned timeout_ms)
{
    return timeout_ms % 1000 ? g_strdup_printf("%u ms", timeout_ms)
                             : g_strdup_printf("%u s", timeout_ms / 1000);
}

void qmp_client_destroy_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

/* Lets go of the peer.  Memory that callers up the stack use stays. */
static void disconnect(QmpClient *client)
{
    client->state = STATE_OVER;
    if (client->wire) {
        qmp_wire_shut(client->wire);
    }
    g_clear_pointer(&client->transport, qmp_transport_close);
    g_cancellable_cancel(client->abort);
    qmp_client_destroy_source(&client->cancelled);
    qmp_client_destroy_source(&client->farewell);
    qmp_client_destroy_source(&client->source);
}

static void fail_now(GTask *task, GError *error)
{
    g_task_return_error(task, error);
    g_object_unref(task);
}

typedef struct {
    GTask *task;
    GError *error;
} Failure;

static gboolean deliver_failure(gpointer data)
{
    Failure *failure = data;

    g_task_return_error(failure->task, g_steal_pointer(&failure->error));
    return G_SOURCE_REMOVE;
}

static void failure_free(gpointer data)
{
    Failure *failure = data;

    g_clear_error(&failure->error);
    g_object_unref(failure->task);
    g_free(failure);
}

/* Whoever closes is in the middle of something and wants no callback there. */
static void fail_later(GTask *task, GError *error)
{
    g_autoptr(GSource) source = g_idle_source_new();
    Failure *failure = g_new(Failure, 1);

    *failure = (Failure){ task, error };
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, deliver_failure, failure, failure_free);
    g_source_attach(source, g_task_get_context(task));
}

/* "was not sent" is certain: then QEMU never saw it. */
static GError *error_for_call(const GError *reason, const QmpCall *call)
{
    GError *error = g_error_copy(reason);
    g_autofree char *text = error->message;

    error->message =
        g_strdup_printf("%s; %s %s", text, call->name,
                        call->is_sent ? "has no answer" : "was not sent");
    return error;
}

static void fail_all(QmpClient *client, void (*fail)(GTask *, GError *))
{
    QmpCall *call;

    if (client->connecting) {
        fail(g_steal_pointer(&client->connecting),
             g_error_copy(client->reason));
    }
    while ((call = qmp_calls_take_any(&client->calls))) {
        GTask *task = g_steal_pointer(&call->task);

        if (task) {
            fail(task, error_for_call(client->reason, call));
        }
        qmp_call_free(call);
    }
}

void qmp_client_end(QmpClient *client, GError *error)
{
    bool was_ready = client->state == STATE_READY;

    if (client->state == STATE_OVER) {
        g_error_free(error);
        return;
    }
    disconnect(client);
    client->reason = error;
    fail_all(client, fail_now);
    if (was_ready && client->handlers.closed) {
        client->handlers.closed(client, client->reason, client->user_data);
    }
}

void qmp_client_break(QmpClient *client, QmpError code, const char *format, ...)
{
    g_autofree char *what = NULL;
    g_autofree char *command = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    command = client->transport && client->transport->child
                  ? qmp_child_describe(client->transport->child)
                  : g_strdup("");
    qmp_client_end(client, g_error_new(QMP_ERROR, code, "%s: %s%s%s",
                                       client->address->text, what,
                                       *command ? ": " : "", command));
}

void qmp_client_close(QmpClient *client)
{
    g_return_if_fail(QMP_IS_CLIENT(client));

    client->handlers = (QmpClientHandlers){ 0 };
    if (client->state == STATE_OVER) {
        return;
    }
    disconnect(client);
    client->reason = g_error_new(QMP_ERROR, QMP_ERROR_CLOSED,
                                 "%s: closed by us", client->address->text);
    fail_all(client, fail_later);
}
