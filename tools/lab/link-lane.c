/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One direction of a connection: late, slow, in pieces, or not at all. */
#include <sys/socket.h>
#include <unistd.h>

#include "tools/lab/link-private.h"

#define CHUNK 16384

typedef struct {
    Way *way;
    int from; /* which of the ends is read */
} Pump;

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

void link_start_pump(Way *way, int from)
{
    Pump *pump = g_new(Pump, 1);
    *pump = (Pump){ way, from };
    g_thread_unref(g_thread_new("link-pump", run_pump, pump));
}
