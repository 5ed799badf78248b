/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/host.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/host-text.h"

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} Address;

/* NULL: it is not numeric.  Free with freeaddrinfo(). */
static struct addrinfo *parse_address(const char *address, uint16_t port,
                                      int type)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
        .ai_socktype = type,
    };
    char service[sizeof("65535")];
    struct addrinfo *found = NULL;
    g_snprintf(service, sizeof(service), "%u", port);
    return getaddrinfo(*address ? address : NULL, service, &hints, &found) == 0
               ? found
               : NULL;
}

static bool is_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    if (!a || a->sa_family != b->sa_family) {
        return false;
    }
    const Address *first = (const Address *)a, *second = (const Address *)b;
    if (a->sa_family == AF_INET) {
        return first->v4.sin_addr.s_addr == second->v4.sin_addr.s_addr;
    }
    /* Link-local addresses may be the same on several interfaces. */
    return a->sa_family == AF_INET6 &&
           memcmp(&first->v6.sin6_addr, &second->v6.sin6_addr,
                  sizeof(first->v6.sin6_addr)) == 0 &&
           first->v6.sin6_scope_id == second->v6.sin6_scope_id;
}

/* ---- which way ---- */

/* Which of our addresses would be the sender's: connecting UDP sends nothing. */
static bool find_own_address(const struct addrinfo *to, Address *ret)
{
    socklen_t n = sizeof(*ret);
    int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_found = fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) == 0 &&
                    getsockname(fd, &ret->any, &n) == 0;
    if (fd >= 0) {
        int saved_errno = errno;
        close(fd);
        errno = saved_errno;
    }
    return is_found;
}

static void find_interface(const Address *own, HostLink *link)
{
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) {
        link->why = g_strerror(errno);
        return;
    }
    link->why = "no interface has the address that it would be sent from";
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        if (is_same_host(one->ifa_addr, &own->any)) {
            g_strlcpy(link->interface, one->ifa_name, sizeof(link->interface));
            link->is_local = one->ifa_flags & IFF_LOOPBACK;
            link->why = NULL;
            break;
        }
    }
    freeifaddrs(all);
}

/* /sys may show another network namespace than ours, with interfaces that are
 * called the same. */
static int64_t read_bits_per_s(const char *root, const char *interface)
{
    g_autofree char *index =
        host_text(root, "/sys/class/net/%s/ifindex", interface);
    g_autofree char *speed =
        host_text(root, "/sys/class/net/%s/speed", interface);
    int64_t mbits_per_s = host_text_number(speed);
    if (host_text_number(index) != (int64_t)if_nametoindex(interface) ||
        mbits_per_s <= 0 || mbits_per_s > INT64_MAX / 1000000) {
        return HOST_UNKNOWN;
    }
    return mbits_per_s * 1000000;
}

HostLink host_link_to(const char *root, const char *address)
{
    HostLink link = { .bits_per_s = HOST_UNKNOWN };
    struct addrinfo *to =
        *address ? parse_address(address, 9, SOCK_DGRAM) : NULL;
    Address own = { 0 };
    if (!to) {
        link.why = "it is not a numeric address";
    } else if (!find_own_address(to, &own)) {
        link.why = g_strerror(errno);
    } else {
        find_interface(&own, &link);
        /* What goes to an address of our own does not leave. */
        link.is_local |= is_same_host(to->ai_addr, &own.any);
    }
    if (link.interface[0] && !link.is_local) {
        link.bits_per_s = read_bits_per_s(root, link.interface);
    }
    if (to) {
        freeaddrinfo(to);
    }
    return link;
}

/* ---- who may listen ---- */

/*
 * Like QEMU, which binds IPv6 together with IPv4 and, where that is taken,
 * alone: so the latter decides.  With SO_REUSEADDR we are in nobody's way.
 */
static int try_to_bind(const struct addrinfo *to)
{
    const int on = 1;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    int error = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (to->ai_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
        bind(fd, to->ai_addr, to->ai_addrlen) != 0) {
        error = errno;
    }
    close(fd);
    return error;
}

static HostAnswer answer_of(int error)
{
    switch (error) {
    case 0:
        return ANSWER_YES;
    case EADDRINUSE:
    case EAFNOSUPPORT:
        return ANSWER_NO;
    default:
        return ANSWER_UNKNOWN;
    }
}

HostAnswer host_can_bind(const char *address, uint16_t port,
                         const char **ret_why)
{
    struct addrinfo *all = parse_address(address, port, SOCK_STREAM);
    if (!all) {
        *ret_why = "it is not a numeric address";
        return ANSWER_UNKNOWN;
    }
    int error = try_to_bind(all);
    /* One of the families is enough. */
    for (struct addrinfo *to = all->ai_next; error && to; to = to->ai_next) {
        if (try_to_bind(to) == 0) {
            error = 0;
        }
    }
    freeaddrinfo(all);
    *ret_why = error ? g_strerror(error) : NULL;
    return answer_of(error);
}
