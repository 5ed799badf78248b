/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Whole messages over one socket, without ever waiting: what the socket does
 * not take at once is queued here, and whatever it has is read.  The owner's
 * GSource watches the socket and calls qmp_wire_dispatch().
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "qmp/framer.h"
#include "qmp/tls.h"

typedef struct QmpWire QmpWire;

/* Either may call qmp_wire_shut(). */
typedef struct {
    /* @text: one message, without white space around it. */
    void (*message)(const char *text, size_t n, int64_t arrival_us,
                    gpointer user_data);
    /* Nothing comes any more.  @error: QMP_ERROR_CLOSED, _PROTOCOL or
     * _TLS. */
    void (*ended)(const GError *error, gpointer user_data);
} QmpWireFuncs;

/* Watches @fd by @source from now on.  @tls: what speaks over it, from its
 * handshake on; NULL: nothing does.  Both stay the owner's. */
QmpWire *qmp_wire_new(int fd, QmpTls *tls, GSource *source,
                      const QmpWireFuncs *funcs, gpointer user_data);
void qmp_wire_free(QmpWire *wire);

/* Lets go of the socket at once; nothing is called any more. */
void qmp_wire_shut(QmpWire *wire);

/* Takes both over: @text, and @fd (-1: none), which goes with its first byte. */
void qmp_wire_send(QmpWire *wire, char *text, int fd);

void qmp_wire_dispatch(QmpWire *wire);
