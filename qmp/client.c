/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The object, its one GSource, and what one can ask about a session. */
#include "qmp/client.h"

#include "qmp/client-private.h"

G_DEFINE_FINAL_TYPE(QmpClient, qmp_client, G_TYPE_OBJECT)

typedef struct {
    GSource source;
    QmpClient *client; /* without reference: the client destroys the source */
} ClientSource;

void qmp_client_arm(QmpClient *client, int64_t deadline_us)
{
    if (deadline_us < client->armed_us) {
        client->armed_us = deadline_us;
        g_source_set_ready_time(client->source, deadline_us);
    }
}

static void expire(QmpClient *client, int64_t now_us)
{
    if (client->connecting && client->connect_deadline_us <= now_us) {
        qmp_client_expire_connect(client);
    }
    qmp_client_expire_calls(client, now_us);
    if (client->state == STATE_OVER) {
        return;
    }
    client->armed_us = INT64_MAX;
    g_source_set_ready_time(client->source, -1);
    qmp_client_arm(client, qmp_calls_deadline(&client->calls));
    if (client->connecting) {
        qmp_client_arm(client, client->connect_deadline_us);
    }
}

static gboolean client_dispatch(GSource *source, GSourceFunc unused,
                                gpointer unused_data)
{
    g_autoptr(QmpClient) client =
        g_object_ref(((ClientSource *)source)->client);

    /* What has arrived is read first: a late answer is still an answer. */
    if (client->wire) {
        qmp_wire_dispatch(client->wire);
    }
    if (client->state != STATE_OVER &&
        g_source_get_time(source) >= client->armed_us) {
        expire(client, g_source_get_time(source));
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs client_source_funcs = { .dispatch = client_dispatch };

GSource *qmp_client_watch(QmpClient *client, GCancellable *cancellable,
                          gboolean (*cancelled)(GCancellable *, gpointer),
                          gpointer data)
{
    GSource *source;

    if (!cancellable) {
        return NULL;
    }
    source = g_cancellable_source_new(cancellable);
    g_source_set_callback(source, G_SOURCE_FUNC(cancelled), data, NULL);
    g_source_attach(source, client->context);
    return source;
}

static void qmp_client_init(QmpClient *client)
{
    client->context = g_main_context_ref_thread_default();
    client->abort = g_cancellable_new();
    client->armed_us = INT64_MAX;
    client->source = g_source_new(&client_source_funcs, sizeof(ClientSource));
    ((ClientSource *)client->source)->client = client;
    g_source_set_static_name(client->source, "QmpClient");
    g_source_attach(client->source, client->context);
}

static void qmp_client_dispose(GObject *object)
{
    qmp_client_close(QMP_CLIENT(object));
    G_OBJECT_CLASS(qmp_client_parent_class)->dispose(object);
}

static void qmp_client_finalize(GObject *object)
{
    QmpClient *client = QMP_CLIENT(object);

    qmp_wire_free(client->wire);
    qmp_address_free(client->address);
    g_clear_object(&client->abort);
    g_clear_error(&client->reason);
    g_clear_error(&client->lost);
    g_free(client->version);
    g_main_context_unref(client->context);
    G_OBJECT_CLASS(qmp_client_parent_class)->finalize(object);
}

static void qmp_client_class_init(QmpClientClass *klass)
{
    G_OBJECT_CLASS(klass)->dispose = qmp_client_dispose;
    G_OBJECT_CLASS(klass)->finalize = qmp_client_finalize;
}

bool qmp_client_is_open(QmpClient *client)
{
    return client->state == STATE_READY;
}

bool qmp_client_has_oob(QmpClient *client)
{
    return client->has_oob;
}

const char *qmp_client_version(QmpClient *client)
{
    return client->version;
}

const QmpAddress *qmp_client_address(QmpClient *client)
{
    return client->address;
}

pid_t qmp_client_peer_pid(QmpClient *client)
{
    return client->peer_pid;
}
