/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An id for each command, a GTask for each answer. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "qmp/client-private.h"

static void send_what_may_go(QmpClient *client)
{
    QmpCall *call;

    while (client->state != STATE_OVER &&
           (call = qmp_calls_send_next(&client->calls))) {
        char *text = g_steal_pointer(&call->text);
        int fd = call->fd;

        call->fd = -1;
        if (client->handlers.tap) {
            client->handlers.tap(client, QMP_SENT, text, strlen(text) - 1,
                                 g_get_monotonic_time(), client->user_data);
        }
        qmp_wire_send(client->wire, text, fd);
    }
}

/* What this session can never carry, in words; else NULL. */
static const char *what_is_wrong(QmpClient *client, const QmpCommand *command)
{
    if (command->oob && !client->has_oob) {
        return "this monitor offers no out-of-band commands";
    }
    if (command->fd >= 0 && !client->transport->carries_fds) {
        return "file descriptors pass over unix sockets only";
    }
    return NULL;
}

static bool check_command(QmpClient *client, const QmpCommand *command,
                          GError **error)
{
    const char *wrong;

    if (client->state == STATE_OVER) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_CLOSED, "%s; %s was not sent",
                    client->reason->message, command->name);
        return false;
    }
    wrong = what_is_wrong(client, command);
    if (wrong) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_USAGE, "%s: %s: %s",
                    client->address->text, command->name, wrong);
    }
    return !wrong;
}

/* The caller may close its descriptor, and the command may have to wait. */
static bool copy_fd(QmpCall *call, const QmpCommand *command, GError **error)
{
    if (command->fd < 0) {
        return true;
    }
    call->fd = fcntl(command->fd, F_DUPFD_CLOEXEC, 0);
    if (call->fd < 0) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_USAGE, "%s: fd %d: %s",
                    command->name, command->fd, g_strerror(errno));
    }
    return call->fd >= 0;
}

static QmpCall *call_new(QmpClient *client, const QmpCommand *command,
                         GError **error)
{
    g_autoptr(QmpCall) call = NULL;

    if (!check_command(client, command, error)) {
        return NULL;
    }
    call = qmp_call_new(command->name, command->oob);
    call->id = ++client->calls.last_id;
    call->text = qmp_command_to_text(command, call->id);
    /* QEMU would answer without id, and that would end the session. */
    if (!g_utf8_validate(call->text, -1, NULL)) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_USAGE,
                    "%s: its arguments are not UTF-8", command->name);
        return NULL;
    }
    return copy_fd(call, command, error) ? g_steal_pointer(&call) : NULL;
}

static gboolean call_cancelled(GCancellable *cancellable, gpointer data)
{
    QmpCall *call = data;
    QmpClient *client = g_task_get_source_object(call->task);
    g_autofree char *name = g_strdup(call->name);
    g_autoptr(GTask) task = qmp_calls_give_up(&client->calls, call);

    g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                            "%s was cancelled", name);
    return G_SOURCE_REMOVE;
}

void qmp_client_execute(QmpClient *client, const QmpCommand *command,
                        unsigned timeout_ms, GTask *task)
{
    GCancellable *cancellable = g_task_get_cancellable(task);
    GError *error = NULL;
    QmpCall *call = NULL;

    /* An answer that came stays an answer, cancelled meanwhile or not. */
    g_task_set_check_cancellable(task, FALSE);
    if (!g_cancellable_set_error_if_cancelled(cancellable, &error)) {
        call = call_new(client, command, &error);
    }
    if (!call) {
        g_task_return_error(task, error);
        g_object_unref(task);
        return;
    }
    call->task = task;
    call->timeout_ms = timeout_ms;
    call->deadline_us = g_get_monotonic_time() + timeout_ms * INT64_C(1000);
    call->cancel = qmp_client_watch(client, cancellable, call_cancelled, call);
    qmp_client_arm(client, call->deadline_us);
    qmp_calls_add(&client->calls, call);
    send_what_may_go(client);
}

void qmp_client_execute_async(QmpClient *client, const QmpCommand *command,
                              unsigned timeout_ms, GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer callback_data)
{
    g_autoptr(GTask) task =
        g_task_new(client, cancellable, callback, callback_data);

    g_task_set_source_tag(task, qmp_client_execute_async);
    if (client->state < STATE_READY) {
        g_task_return_new_error(task, QMP_ERROR, QMP_ERROR_USAGE,
                                "%s: %s: not while connecting",
                                client->address->text, command->name);
        return;
    }
    qmp_client_execute(client, command, timeout_ms, g_steal_pointer(&task));
}

JsonNode *qmp_client_execute_finish(QmpClient *client, GAsyncResult *result,
                                    GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, client), NULL);

    return g_task_propagate_pointer(G_TASK(result), error);
}

static void answer(GTask *task, const QmpMessage *message)
{
    if (message->kind == QMP_MESSAGE_RETURN) {
        JsonNode *value = json_node_ref(message->value);

        json_node_set_parent(value, NULL); /* which goes with the message */
        g_task_return_pointer(task, value, (GDestroyNotify)json_node_unref);
    } else {
        g_task_return_error(task, qmp_error_new_command(message->error_class,
                                                        message->error_desc));
    }
}

void qmp_client_take_reply(QmpClient *client, const QmpMessage *message)
{
    g_autoptr(QmpCall) call =
        message->has_id ? qmp_calls_take(&client->calls, message->id) : NULL;
    g_autoptr(GTask) task = NULL;

    if (!call) {
        g_debug("%s: a reply to nothing that we asked", client->address->text);
        return;
    }
    task = g_steal_pointer(&call->task);
    /* Before the answer's callback: QEMU works while we do. */
    send_what_may_go(client);
    if (task) {
        answer(task, message);
    }
}

static void fail_expired(QmpClient *client, QmpCall *call)
{
    g_autofree char *limit = qmp_timeout_to_text(call->timeout_ms);
    const char *address = client->address->text;
    GError *error;
    g_autoptr(GTask) task = NULL;

    if (call->is_sent) {
        error = g_error_new(QMP_ERROR, QMP_ERROR_TIMED_OUT,
                            "%s: no answer to %s within %s", address,
                            call->name, limit);
    } else {
        error = g_error_new(QMP_ERROR, QMP_ERROR_TIMED_OUT,
                            "%s: %s was not sent within %s: the commands "
                            "before it have no answer",
                            address, call->name, limit);
    }
    task = qmp_calls_give_up(&client->calls, call);
    g_task_return_error(task, error);
}

void qmp_client_expire_calls(QmpClient *client, int64_t now_us)
{
    QmpCall *call;

    /* Each look starts anew, since a callback may change all. */
    while (client->state != STATE_OVER &&
           (call = qmp_calls_find_expired(&client->calls, now_us))) {
        fail_expired(client, call);
    }
}
