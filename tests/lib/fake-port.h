/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A port of this host that the kernel chooses; who connects is a descriptor. */
#include <fcntl.h>
#include <gio/gio.h>

#include "tests/lib/check.h"

typedef struct {
    GSocketService *service;
    unsigned port;
    void (*came)(int fd, gpointer user_data); /* takes @fd over */
    gpointer user_data;
} FakePort;

static inline gboolean fake_port_came(GSocketService *service,
                                      GSocketConnection *connection,
                                      GObject *source, gpointer data)
{
    FakePort *port = data;
    GSocket *socket = g_socket_connection_get_socket(connection);

    port->came(fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0),
               port->user_data);
    return TRUE;
}

/* @came and @user_data are there. */
static inline void fake_port_listen(FakePort *port)
{
    g_autoptr(GInetAddress) host =
        g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new(host, 0);
    g_autoptr(GSocketAddress) got = NULL;

    port->service = g_socket_service_new();
    assert_true(g_socket_listener_add_address(
        G_SOCKET_LISTENER(port->service), wanted, G_SOCKET_TYPE_STREAM,
        G_SOCKET_PROTOCOL_TCP, NULL, &got, NULL));
    port->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
    g_signal_connect(port->service, "incoming", G_CALLBACK(fake_port_came),
                     port);
}

static inline void fake_port_close(FakePort *port)
{
    g_socket_service_stop(port->service);
    g_socket_listener_close(G_SOCKET_LISTENER(port->service));
    g_clear_object(&port->service);
}
