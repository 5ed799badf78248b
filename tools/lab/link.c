/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/lab/link-socket.h"

#define CHUNK      16384
#define SEND_BYTES (256 * 1024) /* a kernel may hold megabytes that seem sent */
#define TARGET_MS  10000        /* until the destination's address is known */

/* Both directions of a connection share it; the last one frees it. */
typedef struct {
    Link *link;
    int ends[2]; /* the source's, the destination's */
    int n_pumps;
} Way;

typedef struct {
    Way *way;
    int from; /* which of the ends is read */
} Pump;

struct Link {
    GMutex mutex;
    GCond changed;
    GThread *acceptor;
    int listener;
    char *target;
    GPtrArray *ways; /* of Way, that live */
    bool is_closed, refuses, drops;
    uint64_t rate_bytes_per_s, delay_us;
    uint64_t piece_bytes; /* as many are sent at once; 0: as they come */
    int64_t free_us;      /* when the wire is free for the next byte */
};

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

/* ---- one direction ---- */

static bool send_all(int end, const char *bytes, size_t n, size_t piece)
{
    while (n > 0) {
        ssize_t sent = send(end, bytes, MIN(n, piece), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        n -= sent;
    }
    return true;
}

/* With the lock: until then, or until the link is closed. */
static void wait_until(Link *link, int64_t time_us)
{
    while (!link->is_closed &&
           g_cond_wait_until(&link->changed, &link->mutex, time_us)) {
    }
}

/* With the lock: until nothing is dropped any more, and then until the wire has
 * taken @n bytes. */
static void wait_turn(Link *link, size_t n)
{
    while (link->drops && !link->is_closed) {
        g_cond_wait(&link->changed, &link->mutex);
    }
    if (link->rate_bytes_per_s > 0) {
        int64_t begin_us = MAX(link->free_us, g_get_monotonic_time());
        link->free_us =
            begin_us + (int64_t)(n * G_USEC_PER_SEC / link->rate_bytes_per_s);
        wait_until(link, link->free_us);
    }
}

/* What was read and not yet brought there. */
typedef struct {
    int64_t due_us;
    size_t n; /* 0: the end of it */
    char bytes[CHUNK];
    size_t piece; /* as many of them are sent at once */
} Chunk;

/* Reads on while earlier chunks are late, as a long wire does. */
typedef struct {
    Link *link;
    int end;
    GQueue chunks; /* of Chunk; with the lock */
} Lane;

static Chunk *next_chunk(Lane *lane)
{
    Link *link = lane->link;
    g_mutex_lock(&link->mutex);
    while (g_queue_is_empty(&lane->chunks)) {
        g_cond_wait(&link->changed, &link->mutex);
    }
    Chunk *chunk = g_queue_pop_head(&lane->chunks);
    g_cond_broadcast(&link->changed);
    chunk->piece = link->piece_bytes ? link->piece_bytes : CHUNK;
    if (chunk->n > 0) {
        wait_until(link, chunk->due_us);
        wait_turn(link, chunk->n);
    }
    g_mutex_unlock(&link->mutex);
    return chunk;
}

static gpointer run_lane(gpointer user_data)
{
    Lane *lane = user_data;
    bool is_open = true, is_over = false;
    while (!is_over) {
        g_autofree Chunk *chunk = next_chunk(lane);
        is_over = chunk->n == 0;
        is_open = is_open &&
                  send_all(lane->end, chunk->bytes, chunk->n, chunk->piece);
    }
    shutdown(lane->end, SHUT_WR);
    return NULL;
}

/* So many wait at most.  Without a delay only a few: what is not sent stays
 * unread; with one more than fits into any delay that is of use. */
#define CHUNKS_MAX   4096
#define CHUNKS_USUAL 8

static bool has_room(const Lane *lane)
{
    return lane->link->is_closed ||
           g_queue_get_length((GQueue *)&lane->chunks) <
               (lane->link->delay_us > 0 ? CHUNKS_MAX : CHUNKS_USUAL);
}

static bool read_chunk(Lane *lane, int from)
{
    Link *link = lane->link;
    Chunk *chunk = g_new(Chunk, 1);
    ssize_t n = recv(from, chunk->bytes, CHUNK, 0);

    chunk->n = n > 0 ? (size_t)n : 0;
    g_mutex_lock(&link->mutex);
    while (!has_room(lane)) {
        g_cond_wait(&link->changed, &link->mutex);
    }
    chunk->due_us = g_get_monotonic_time() + (int64_t)link->delay_us;
    g_queue_push_tail(&lane->chunks, chunk);
    g_cond_broadcast(&link->changed);
    g_mutex_unlock(&link->mutex);
    return n > 0;
}

static void way_unref(Way *way)
{
    Link *link = way->link;
    g_mutex_lock(&link->mutex);
    bool is_last = --way->n_pumps == 0;
    if (is_last) {
        g_ptr_array_remove(link->ways, way);
        close(way->ends[0]);
        close(way->ends[1]);
        g_free(way);
        g_cond_broadcast(&link->changed);
    }
    g_mutex_unlock(&link->mutex);
}

static gpointer run_pump(gpointer user_data)
{
    g_autofree Pump *pump = user_data;
    Way *way = pump->way;
    Lane lane = { .link = way->link,
                  .end = way->ends[!pump->from],
                  .chunks = G_QUEUE_INIT };
    GThread *thread = g_thread_new("link-lane", run_lane, &lane);

    while (read_chunk(&lane, way->ends[pump->from])) {
    }
    g_thread_join(thread);
    way_unref(way);
    return NULL;
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

static void start_pump(Way *way, int from)
{
    Pump *pump = g_new(Pump, 1);
    *pump = (Pump){ way, from };
    g_thread_unref(g_thread_new("link-pump", run_pump, pump));
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
    start_pump(way, 0);
    start_pump(way, 1);
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
