/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pump between two sockets with a buffer for each direction, which is read into
 * only when it is empty.  gnutls keeps what it has decrypted and we have not
 * taken, so a socket that has nothing to read does not say that nothing is there.
 */
#include "qmp/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/tls-credentials.h"

#define BUFFER_BYTES (16u * 1024) /* a record has no more */
#define ROUNDS_MAX   64 /* then others on this GMainContext have their turn */

/*
 * QEMU 7.2 looks at a record when the next one comes.  So behind each message goes
 * one that is nothing to a parser; a line feed ends a message, and is nowhere in
 * it.
 */
#define NUDGE '\n'

typedef struct {
    char bytes[BUFFER_BYTES];
    size_t at, end; /* what is left is between them */
} Buffer;

struct QmpTls {
    int fd;    /* to the peer */
    int inner; /* our end of the plain pair; -1: nobody listens there */
    int plain; /* the other end, until it is stolen */
    bool is_shaken, has_heard, is_over;
    bool is_nudge; /* what is in out, or was last */
    char *host;
    gnutls_session_t session;
    QmpTlsCredentials credentials;
    Buffer out, in; /* to the peer, and from it */
    GSource *source;
    gpointer fd_watch, inner_watch;
    GError *error;    /* why it is over */
    QmpTlsDone *done; /* NULL: it was called */
    gpointer user_data;
};

static bool is_empty(const Buffer *buffer)
{
    return buffer->at == buffer->end;
}

static void fill(Buffer *buffer, size_t n)
{
    buffer->at = 0;
    buffer->end = n;
}

/* --- the end --- */

/* Whoever reads the plain socket finds its end behind what came before. */
static void stop(QmpTls *tls)
{
    tls->is_over = true;
    shutdown(tls->inner, SHUT_RDWR);
}

/* @why is taken over. */
static void fail(QmpTls *tls, char *why)
{
    g_set_error_literal(&tls->error, QMP_ERROR, QMP_ERROR_UNREACHABLE, why);
    g_free(why);
    stop(tls);
}

/* gnutls says @result.  Will it go on? */
static bool goes_on(QmpTls *tls, int result)
{
    if (gnutls_error_is_fatal(result)) {
        fail(tls, qmp_tls_explain(tls->session, result,
                                  tls->credentials.psk ? NULL : tls->host));
        return false;
    }
    return result != GNUTLS_E_AGAIN;
}

/* --- one step each: did anything move? --- */

static void put_nudge(QmpTls *tls)
{
    tls->out.bytes[0] = NUDGE;
    fill(&tls->out, 1);
    tls->is_nudge = true;
}

static bool shake(QmpTls *tls)
{
    int result = gnutls_handshake(tls->session);
    if (result < 0) {
        return goes_on(tls, result);
    }
    tls->is_shaken = true;
    put_nudge(tls);
    return true;
}

static bool send_out(QmpTls *tls)
{
    Buffer *out = &tls->out;
    if (is_empty(out)) {
        return false;
    }
    ssize_t n = gnutls_record_send(tls->session, out->bytes + out->at,
                                   out->end - out->at);
    if (n < 0) {
        return goes_on(tls, (int)n);
    }
    out->at += n;
    if (is_empty(out) && out->bytes[out->end - 1] == '\n' && !tls->is_nudge) {
        put_nudge(tls);
    }
    return true;
}

static bool take_plain(QmpTls *tls)
{
    if (!is_empty(&tls->out)) {
        return false;
    }
    ssize_t n = recv(tls->inner, tls->out.bytes, BUFFER_BYTES, MSG_DONTWAIT);
    if (n == 0) {
        gnutls_bye(tls->session, GNUTLS_SHUT_WR);
        stop(tls);
    }
    fill(&tls->out, MAX(n, 0));
    tls->is_nudge = false;
    return n > 0;
}

/* A peer that does not know us says so only here: with TLS 1.3 our part of the
 * handshake is over before it has looked at our certificate. */
static void hear_the_end(QmpTls *tls)
{
    fail(tls, tls->has_heard
                  ? g_strdup("closed by the peer")
                  : g_strdup("the peer closed the connection after the "
                             "handshake: it does not take our certificate, or "
                             "we have none"));
}

static bool receive_in(QmpTls *tls)
{
    if (!is_empty(&tls->in)) {
        return false;
    }
    ssize_t n = gnutls_record_recv(tls->session, tls->in.bytes, BUFFER_BYTES);
    if (n == 0 || n == GNUTLS_E_PREMATURE_TERMINATION ||
        n == GNUTLS_E_PULL_ERROR) {
        hear_the_end(tls);
        return false;
    }
    if (n < 0) {
        return goes_on(tls, (int)n);
    }
    fill(&tls->in, n);
    tls->has_heard = true;
    return true;
}

static bool give_plain(QmpTls *tls)
{
    Buffer *in = &tls->in;
    if (is_empty(in)) {
        return false;
    }
    ssize_t n = send(tls->inner, in->bytes + in->at, in->end - in->at,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        stop(tls);
    }
    in->at += MAX(n, 0);
    return n > 0;
}

/* --- all of them --- */

static bool step(QmpTls *tls)
{
    static bool (*const steps[])(QmpTls * tls) = { send_out, take_plain,
                                                   receive_in, give_plain };
    bool has_moved = false;
    if (!tls->is_shaken) {
        return shake(tls);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(steps) && !tls->is_over; i++) {
        has_moved |= steps[i](tls);
    }
    return has_moved && !tls->is_over;
}

static void watch(QmpTls *tls)
{
    GIOCondition fd = 0, inner = 0;
    if (!tls->is_over) {
        bool wants_out =
            !is_empty(&tls->out) ||
            (!tls->is_shaken && gnutls_record_get_direction(tls->session) == 1);
        fd = (is_empty(&tls->in) ? G_IO_IN : 0) | (wants_out ? G_IO_OUT : 0);
        inner = (tls->is_shaken && is_empty(&tls->out) ? G_IO_IN : 0) |
                (is_empty(&tls->in) ? 0 : G_IO_OUT);
    }
    g_source_modify_unix_fd(tls->source, tls->fd_watch, fd);
    g_source_modify_unix_fd(tls->source, tls->inner_watch, inner);
}

/* The last thing in a turn: @tls may be freed in here. */
static void report(QmpTls *tls)
{
    QmpTlsDone *done = tls->done;
    if (done && (tls->is_over || tls->has_heard)) {
        tls->done = NULL;
        done(tls->has_heard ? NULL : tls->error, tls->user_data);
    }
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    QmpTls *tls = data;
    int rounds = 0;

    while (!tls->is_over && rounds < ROUNDS_MAX && step(tls)) {
        rounds++;
    }
    /* What gnutls holds back does not wake us. */
    g_source_set_ready_time(source, rounds == ROUNDS_MAX ? 0 : -1);
    watch(tls);
    report(tls);
    return G_SOURCE_CONTINUE;
}

static void attach(QmpTls *tls)
{
    static GSourceFuncs funcs = { .dispatch = dispatch };
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

    tls->source = g_source_new(&funcs, sizeof(GSource));
    /* for its data: dispatch() calls nobody */
    g_source_set_callback(tls->source, G_SOURCE_FUNC(report), tls, NULL);
    tls->fd_watch =
        g_source_add_unix_fd(tls->source, tls->fd, G_IO_IN | G_IO_OUT);
    tls->inner_watch = g_source_add_unix_fd(tls->source, tls->inner, 0);
    g_source_attach(tls->source, context);
}

static bool open_session(QmpTls *tls, GError **error)
{
    struct in6_addr address;
    bool is_address = inet_pton(AF_INET, tls->host, &address) == 1 ||
                      inet_pton(AF_INET6, tls->host, &address) == 1;

    gnutls_init(&tls->session,
                GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    if (!qmp_tls_credentials_use(&tls->credentials, tls->session)) {
        g_set_error_literal(error, QMP_ERROR, QMP_ERROR_USAGE,
                            "gnutls cannot do what it takes here");
        return false;
    }
    if (tls->credentials.x509) {
        gnutls_session_set_verify_cert(tls->session, tls->host, 0);
    }
    if (!is_address) {
        gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, tls->host,
                               strlen(tls->host));
    }
    gnutls_transport_set_int(tls->session, tls->fd);
    return true;
}

static bool open_pair(QmpTls *tls, GError **error)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
        g_set_error_literal(error, QMP_ERROR, QMP_ERROR_USAGE,
                            g_strerror(errno));
        return false;
    }
    tls->inner = fds[0];
    tls->plain = fds[1];
    return true;
}

QmpTls *qmp_tls_new(int fd, const char *host, const char *folder,
                    QmpTlsDone *done, gpointer user_data, GError **error)
{
    QmpTls *tls = g_new0(QmpTls, 1);

    fcntl(fd, F_SETFL, O_NONBLOCK);
    tls->fd = fd;
    tls->inner = tls->plain = -1;
    tls->host = g_strdup(host);
    tls->done = done;
    tls->user_data = user_data;
    if (!qmp_tls_credentials_load(folder, &tls->credentials, error) ||
        !open_session(tls, error) || !open_pair(tls, error)) {
        qmp_tls_free(tls);
        return NULL;
    }
    attach(tls);
    return tls;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

/* What was written last may lie in the plain pair still. */
static void drain(QmpTls *tls)
{
    while (tls->source && tls->is_shaken && !tls->is_over &&
           (send_out(tls) || take_plain(tls))) {
    }
}

void qmp_tls_free(QmpTls *tls)
{
    if (!tls) {
        return;
    }
    drain(tls);
    if (tls->source) {
        g_source_destroy(tls->source);
        g_source_unref(tls->source);
    }
    g_clear_pointer(&tls->session, gnutls_deinit);
    qmp_tls_credentials_clear(&tls->credentials);
    close_if_open(tls->fd);
    close_if_open(tls->inner);
    close_if_open(tls->plain);
    g_clear_error(&tls->error);
    g_free(tls->host);
    g_free(tls);
}

int qmp_tls_steal_fd(QmpTls *tls)
{
    int fd = tls->plain;
    tls->plain = -1;
    return fd;
}
