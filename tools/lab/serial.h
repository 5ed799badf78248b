/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Our end of a guest's serial line: a unix socket that one QEMU connects to.
 * Lines are stamped when they are read; what is longer than a line may be is
 * cut.
 */
#include <glib.h>
#include <stdint.h>

typedef struct Serial Serial;

typedef void SerialLine(const char *line, int64_t time_us, gpointer user_data);
typedef void SerialConnected(gpointer user_data);

/* Fails in G_IO_ERROR, also when @path is too long for a socket. */
Serial *serial_listen(const char *path, SerialLine *line,
                      SerialConnected *connected, gpointer user_data,
                      GError **error);
void serial_free(Serial *serial);

/* Lost if nobody is connected. */
void serial_send(Serial *serial, char byte);
