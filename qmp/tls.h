/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The client's end of TLS between a socket and whoever speaks through it: he gets
 * a plain socket and need not know.  Nothing waits: it runs on the GMainContext
 * that is the thread's default when it begins.
 */
#include <gio/gio.h>

typedef struct QmpTls QmpTls;

/* Comes once.  NULL: the peer is who it should be, and has said its first word.
 * Else QMP_ERROR_UNREACHABLE, one phrase; it may be freed in here. */
typedef void QmpTlsDone(const GError *error, gpointer user_data);

/*
 * Takes @fd, a connected socket, over in any case.  @host: the name or address
 * that the peer's certificate must be for.  @folder: with ca-cert.pem, and
 * client-cert.pem and client-key.pem if the peer wants to know who we are; or
 * with keys.psk, in QEMU's layout.  NULL: QMP_ERROR_USAGE, the folder will not do.
 */
QmpTls *qmp_tls_new(int fd, const char *host, const char *folder,
                    QmpTlsDone *done, gpointer user_data, GError **error);

/* Takes NULL.  What was written to the plain socket before is sent as far as the
 * network takes it at once. */
void qmp_tls_free(QmpTls *tls);

/* The plain socket, once: from now on the caller's. */
int qmp_tls_steal_fd(QmpTls *tls);
