/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the client-*.c files share: the session's state, and who does what.
 *
 * One GSource per client stands for the socket and for the earliest deadline.
 * Its ready time is moved forward at once and backward only when it fires:
 * moving it wakes the GMainContext up, which costs more than a command does.
 *
 * Any callback may close or unref the client.  So what runs below a callback
 * looks at @state again, and the source's dispatch holds a reference.
 */
#include "qmp/calls.h"
#include "qmp/client.h"
#include "qmp/message.h"
#include "qmp/transport.h"
#include "qmp/wire.h"

typedef enum {
    STATE_CONNECTING,
    STATE_GREETING,    /* connected, waiting for it */
    STATE_NEGOTIATING, /* greeted, qmp_capabilities is on its way */
    STATE_READY,
    STATE_OVER,
} QmpState;

struct _QmpClient {
    GObject parent;
    QmpState state;
    QmpAddress *address;
    QmpClientHandlers handlers;
    gpointer user_data;
    GMainContext *context;
    GSource *source;
    int64_t armed_us;        /* the source's ready time; INT64_MAX: none */
    QmpTransport *transport; /* from STATE_GREETING to the end */
    QmpWire *wire;           /* from STATE_GREETING on */
    QmpCalls calls;
    bool has_oob;
    char *version;
    pid_t peer_pid;
    GError *reason;      /* why it is over */
    GSource *farewell;   /* waits for the end of an exec: command, or NULL */
    GError *lost;        /* with @farewell: how the connection ended */
    int64_t farewell_us; /* with @farewell: when the wait is over */

    /* Only while connecting: */
    GTask *connecting;
    GCancellable *abort; /* stops the transport */
    GSource *cancelled;  /* the caller's GCancellable; may be NULL */
    int64_t connect_deadline_us;
    unsigned connect_timeout_ms;
};

/* client.c: the object and its source. */

/* Sees to it that the source fires at @deadline_us, or before. */
void qmp_client_arm(QmpClient *client, int64_t deadline_us);

/* A source that fires in the client's context; NULL without @cancellable. */
GSource *qmp_client_watch(QmpClient *client, GCancellable *cancellable,
                          gboolean (*cancelled)(GCancellable *, gpointer),
                          gpointer data);

/* client-connect.c: from the address to a session that is ready. */
void qmp_client_negotiate(QmpClient *client, bool has_oob);
void qmp_client_expire_connect(QmpClient *client);

/* Is the TLS handshake done, where there is one? */
bool qmp_client_is_secured(QmpClient *client);

/* client-commands.c: from a command to its answer. */

/* Takes @task over. */
void qmp_client_execute(QmpClient *client, const QmpCommand *command,
                        unsigned timeout_ms, GTask *task);
void qmp_client_take_reply(QmpClient *client, const QmpMessage *message);
void qmp_client_expire_calls(QmpClient *client, int64_t now_us);

/* client-messages.c: what QEMU says. */
extern const QmpWireFuncs qmp_client_wire_funcs;

/* client-end.c: the session ends by itself; does nothing when it is over. */
void qmp_client_end(QmpClient *client, GError *error); /* takes @error over */
void qmp_client_break(QmpClient *client, QmpError code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void qmp_client_destroy_source(GSource **source);
char *qmp_timeout_to_text(unsigned timeout_ms); /* "5 s", "250 ms" */
