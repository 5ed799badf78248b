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

/*
 * @serial's guest comes from @before: what that had not ended a line with is
 * the beginning of the first line here, since a migration can fall into the
 * middle of one.  Holds until the first byte comes, and @before must live so long;
 * with NULL it holds no more, and what @before had is taken over now.
 */
void serial_follow(Serial *serial, Serial *before);

/* Lost if nobody is connected. */
void serial_send(Serial *serial, char byte);
