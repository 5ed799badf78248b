/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/link-socket.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "orchestrator/uri.h"

static int connect_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (connect(end, (struct sockaddr *)&address, sizeof(address)) == 0) {
        return end;
    }
    close(end);
    return -1;
}

static int connect_tcp(const char *host, unsigned port)
{
    g_autofree char *service = g_strdup_printf("%u", port);
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int end = -1;

    if (getaddrinfo(host, service, &hints, &found) != 0) {
        return -1;
    }
    for (struct addrinfo *one = found; one && end < 0; one = one->ai_next) {
        end = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (end >= 0 && connect(end, one->ai_addr, one->ai_addrlen) != 0) {
            close(end);
            end = -1;
        }
    }
    freeaddrinfo(found);
    return end;
}

int link_connect(const char *uri_text)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(uri_text, &uri, NULL)) {
        return -1;
    }
    return uri.kind == URI_UNIX ? connect_unix(uri.path)
                                : connect_tcp(uri.host, uri.port);
}

int link_listen_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(listener, SOMAXCONN) == 0) {
        return listener;
    }
    close(listener);
    return -1;
}

int link_listen_tcp(unsigned *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, n) == 0 &&
        listen(listener, SOMAXCONN) == 0 &&
        getsockname(listener, (struct sockaddr *)&address, &n) == 0) {
        *port = ntohs(address.sin_port);
        return listener;
    }
    close(listener);
    return -1;
}

void link_send_at_once(int end)
{
    const int on = 1;
    setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}
