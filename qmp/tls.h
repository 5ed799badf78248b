/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TLS over a connected socket, as a client, without ever waiting: the same as
 * send() and recv(), once the handshake is done.  What stands behind it is
 * gnutls, which has keys (PSK) as well as certificates.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "qmp/credentials.h"

typedef struct QmpTls QmpTls;

/* @fd stays the caller's.  @host: whose certificate is expected. */
QmpTls *qmp_tls_new(int fd, const char *host, QmpCredentials *credentials);

/* Tells the peer that this is the end, if that can be said at once. */
void qmp_tls_free(QmpTls *tls);

/* A step of the handshake; false: it failed, with QMP_ERROR_TLS, or
 * with QMP_ERROR_PROTOCOL where it is no TLS that the peer speaks. */
bool qmp_tls_shake_hands(QmpTls *tls, GError **error);
bool qmp_tls_is_ready(const QmpTls *tls); /* the handshake is done */

/* Is the socket to be writable before it can go on?  Readable it is always to
 * be. */
bool qmp_tls_wants_write(const QmpTls *tls);

/*
 * As send() and recv(), with errno; after EAGAIN the same is to be sent again.
 * Other errors have words in qmp_tls_why(), until the next call.
 */
ssize_t qmp_tls_send(QmpTls *tls, const char *data, size_t n);
ssize_t qmp_tls_recv(QmpTls *tls, char *data, size_t n);
const char *qmp_tls_why(const QmpTls *tls);

/* Is there something to be received of which poll() does not know? */
bool qmp_tls_has_pending(const QmpTls *tls);

/* What may be the reason that the peer hung up so early, as the end of a phrase:
 * it does not say. */
const char *qmp_tls_suspicion(const QmpTls *tls);
