/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where a monitor is: unix:PATH (or a bare path), tcp:HOST:PORT (an IPv6 host in
 * brackets), tls:HOST:PORT (the same behind TLS), fd:N (a connected socket that we
 * inherited) or exec:COMMAND (QMP on the standard input and output of a shell
 * command).  Parsing is pure.
 */
#include <gio/gio.h>
#include <stdint.h>

#include "qmp/credentials.h"

typedef enum {
    QMP_ADDRESS_UNIX,
    QMP_ADDRESS_TCP,
    QMP_ADDRESS_TLS,
    QMP_ADDRESS_FD,
    QMP_ADDRESS_EXEC,
} QmpAddressKind;

typedef struct {
    QmpAddressKind kind;
    char *text;                  /* as the user wrote it, for messages */
    char *path;                  /* unix: the path.  exec: the command */
    char *host;                  /* tcp and tls, without brackets */
    uint16_t port;               /* tcp and tls */
    int fd;                      /* fd; else -1 */
    QmpCredentials *credentials; /* tls needs them; not part of the text */
} QmpAddress;

/* Fails with QMP_ERROR_USAGE and says what an address looks like. */
QmpAddress *qmp_address_parse(const char *text, GError **error);
QmpAddress *qmp_address_copy(const QmpAddress *address);
void qmp_address_free(QmpAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpAddress, qmp_address_free)

/* Takes a reference. */
void qmp_address_set_credentials(QmpAddress *address,
                                 QmpCredentials *credentials);

/* Its text as one word of a shell command; free with g_free(). */
char *qmp_address_word(const QmpAddress *address);

/* Do both name the same place, as far as the words tell? */
gboolean qmp_address_equal(const QmpAddress *a, const QmpAddress *b);
