/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* An address to a connected stream socket.  What is said over it is not known
 * here. */
#include <gio/gio.h>
#include <stdbool.h>

#include "qmp/address.h"
#include "qmp/child.h"
#include "qmp/tls.h"

typedef struct {
    int fd;
    QmpTls *tls;           /* tls, whose handshake is to be done; else NULL */
    bool carries_fds;      /* a unix socket straight to the peer */
    pid_t peer_pid;        /* who listens, as the kernel knows it; 0: unknown */
    QmpChild *child;       /* exec; else NULL */
    GMainContext *context; /* where it was opened */
} QmpTransport;

/*
 * Fails with QMP_ERROR_UNREACHABLE or _USAGE, or G_IO_ERROR_CANCELLED.  The
 * message is one phrase and starts with the address.
 */
void qmp_transport_open_async(const QmpAddress *address,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
QmpTransport *qmp_transport_open_finish(GAsyncResult *result, GError **error);

/* Closes the socket.  A child and what it started is killed, and reaped as soon
 * as the GMainContext that it was opened on runs. */
void qmp_transport_close(QmpTransport *transport);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpTransport, qmp_transport_close)
