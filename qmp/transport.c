/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One function per kind of address; each ends its GTask. */
#include "qmp/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"

typedef struct {
    QmpAddress *address;
    GCancellable *cancellable;
} Target;

static void target_free(gpointer data)
{
    Target *target = data;

    qmp_address_free(target->address);
    g_clear_object(&target->cancellable);
    g_free(target);
}

static const QmpAddress *address_of(GTask *task)
{
    const Target *target = g_task_get_task_data(task);

    return target->address;
}

static void fail(GTask *task, QmpError code, const char *why)
{
    g_task_return_new_error(task, QMP_ERROR, code, "%s: %s",
                            address_of(task)->text, why);
}

/* The kernel's texts start with a capital. */
static void fail_errno(GTask *task, int error_number)
{
    g_autofree char *why = g_strdup(g_strerror(error_number));

    why[0] = g_ascii_tolower(why[0]);
    fail(task, QMP_ERROR_UNREACHABLE, why);
}

static QmpTransport *transport_new(int fd)
{
    QmpTransport *transport = g_new0(QmpTransport, 1);

    transport->fd = fd;
    transport->context = g_main_context_ref_thread_default();
    return transport;
}

static void succeed(GTask *task, QmpTransport *transport)
{
    g_task_return_pointer(task, transport, (GDestroyNotify)qmp_transport_close);
}

/* --- unix --- */

/*
 * Only where the peer's address has a name did somebody listen() on it; of
 * a socketpair the kernel knows who made it, which tells nothing.
 */
static pid_t peer_pid_of(int fd)
{
    struct sockaddr_un name;
    struct ucred peer;
    socklen_t n_name = sizeof(name), n_peer = sizeof(peer);

    if (getpeername(fd, (struct sockaddr *)&name, &n_name) < 0 ||
        name.sun_family != AF_UNIX ||
        n_name <= offsetof(struct sockaddr_un, sun_path) ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n_peer) < 0) {
        return 0;
    }
    return peer.pid;
}

static const char *why_refused(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return "is a folder, not a socket";
    }
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        return "is a plain file, not a socket";
    }
    if (stat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
        return "is not a socket";
    }
    return "connection refused (no QEMU listens there)";
}

static void fail_unix(GTask *task, int error_number)
{
    switch (error_number) {
    case ECONNREFUSED:
        fail(task, QMP_ERROR_UNREACHABLE, why_refused(address_of(task)->path));
        break;
    case EAGAIN:
        /* A unix socket does not wait for room: poll() would not help. */
        fail(task, QMP_ERROR_UNREACHABLE,
             "busy: a client holds this monitor, and others wait for it");
        break;
    case EPROTOTYPE:
        fail(task, QMP_ERROR_UNREACHABLE, "is not a stream socket");
        break;
    default:
        fail_errno(task, error_number);
    }
}

static void open_unix(GTask *task)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    g_autoptr(QmpTransport) transport =
        transport_new(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

    if (transport->fd < 0) {
        fail_errno(task, errno);
        return;
    }
    g_strlcpy(name.sun_path, address_of(task)->path, sizeof(name.sun_path));
    /* Non-blocking for connect(), which else waits for room in the backlog. */
    fcntl(transport->fd, F_SETFL, O_NONBLOCK);
    if (connect(transport->fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
        fail_unix(task, errno);
        return;
    }
    transport->carries_fds = true;
    transport->peer_pid = peer_pid_of(transport->fd);
    succeed(task, g_steal_pointer(&transport));
}

/* --- tcp --- */

static void fail_tcp(GTask *task, GError *error)
{
    g_autofree char *why = g_strdup(error->message);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_task_return_error(task, g_error_copy(error));
    } else if (g_error_matches(error, G_IO_ERROR,
                               G_IO_ERROR_CONNECTION_REFUSED)) {
        fail(task, QMP_ERROR_UNREACHABLE,
             "connection refused (no QEMU listens there)");
    } else if (error->domain == G_RESOLVER_ERROR) {
        fail(task, QMP_ERROR_UNREACHABLE, "no such host");
    } else {
        why[0] = g_ascii_tolower(why[0]);
        fail(task, QMP_ERROR_UNREACHABLE, why);
    }
}

static void tcp_connected(GObject *source, GAsyncResult *result,
                          gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(source), result,
                                               &error);
    const QmpAddress *address = address_of(task);
    QmpTransport *transport;
    GSocket *socket;
    int one = 1;
    int fd;

    if (!connection) {
        fail_tcp(task, error);
        return;
    }
    /* A duplicate of its own lives on when the connection object goes. */
    socket = g_socket_connection_get_socket(connection);
    fd = fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        fail_errno(task, errno);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    transport = transport_new(fd);
    if (address->kind == QMP_ADDRESS_TLS) {
        transport->tls = qmp_tls_new(fd, address->host, address->credentials);
    }
    succeed(task, transport);
}

static void open_tcp(GTask *task)
{
    const Target *target = g_task_get_task_data(task);
    g_autoptr(GSocketClient) client = g_socket_client_new();

    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_connect_to_host_async(
        client, target->address->host, target->address->port,
        target->cancellable, tcp_connected, g_object_ref(task));
}

static void open_tls(GTask *task)
{
    if (address_of(task)->credentials) {
        open_tcp(task);
    } else {
        fail(task, QMP_ERROR_USAGE, "TLS needs credentials");
    }
}

/* --- fd --- */

/* What is wrong with @fd; NULL: a connected stream socket, with its family. */
static const char *what_is_wrong(int fd, sa_family_t *ret_family)
{
    struct sockaddr_storage name;
    socklen_t n_name = sizeof(name);
    int type;
    socklen_t n_type = sizeof(type);

    if (fcntl(fd, F_GETFD) < 0) {
        return "is not open: the program that starts this one has to pass on "
               "a connected socket with this number";
    }
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n_type) < 0) {
        return "is not a socket";
    }
    if (type != SOCK_STREAM) {
        return "is not a stream socket";
    }
    if (getpeername(fd, (struct sockaddr *)&name, &n_name) < 0) {
        return "is not a connected socket";
    }
    *ret_family = name.ss_family;
    return NULL;
}

static void open_fd(GTask *task)
{
    int fd = address_of(task)->fd;
    sa_family_t family;
    const char *wrong = what_is_wrong(fd, &family);
    QmpTransport *transport;

    if (wrong) {
        fail(task, QMP_ERROR_USAGE, wrong);
        return;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    transport = transport_new(fd);
    if (family == AF_UNIX) {
        transport->carries_fds = true;
        transport->peer_pid = peer_pid_of(fd);
    }
    succeed(task, transport);
}

/* --- exec --- */

static void open_exec(GTask *task)
{
    g_autoptr(QmpTransport) transport = NULL;
    g_autoptr(GError) error = NULL;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
        fail_errno(task, errno);
        return;
    }
    transport = transport_new(fds[0]);
    transport->child = qmp_child_new(address_of(task)->path, fds[1],
                                     transport->context, &error);
    close(fds[1]);
    if (!transport->child) {
        fail(task, QMP_ERROR_UNREACHABLE, error->message);
        return;
    }
    succeed(task, g_steal_pointer(&transport));
}

void qmp_transport_close(QmpTransport *transport)
{
    if (!transport) {
        return;
    }
    qmp_tls_free(transport->tls);
    if (transport->fd >= 0) {
        close(transport->fd);
    }
    qmp_child_free(transport->child);
    g_main_context_unref(transport->context);
    g_free(transport);
}

/* --- all --- */

static void (*const open_kind[])(GTask *task) = {
    [QMP_ADDRESS_UNIX] = open_unix, [QMP_ADDRESS_TCP] = open_tcp,
    [QMP_ADDRESS_TLS] = open_tls,   [QMP_ADDRESS_FD] = open_fd,
    [QMP_ADDRESS_EXEC] = open_exec,
};

void qmp_transport_open_async(const QmpAddress *address,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    Target *target = g_new0(Target, 1);

    target->address = qmp_address_copy(address);
    g_set_object(&target->cancellable, cancellable);
    g_task_set_task_data(task, target, target_free);
    g_task_set_source_tag(task, qmp_transport_open_async);
    open_kind[address->kind](task);
}

QmpTransport *qmp_transport_open_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
