/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be said waits in a buffer, for the client may be slow. */
#include "tests/lib/fake-link.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/framer.h"

struct FakeLink {
    const FakeLinkFuncs *funcs;
    gpointer user_data;
    char *address;
    GSocketService *service;
    int fd; /* -1: nobody is there */
    GSource *watch;
    GByteArray *in;
    size_t n_looked_at; /* of @in, without finding an end */
    QmpFramer framer;
    GByteArray *out;
    size_t n_written; /* of @out */
    size_t chunk;     /* bytes per write; 0: as many as fit */
    bool closes;      /* when @out is written */
    GArray *fds;
};

/* --- the socket --- */

static void unwatch(FakeLink *link)
{
    if (link->watch) {
        g_source_destroy(link->watch);
        g_clear_pointer(&link->watch, g_source_unref);
    }
}

static void drop_client(FakeLink *link)
{
    unwatch(link);
    if (link->fd >= 0) {
        close(link->fd);
        link->fd = -1;
    }
}

static gboolean ready(int fd, GIOCondition condition, gpointer data);

static void watch(FakeLink *link)
{
    GIOCondition condition =
        link->out->len || link->closes ? G_IO_IN | G_IO_OUT : G_IO_IN;

    unwatch(link);
    if (link->fd >= 0) {
        link->watch = g_unix_fd_source_new(link->fd, condition);
        g_source_set_callback(link->watch, G_SOURCE_FUNC(ready), link, NULL);
        g_source_attach(link->watch, g_main_context_get_thread_default());
    }
}

static void write_some(FakeLink *link)
{
    size_t n = link->out->len - link->n_written;
    ssize_t n_sent;

    if (n) {
        n_sent = send(link->fd, link->out->data + link->n_written,
                      link->chunk ? MIN(link->chunk, n) : n,
                      MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n_sent > 0) {
            link->n_written += n_sent;
        } else if (n_sent < 0 && errno != EAGAIN) {
            link->n_written = link->out->len; /* nobody wants it */
        }
    }
    if (link->n_written == link->out->len) {
        link->n_written = 0;
        g_byte_array_set_size(link->out, 0);
        if (link->closes) {
            drop_client(link);
        }
    }
}

void fake_link_say(FakeLink *link, const char *bytes, size_t n)
{
    g_byte_array_append(link->out, (const guint8 *)bytes, n);
    watch(link);
}

void fake_link_hang_up(FakeLink *link)
{
    link->closes = true;
    watch(link);
}

void fake_link_set_chunk(FakeLink *link, size_t n)
{
    link->chunk = n;
}

/* --- reading --- */

static void hear_all(FakeLink *link)
{
    size_t used;

    while (link->n_looked_at < link->in->len && !link->closes) {
        char *text = (char *)link->in->data;
        QmpFrame frame =
            qmp_framer_push(&link->framer, text + link->n_looked_at,
                            link->in->len - link->n_looked_at, &used);

        link->n_looked_at += used;
        if (frame == QMP_FRAME_COMPLETE) {
            g_autofree char *message = g_strndup(text, link->n_looked_at);

            g_byte_array_remove_range(link->in, 0, link->n_looked_at);
            link->n_looked_at = 0;
            link->funcs->heard(g_strstrip(message), link->user_data);
        } else if (frame != QMP_FRAME_PARTIAL) {
            g_error("the client said %s", qmp_frame_to_string(frame));
        }
    }
}

static void keep_fds(FakeLink *link, struct msghdr *message)
{
    struct cmsghdr *header;

    for (header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_type == SCM_RIGHTS) {
            g_array_append_vals(link->fds, CMSG_DATA(header),
                                (header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        }
    }
}

static ssize_t read_some(FakeLink *link)
{
    char buffer[4096], control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec part = { buffer, sizeof(buffer) };
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    ssize_t n = recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n > 0) {
        keep_fds(link, &message);
        g_byte_array_append(link->in, (guint8 *)buffer, n);
        hear_all(link);
    }
    return n < 0 && errno == EAGAIN ? 1 : n;
}

static gboolean ready(int fd, GIOCondition condition, gpointer data)
{
    FakeLink *link = data;

    if (condition & G_IO_OUT) {
        write_some(link);
    }
    if (link->fd >= 0 && condition & ~G_IO_OUT && read_some(link) <= 0) {
        drop_client(link);
    }
    watch(link);
    return G_SOURCE_REMOVE;
}

/* --- life --- */

static void take_client(FakeLink *link, int fd)
{
    drop_client(link);
    link->fd = fd;
    link->closes = false;
    link->chunk = 0;
    g_byte_array_set_size(link->in, 0);
    link->n_looked_at = 0;
    link->framer = QMP_FRAMER_INIT;
    g_byte_array_set_size(link->out, 0);
    link->n_written = 0;
    link->funcs->connected(link->user_data);
    watch(link);
}

FakeLink *fake_link_new(const FakeLinkFuncs *funcs, gpointer user_data)
{
    FakeLink *link = g_new0(FakeLink, 1);

    link->funcs = funcs;
    link->user_data = user_data;
    link->fd = -1;
    link->in = g_byte_array_new();
    link->out = g_byte_array_new();
    link->fds = g_array_new(FALSE, FALSE, sizeof(int));
    return link;
}

void fake_link_free(FakeLink *link)
{
    int fd;

    drop_client(link);
    if (link->service) {
        g_socket_service_stop(link->service);
        g_socket_listener_close(G_SOCKET_LISTENER(link->service));
        g_object_unref(link->service);
    }
    while ((fd = fake_link_take_fd(link)) >= 0) {
        close(fd);
    }
    g_array_unref(link->fds);
    g_byte_array_unref(link->in);
    g_byte_array_unref(link->out);
    g_free(link->address);
    g_free(link);
}

const char *fake_link_address(FakeLink *link)
{
    int fds[2];

    if (!link->address) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
            g_error("socketpair: %s", g_strerror(errno));
        }
        link->address = g_strdup_printf("fd:%d", fds[1]);
        take_client(link, fds[0]);
    }
    return link->address;
}

static gboolean incoming(GSocketService *service, GSocketConnection *connection,
                         GObject *none, gpointer data)
{
    FakeLink *link = data;
    GSocket *socket = g_socket_connection_get_socket(connection);

    take_client(link, dup(g_socket_get_fd(socket)));
    return TRUE;
}

static GSocketAddress *parse_where(const char *where)
{
    return where[0] == '/' ? g_unix_socket_address_new(where)
                           : g_inet_socket_address_new_from_string(where, 0);
}

static char *text_of(GSocketAddress *address, const char *where)
{
    guint16 port;

    if (where[0] == '/') {
        return g_strdup_printf("unix:%s", where);
    }
    port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    return strchr(where, ':') ? g_strdup_printf("tcp:[%s]:%d", where, port)
                              : g_strdup_printf("tcp:%s:%d", where, port);
}

bool fake_link_listen(FakeLink *link, const char *where)
{
    g_autoptr(GSocketAddress) wanted = parse_where(where);
    g_autoptr(GSocketAddress) got = NULL;

    link->service = g_socket_service_new();
    if (!g_socket_listener_add_address(
            G_SOCKET_LISTENER(link->service), wanted, G_SOCKET_TYPE_STREAM,
            G_SOCKET_PROTOCOL_DEFAULT, NULL, &got, NULL)) {
        return false;
    }
    link->address = text_of(got, where);
    g_signal_connect(link->service, "incoming", G_CALLBACK(incoming), link);
    return true;
}

bool fake_link_is_written(FakeLink *link)
{
    return !link->out->len;
}

bool fake_link_is_alone(FakeLink *link)
{
    return link->fd < 0;
}

int fake_link_take_fd(FakeLink *link)
{
    int fd;

    if (!link->fds->len) {
        return -1;
    }
    fd = g_array_index(link->fds, int, 0);
    g_array_remove_index(link->fds, 0);
    return fd;
}
