/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/fake-tls.h"

#include <glib-unix.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/check.h"
#include "tests/lib/fake-port.h"

struct FakeTls {
    FakeTlsWays ways;
    FakePort port;
    gnutls_certificate_credentials_t x509;
    gnutls_psk_server_credentials_t psk;
    gnutls_session_t session;
    int client, qemu; /* -1: there is none any more */
    GSource *of_client, *of_qemu;
    GByteArray *out; /* to the client */
    GByteArray *in;  /* to the FakeQemu */
    bool is_held, is_ready, has_failed, is_left;
};

/* --- watching --- */

static gboolean client_ready(int fd, GIOCondition condition, gpointer data);
static gboolean qemu_ready(int fd, GIOCondition condition, gpointer data);

static void unwatch(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static void watch_fd(GSource **source, int fd, GIOCondition condition,
                     GUnixFDSourceFunc ready, FakeTls *tls)
{
    unwatch(source);
    if (fd >= 0 && condition) {
        *source = g_unix_fd_source_new(fd, condition);
        g_source_set_callback(*source, G_SOURCE_FUNC(ready), tls, NULL);
        g_source_attach(*source, g_main_context_get_thread_default());
    }
}

static void watch(FakeTls *tls)
{
    GIOCondition condition = tls->is_held ? 0 : G_IO_IN;

    if (!tls->is_ready) {
        condition = tls->session && gnutls_record_get_direction(tls->session)
                        ? G_IO_OUT
                        : G_IO_IN;
    } else if (tls->out->len) {
        condition |= G_IO_OUT;
    }
    watch_fd(&tls->of_client, tls->client, condition, client_ready, tls);
    watch_fd(&tls->of_qemu, tls->qemu,
             (tls->is_ready && !tls->out->len ? G_IO_IN : 0) |
                 (tls->in->len ? G_IO_OUT : 0),
             qemu_ready, tls);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void drop(FakeTls *tls)
{
    unwatch(&tls->of_client);
    unwatch(&tls->of_qemu);
    close_fd(&tls->client);
    close_fd(&tls->qemu);
}

/* --- passing on --- */

static void write_out(FakeTls *tls)
{
    while (tls->out->len) {
        ssize_t n =
            gnutls_record_send(tls->session, tls->out->data, tls->out->len);

        if (n < 0 && !gnutls_error_is_fatal(n)) {
            return;
        }
        if (n < 0) {
            drop(tls);
            return;
        }
        g_byte_array_remove_range(tls->out, 0, n);
    }
}

static void pass_on(FakeTls *tls)
{
    ssize_t n = send(tls->qemu, tls->in->data, tls->in->len,
                     MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0) {
        g_byte_array_remove_range(tls->in, 0, n);
    }
}

static gboolean qemu_ready(int fd, GIOCondition condition, gpointer data)
{
    FakeTls *tls = data;
    char bytes[65536];
    ssize_t n;

    if (tls->in->len) {
        pass_on(tls);
    }
    n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n > 0) {
        g_byte_array_append(tls->out, (guint8 *)bytes, n);
        write_out(tls);
    } else if (n == 0) {
        if (!tls->ways.hangs_up_rudely) {
            gnutls_bye(tls->session, GNUTLS_SHUT_WR);
        }
        drop(tls);
    }
    watch(tls);
    return G_SOURCE_CONTINUE;
}

static void read_all(FakeTls *tls)
{
    char bytes[16384];
    ssize_t n;

    do {
        n = gnutls_record_recv(tls->session, bytes,
                               tls->ways.takes_bytes ? 1 : sizeof(bytes));
        if (n > 0) {
            g_byte_array_append(tls->in, (guint8 *)bytes, n);
        }
    } while (n > 0 && !tls->ways.takes_bytes);
    if (tls->in->len) {
        pass_on(tls);
    }
    if (n == 0 || (n < 0 && gnutls_error_is_fatal(n))) {
        tls->is_left = n == 0;
        drop(tls);
    }
}

static void shake_hands(FakeTls *tls)
{
    int code = gnutls_handshake(tls->session);

    if (code == 0) {
        tls->is_ready = true;
    } else if (gnutls_error_is_fatal(code)) {
        /* As QEMU does: no alert. */
        tls->has_failed = true;
        drop(tls);
    }
}

static gboolean client_ready(int fd, GIOCondition condition, gpointer data)
{
    FakeTls *tls = data;

    if (!tls->is_ready) {
        shake_hands(tls);
    } else {
        write_out(tls);
        if (tls->client >= 0 && !tls->is_held) {
            read_all(tls);
        }
    }
    watch(tls);
    return G_SOURCE_CONTINUE;
}

/* --- a client comes --- */

static void start_session(FakeTls *tls)
{
    gnutls_init(&tls->session, GNUTLS_SERVER | GNUTLS_NONBLOCK);
    assert_int_equal(gnutls_priority_set_direct(
                         tls->session,
                         tls->ways.priority ? tls->ways.priority
                         : tls->psk ? "NORMAL:-KX-ALL:+ECDHE-PSK:+DHE-PSK:+PSK"
                                    : "NORMAL",
                         NULL),
                     0);
    if (tls->psk) {
        gnutls_credentials_set(tls->session, GNUTLS_CRD_PSK, tls->psk);
    } else {
        gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls->x509);
    }
    if (tls->ways.wants_client) {
        gnutls_certificate_server_set_request(tls->session,
                                              GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_cert(tls->session, NULL, 0);
    }
    if (tls->ways.record_bytes) {
        gnutls_record_set_max_size(tls->session, tls->ways.record_bytes);
    }
    gnutls_transport_set_int(tls->session, tls->client);
}

static void came(int fd, gpointer data)
{
    FakeTls *tls = data;

    assert_null(tls->session);
    tls->client = fd;
    start_session(tls);
    watch(tls);
}

static void load(FakeTls *tls, const char *folder)
{
    g_autofree char *keys = g_build_filename(folder, "keys.psk", NULL);
    g_autofree char *ca = g_build_filename(folder, "ca-cert.pem", NULL);
    g_autofree char *cert = g_build_filename(folder, "server-cert.pem", NULL);
    g_autofree char *key = g_build_filename(folder, "server-key.pem", NULL);

    if (g_file_test(keys, G_FILE_TEST_EXISTS)) {
        gnutls_psk_allocate_server_credentials(&tls->psk);
        gnutls_psk_set_server_credentials_file(tls->psk, keys);
        return;
    }
    gnutls_certificate_allocate_credentials(&tls->x509);
    assert_int_equal(gnutls_certificate_set_x509_trust_file(
                         tls->x509, ca, GNUTLS_X509_FMT_PEM),
                     1);
    assert_true(gnutls_certificate_set_x509_key_file(tls->x509, cert, key,
                                                     GNUTLS_X509_FMT_PEM) >= 0);
}

FakeTls *fake_tls_new(FakeQemu *qemu, const char *folder,
                      const FakeTlsWays *ways)
{
    FakeTls *tls = g_new0(FakeTls, 1);
    const char *address = fake_qemu_address(qemu);

    if (ways) {
        tls->ways = *ways;
    }
    load(tls, folder);
    tls->out = g_byte_array_new();
    tls->in = g_byte_array_new();
    tls->client = -1;
    assert_true(g_str_has_prefix(address, "fd:"));
    tls->qemu = atoi(address + 3); /* a client's to close */
    tls->port = (FakePort){ .came = came, .user_data = tls };
    fake_port_listen(&tls->port);
    return tls;
}

void fake_tls_free(FakeTls *tls)
{
    drop(tls);
    fake_port_close(&tls->port);
    if (tls->session) {
        gnutls_deinit(tls->session);
    }
    if (tls->x509) {
        gnutls_certificate_free_credentials(tls->x509);
    }
    if (tls->psk) {
        gnutls_psk_free_server_credentials(tls->psk);
    }
    g_byte_array_unref(tls->out);
    g_byte_array_unref(tls->in);
    g_free(tls);
}

/* --- what a test asks --- */

unsigned fake_tls_port(FakeTls *tls)
{
    return tls->port.port;
}

void fake_tls_hold(FakeTls *tls, bool is_held)
{
    tls->is_held = is_held;
    watch(tls);
}

bool fake_tls_is_ready(const FakeTls *tls)
{
    return tls->is_ready;
}

bool fake_tls_has_failed(const FakeTls *tls)
{
    return tls->has_failed;
}

bool fake_tls_is_left(const FakeTls *tls)
{
    return tls->is_left;
}

void fake_tls_update_key(FakeTls *tls)
{
    assert_int_equal(gnutls_session_key_update(tls->session, GNUTLS_KU_PEER),
                     0);
}
