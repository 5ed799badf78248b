/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/lab/link-private.h"
#include "tools/lab/link-socket.h"

#define SEND_BYTES (256 * 1024) /* a kernel may hold megabytes that seem sent */
#define TARGET_MS  10000        /* until the destination's address is known */

Link *link_new(void)
{
    Link *link = g_new0(Link, 1);
    g_mutex_init(&link->mutex);
    g_cond_init(&link->changed);
    link->listener = -1;
    link->ways = g_ptr_array_new();
    return link;
}

/* ---- what is told ---- */

/* With the lock.  A reset is what a connection gets that is closed unread. */
static void break_ways(Link *link, bool by_reset)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    for (guint i = 0; i < link->ways->len; i++) {
        Way *way = link->ways->pdata[i];
        for (int end = 0; end < 2; end++) {
            if (by_reset) {
                setsockopt(way->ends[end], SOL_SOCKET, SO_LINGER, &at_once,
                           sizeof(at_once));
            }
            shutdown(way->ends[end], SHUT_RDWR);
        }
    }
}

void link_do(Link *link, LinkVerb verb, uint64_t number)
{
    g_mutex_lock(&link->mutex);
    switch (verb) {
    case LINK_CUT:
        link->refuses = true;
        break_ways(link, false);
        break;
    case LINK_RESET:
        break_ways(link, true);
        break;
    case LINK_DROP:
        link->drops = true;
        break;
    case LINK_RESTORE:
        link->refuses = link->drops = false;
        break;
    case LINK_RATE:
        link->rate_bytes_per_s = number;
        link->free_us = 0;
        break;
    case LINK_DELAY:
        link->delay_us = number;
        break;
    case LINK_SPLIT:
        link->piece_bytes = number;
        break;
    }
    g_cond_broadcast(&link->changed);
    g_mutex_unlock(&link->mutex);
}

void link_set_target(Link *link, const char *uri)
{
    g_mutex_lock(&link->mutex);
    if (g_strcmp0(link->target, uri) != 0) {
        g_free(link->target);
        link->target = g_strdup(uri);
    }
    g_cond_broadcast(&link->changed);
    g_mutex_unlock(&link->mutex);
}

/* ---- connections ---- */

/* The destination's address, for g_free(); NULL: nobody shall get through. */
static char *wait_target(Link *link)
{
    int64_t until_us = g_get_monotonic_time() + TARGET_MS * 1000;
    g_mutex_lock(&link->mutex);
    while (!link->target && !link->is_closed &&
           g_cond_wait_until(&link->changed, &link->mutex, until_us)) {
    }
    char *target =
        link->refuses || link->is_closed ? NULL : g_strdup(link->target);
    g_mutex_unlock(&link->mutex);
    return target;
}

static void pass_on(Link *link, int source)
{
    g_autofree char *target = wait_target(link);
    int destination = target ? link_connect(target) : -1;
    const int size = SEND_BYTES;

    if (destination < 0) {
        close(source);
        return;
    }
    link_send_at_once(source); /* each piece by itself */
    link_send_at_once(destination);
    setsockopt(source, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(destination, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    Way *way = g_new(Way, 1);
    *way = (Way){ link, { source, destination }, 2 };
    g_mutex_lock(&link->mutex);
    g_ptr_array_add(link->ways, way);
    g_mutex_unlock(&link->mutex);
    link_start_pump(way, 0);
    link_start_pump(way, 1);
}

static gpointer run_acceptor(gpointer user_data)
{
    Link *link = user_data;
    for (;;) {
        int source = accept4(link->listener, NULL, NULL, SOCK_CLOEXEC);
        if (source >= 0) {
            pass_on(link, source);
        } else if (errno != EINTR) {
            return NULL; /* it was shut down */
        }
    }
}

char *link_listen(Link *link, const char *folder, gboolean is_tcp,
                  GError **error)
{
    g_autofree char *path = g_build_filename(folder, "link", NULL);
    unsigned port = 0;

    link->listener = is_tcp ? link_listen_tcp(&port) : link_listen_unix(path);
    if (link->listener < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "the link cannot listen: %s", g_strerror(errno));
        return NULL;
    }
    link->acceptor = g_thread_new("link", run_acceptor, link);
    return is_tcp ? g_strdup_printf("tcp:127.0.0.1:%u", port)
                  : g_strdup_printf("unix:%s", path);
}

void link_free(Link *link)
{
    g_mutex_lock(&link->mutex);
    link->is_closed = true;
    link->rate_bytes_per_s = link->delay_us = 0;
    break_ways(link, false);
    g_cond_broadcast(&link->changed);
    g_mutex_unlock(&link->mutex);
    if (link->acceptor) {
        shutdown(link->listener, SHUT_RDWR);
        g_thread_join(link->acceptor);
    }
    g_mutex_lock(&link->mutex);
    break_ways(link, false);
    while (link->ways->len > 0) {
        g_cond_wait(&link->changed, &link->mutex);
    }
    g_mutex_unlock(&link->mutex);
    if (link->listener >= 0) {
        close(link->listener);
    }
    g_ptr_array_unref(link->ways);
    g_free(link->target);
    g_mutex_clear(&link->mutex);
    g_cond_clear(&link->changed);
    g_free(link);
}
