/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/serial.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

struct Serial {
    SerialLine *line;
    SerialConnected *connected;
    gpointer user_data;
    int fd; /* listens, later connected; -1: closed */
    guint source;
    Serial *before; /* whose guest will go on here; NULL: nobody's */
    size_t n;       /* bytes in @buffer that are no whole line yet */
    char buffer[LINE_MAX_BYTES];
};

static void hang_up(Serial *serial)
{
    g_clear_handle_id(&serial->source, g_source_remove);
    if (serial->fd >= 0) {
        close(serial->fd);
        serial->fd = -1;
    }
}

/* A handler may free the serial in the middle of it: lab.c does so only from
 * its own idle callbacks. */
static void take_lines(Serial *serial, int64_t time_us)
{
    char *at = serial->buffer;
    char *end = serial->buffer + serial->n;
    char *feed;

    while ((feed = memchr(at, '\n', end - at))) {
        *feed = '\0';
        if (feed > at && feed[-1] == '\r') {
            feed[-1] = '\0';
        }
        serial->line(at, time_us, serial->user_data);
        at = feed + 1;
    }
    serial->n = end - at;
    memmove(serial->buffer, at, serial->n);
    if (serial->n == sizeof(serial->buffer)) {
        serial->n = 0; /* no line of ours is that long */
    }
}

/* Reads once; false: nothing more comes for now, or for ever. */
static gboolean read_some(Serial *serial)
{
    ssize_t n = recv(serial->fd, serial->buffer + serial->n,
                     sizeof(serial->buffer) - serial->n, MSG_DONTWAIT);
    if (n > 0) {
        serial->n += n;
        take_lines(serial, g_get_monotonic_time());
        return TRUE;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        hang_up(serial);
    }
    return FALSE;
}

/* The first byte here is the next one after the last one there. */
static void take_over(Serial *serial)
{
    Serial *before = g_steal_pointer(&serial->before);
    while (before->fd >= 0 && read_some(before)) {
    }
    memcpy(serial->buffer, before->buffer, before->n);
    serial->n = before->n;
    before->n = 0;
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer user_data)
{
    Serial *serial = user_data;
    char byte;

    if (serial->before && recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0) {
        take_over(serial);
    }
    read_some(serial);
    return G_SOURCE_CONTINUE; /* after hang_up() the source is gone anyway */
}

static gboolean on_accept(int fd, GIOCondition condition, gpointer user_data)
{
    Serial *serial = user_data;
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) {
        return G_SOURCE_CONTINUE;
    }
    close(serial->fd); /* one QEMU, one connection */
    serial->fd = connection;
    serial->source = g_unix_fd_add_full(G_PRIORITY_DEFAULT, connection,
                                        G_IO_IN | G_IO_HUP | G_IO_ERR,
                                        on_readable, serial, NULL);
    serial->connected(serial->user_data);
    return G_SOURCE_REMOVE;
}

static int listen_at(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >=
        sizeof(address.sun_path)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "%s is too long for a socket; set TMPDIR to a shorter "
                    "folder",
                    path);
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, 1) < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "cannot listen at %s: %s", path, g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

Serial *serial_listen(const char *path, SerialLine *line,
                      SerialConnected *connected, gpointer user_data,
                      GError **error)
{
    int fd = listen_at(path, error);
    if (fd < 0) {
        return NULL;
    }
    Serial *serial = g_new0(Serial, 1);
    serial->line = line;
    serial->connected = connected;
    serial->user_data = user_data;
    serial->fd = fd;
    serial->source = g_unix_fd_add(fd, G_IO_IN, on_accept, serial);
    return serial;
}

void serial_free(Serial *serial)
{
    hang_up(serial);
    g_free(serial);
}

void serial_follow(Serial *serial, Serial *before)
{
    if (serial->before) {
        take_over(serial);
    }
    serial->before = before;
}

void serial_send(Serial *serial, char byte)
{
    if (serial->fd >= 0) {
        send(serial->fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}
