/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The read side costs one recv() for a reply and parses it where it lies; only
 * a message that came in pieces is put together in a buffer.  The write side
 * sends at once, and asks for POLLOUT only while something is left over.
 */
#include "qmp/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/error.h"

#define CHUNK_BYTES (64u * 1024)
#define CHUNKS_MAX  16 /* then others on this GMainContext have their turn */
#define KEPT_BYTES  (1024u * 1024) /* of a buffer, from message to message */
#define QUOTE_BYTES 60

typedef struct {
    GList link;
    char *text;
    size_t n;
    size_t n_sent;
    int fd;
} Piece;

struct QmpWire {
    int fd;      /* -1: shut */
    QmpTls *tls; /* NULL: the socket itself */
    GSource *source;
    gpointer watch;
    GIOCondition watched;
    const QmpWireFuncs *funcs;
    gpointer user_data;
    GQueue pieces;
    bool is_deaf; /* the peer takes nothing any more */
    QmpFramer framer;
    GByteArray *partial;
    int64_t arrival_us;
    char chunk[CHUNK_BYTES];
};

QmpWire *qmp_wire_new(int fd, QmpTls *tls, GSource *source,
                      const QmpWireFuncs *funcs, gpointer user_data)
{
    QmpWire *wire = g_new(QmpWire, 1);

    /* Not the chunk: 64 KiB of zeros would be for nothing. */
    memset(wire, 0, offsetof(QmpWire, chunk));
    wire->fd = fd;
    wire->tls = tls;
    wire->source = g_source_ref(source);
    wire->watched = tls ? G_IO_IN | G_IO_OUT : G_IO_IN;
    wire->watch = g_source_add_unix_fd(source, fd, wire->watched);
    wire->funcs = funcs;
    wire->user_data = user_data;
    wire->partial = g_byte_array_new();
    return wire;
}

static void piece_free(Piece *piece)
{
    if (piece->fd >= 0) {
        close(piece->fd);
    }
    g_free(piece->text);
    g_free(piece);
}

static void drop_pieces(QmpWire *wire)
{
    Piece *piece;

    while ((piece = g_queue_peek_head(&wire->pieces))) {
        g_queue_unlink(&wire->pieces, &piece->link);
        piece_free(piece);
    }
}

void qmp_wire_shut(QmpWire *wire)
{
    if (wire->fd >= 0) {
        g_source_remove_unix_fd(wire->source, wire->watch);
        wire->fd = -1;
        wire->tls = NULL;
        drop_pieces(wire);
    }
}

void qmp_wire_free(QmpWire *wire)
{
    if (wire) {
        qmp_wire_shut(wire);
        g_source_unref(wire->source);
        g_byte_array_unref(wire->partial);
        g_free(wire);
    }
}

/* --- writing --- */

static ssize_t send_with_fd(int fd, const char *data, size_t n, int passed)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec part = { (void *)data, n };
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control.space),
    };

    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &passed, sizeof(int));
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t send_some(const QmpWire *wire, const Piece *piece)
{
    const char *data = piece->text + piece->n_sent;
    size_t n = piece->n - piece->n_sent;
    ssize_t n_sent;

    do {
        /* MSG_DONTWAIT, for O_NONBLOCK would change an inherited fd for its
         * other holders too. */
        if (wire->tls) {
            n_sent = qmp_tls_send(wire->tls, data, n);
        } else if (piece->fd >= 0) {
            n_sent = send_with_fd(wire->fd, data, n, piece->fd);
        } else {
            n_sent = send(wire->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    } while (n_sent < 0 && errno == EINTR);
    return n_sent;
}

/* Is the whole of @piece on its way? */
static bool send_piece(QmpWire *wire, Piece *piece)
{
    while (piece->n_sent < piece->n) {
        ssize_t n_sent = send_some(wire, piece);

        if (n_sent < 0) {
            /*
             * Not the end yet: what QEMU said before it went lies in the
             * socket, and the end stands behind it.
             */
            wire->is_deaf = errno != EAGAIN && errno != EWOULDBLOCK;
            return false;
        }
        piece->n_sent += n_sent;
        if (piece->fd >= 0) {
            close(piece->fd);
            piece->fd = -1;
        }
    }
    return true;
}

static bool is_shaking_hands(const QmpWire *wire)
{
    return wire->tls && !qmp_tls_is_ready(wire->tls);
}

static void watch(QmpWire *wire)
{
    bool wants_out = (wire->pieces.head && !is_shaking_hands(wire)) ||
                     (wire->tls && qmp_tls_wants_write(wire->tls));
    GIOCondition wanted = wants_out ? G_IO_IN | G_IO_OUT : G_IO_IN;

    if (wire->watched != wanted) {
        wire->watched = wanted;
        g_source_modify_unix_fd(wire->source, wire->watch, wanted);
    }
}

static void flush(QmpWire *wire)
{
    Piece *piece;

    while ((piece = g_queue_peek_head(&wire->pieces)) &&
           send_piece(wire, piece)) {
        g_queue_unlink(&wire->pieces, &piece->link);
        piece_free(piece);
    }
    if (wire->is_deaf) {
        drop_pieces(wire);
    }
    watch(wire);
}

static void put_in_queue(QmpWire *wire, const Piece *piece)
{
    Piece *queued = g_memdup2(piece, sizeof(*piece));

    queued->link.data = queued;
    g_queue_push_tail_link(&wire->pieces, &queued->link);
    watch(wire);
}

void qmp_wire_send(QmpWire *wire, char *text, int fd)
{
    Piece piece = { .text = text, .n = strlen(text), .fd = fd };
    bool is_next = !wire->pieces.head && !is_shaking_hands(wire);

    if (wire->fd >= 0 && !wire->is_deaf &&
        !(is_next && send_piece(wire, &piece)) && !wire->is_deaf) {
        put_in_queue(wire, &piece);
        return;
    }
    if (piece.fd >= 0) {
        close(piece.fd);
    }
    g_free(text);
}

/* --- reading --- */

static void end(QmpWire *wire, QmpError code, const char *what)
{
    g_autoptr(GError) error = g_error_new_literal(QMP_ERROR, code, what);

    wire->funcs->ended(error, wire->user_data);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void deliver(QmpWire *wire, const char *text, size_t n)
{
    while (n && is_blank(*text)) {
        text++;
        n--;
    }
    /* It ends in its bracket. */
    wire->funcs->message(text, n, wire->arrival_us, wire->user_data);
}

static void deliver_partial(QmpWire *wire)
{
    deliver(wire, (const char *)wire->partial->data, wire->partial->len);
    if (wire->partial->len > KEPT_BYTES) {
        g_byte_array_unref(wire->partial);
        wire->partial = g_byte_array_new();
    } else {
        g_byte_array_set_size(wire->partial, 0);
    }
}

/* The start of what came, for people: one line of printable characters. */
static char *quote(QmpWire *wire, const char *data, size_t n)
{
    GString *quoted = g_string_new(NULL);
    size_t i = 0;

    g_byte_array_append(wire->partial, (const guint8 *)data,
                        MIN(n, QUOTE_BYTES));
    data = (const char *)wire->partial->data;
    n = MIN(wire->partial->len, QUOTE_BYTES);
    while (i < n && is_blank(data[i])) {
        i++;
    }
    for (; i < n && data[i] != '\r' && data[i] != '\n'; i++) {
        g_string_append_c(quoted, g_ascii_isprint(data[i]) ? data[i] : '?');
    }
    return g_string_free(quoted, FALSE);
}

static void refuse(QmpWire *wire, QmpFrame frame, const char *data, size_t n)
{
    g_autofree char *start = quote(wire, data, n);
    g_autofree char *what =
        g_strdup_printf("%s: \"%s\"", qmp_frame_to_string(frame), start);

    end(wire, QMP_ERROR_PROTOCOL, what);
}

/* Cuts @data into messages; a callback may shut the wire between two. */
static void take_in(QmpWire *wire, const char *data, size_t n)
{
    while (n && wire->fd >= 0) {
        size_t used;
        QmpFrame frame = qmp_framer_push(&wire->framer, data, n, &used);

        if (frame == QMP_FRAME_COMPLETE && !wire->partial->len) {
            deliver(wire, data, used);
        } else if (frame == QMP_FRAME_COMPLETE) {
            g_byte_array_append(wire->partial, (const guint8 *)data, used);
            deliver_partial(wire);
        } else if (frame != QMP_FRAME_PARTIAL) {
            refuse(wire, frame, data, n);
            return;
        } else if (wire->framer.depth) {
            g_byte_array_append(wire->partial, (const guint8 *)data, used);
        }
        data += used;
        n -= used;
    }
}

static void end_of_stream(QmpWire *wire, int error_number)
{
    if (wire->framer.depth) {
        end(wire, QMP_ERROR_CLOSED,
            "closed by the peer in the middle of a message");
    } else if (error_number) {
        g_autofree char *what =
            wire->tls ? g_strdup(qmp_tls_why(wire->tls))
                      : g_strdup_printf("lost: %s", g_strerror(error_number));

        end(wire, QMP_ERROR_CLOSED, what);
    } else {
        end(wire, QMP_ERROR_CLOSED, "closed by the peer");
    }
}

/* May there be more? */
static bool receive(QmpWire *wire)
{
    ssize_t n;

    do {
        n = wire->tls
                ? qmp_tls_recv(wire->tls, wire->chunk, sizeof(wire->chunk))
                : recv(wire->fd, wire->chunk, sizeof(wire->chunk),
                       MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        wire->arrival_us = g_get_monotonic_time();
        take_in(wire, wire->chunk, n);
    } else if (n == 0) {
        end_of_stream(wire, 0);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
        end_of_stream(wire, errno);
    }
    return wire->fd >= 0 && (wire->tls ? n > 0 : n == sizeof(wire->chunk));
}

static void receive_all(QmpWire *wire)
{
    for (int i = 0; receive(wire); i++) {
        /* What TLS holds back would not wake us up. */
        if (i + 1 >= CHUNKS_MAX &&
            !(wire->tls && qmp_tls_has_pending(wire->tls))) {
            return;
        }
    }
}

/* Is the handshake done? */
static bool shake_hands(QmpWire *wire)
{
    g_autoptr(GError) error = NULL;

    if (!qmp_tls_shake_hands(wire->tls, &error)) {
        wire->funcs->ended(error, wire->user_data);
        return false;
    }
    watch(wire);
    return qmp_tls_is_ready(wire->tls);
}

/* Each way may have to wait for the other one, so both are tried. */
static void dispatch_tls(QmpWire *wire)
{
    if (is_shaking_hands(wire) && !shake_hands(wire)) {
        return;
    }
    flush(wire);
    receive_all(wire);
    if (wire->fd >= 0) {
        watch(wire);
    }
}

void qmp_wire_dispatch(QmpWire *wire)
{
    GIOCondition ready = g_source_query_unix_fd(wire->source, wire->watch);

    if (wire->tls) {
        if (ready) {
            dispatch_tls(wire);
        }
        return;
    }
    if (ready & G_IO_OUT) {
        flush(wire);
    }
    if (ready & ~G_IO_OUT) {
        receive_all(wire);
    }
}
