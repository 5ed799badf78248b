/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Monitors that are not believed, that do not believe us, or speak no TLS. */
#include <errno.h>
#include <sys/socket.h>

#include "tests/lib/fake-ca.h"
#include "tests/lib/fake-port.h"
#include "tests/lib/fake-tls.h"
#include "tests/lib/folder.h"
#include "tests/lib/session.h"
#include "tests/peer/qmp/scripts.h"

#define KEY "qemu:00112233445566778899aabbccddeeff\n"

/* One try to connect, which fails in @code with @why. */
static void check_fails(unsigned port, const char *folder, int code,
                        const char *why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpCredentials) credentials =
        qmp_credentials_load(folder, &error);
    g_autofree char *text = g_strdup_printf("tls:127.0.0.1:%u", port);
    g_autofree char *whole = g_strdup_printf("%s: %s", text, why);
    g_autoptr(QmpAddress) address = qmp_address_parse(text, NULL);
    g_autoptr(Session) session = NULL;

    check_no_error(error);
    qmp_address_set_credentials(address, credentials);
    session = session_new_at(address, SESSION_PATIENCE_MS, NULL);
    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, code);
    check_contains(session->error->message, whole);
    assert_int_equal(session->n_closed, 0);
}

static const FakeCertificate good = { .ip = "127.0.0.1" };

static const struct {
    const char *what;
    FakeCertificate server;
    bool is_of_other_ca;
    const char *why;
} certificates[] = {
    { "another host",
      { .dns = "other.example", .ip = "192.0.2.1" },
      false,
      "its certificate is for other.example, 192.0.2.1, not for 127.0.0.1" },
    { "an address as if it were a name",
      { .dns = "127.0.0.1" },
      false,
      "its certificate is for 127.0.0.1, not for 127.0.0.1" },
    { "no host", { 0 }, false, "its certificate is for of a test, not for" },
    { "expired",
      { .ip = "127.0.0.1", .from_days = -3, .until_days = -1 },
      false,
      "its certificate expired at 20" },
    { "not yet valid",
      { .ip = "127.0.0.1", .from_days = 1, .until_days = 2 },
      false,
      "its certificate is not valid before 20" },
    { "revoked",
      { .ip = "127.0.0.1", .is_revoked = true },
      false,
      "its certificate is revoked by " },
    { "signed as it was done long ago",
      { .ip = "127.0.0.1", .is_weak = true },
      false,
      "its certificate is not accepted: The certificate chain uses insecure "
      "algorithm" },
    { "a client's",
      { .ip = "127.0.0.1", .is_client = true },
      false,
      "its certificate is not one of a server" },
    { "of another CA",
      { .ip = "127.0.0.1" },
      true,
      "its certificate is not signed by the CA of " },
};

static void refuses_a_certificate_and_says_why(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(certificates); i++) {
        g_autoptr(FakeCa) ca = fake_ca_new();
        g_autoptr(FakeCa) other = fake_ca_new();
        g_autoptr(FakeQemu) qemu = fake_qemu_new(READY);
        char *server = folder_new(), *client = folder_new();
        const FakeCertificate *what = &certificates[i].server;
        g_autofree char *crl = g_build_filename(server, "ca-crl.pem", NULL);
        g_autofree char *revoked = NULL;

        print_message("%s\n", certificates[i].what);
        fake_ca_put(ca, server);
        fake_ca_issue(ca, server, "server", what);
        fake_ca_put(certificates[i].is_of_other_ca ? other : ca, client);
        if (g_file_get_contents(crl, &revoked, NULL, NULL)) {
            folder_put(client, "ca-crl.pem", revoked);
        }
        g_autoptr(FakeTls) tls = fake_tls_new(qemu, server, NULL);
        check_fails(fake_tls_port(tls), client, QMP_ERROR_TLS,
                    certificates[i].why);
        wait_until(fake_tls_has_failed(tls));
        folder_free(server);
        folder_free(client);
    }
}

static void check_unbelieved(const char *priority, bool has_certificate,
                             const char *why)
{
    g_autoptr(FakeCa) ca = fake_ca_new();
    g_autoptr(FakeCa) other = fake_ca_new();
    g_autoptr(FakeQemu) qemu = fake_qemu_new(READY);
    char *folder = folder_new();
    const FakeTlsWays ways = { .wants_client = true, .priority = priority };

    fake_ca_put(ca, folder);
    fake_ca_issue(ca, folder, "server", &good);
    if (has_certificate) {
        fake_ca_issue(other, folder, "client",
                      &(FakeCertificate){ .is_client = true });
    }
    g_autoptr(FakeTls) tls = fake_tls_new(qemu, folder, &ways);
    check_fails(fake_tls_port(tls), folder, QMP_ERROR_TLS, why);
    wait_until(fake_tls_has_failed(tls));
    folder_free(folder);
}

/* With 1.3 the client is done before the server has seen what it is. */
static void says_that_it_was_not_believed(void **state)
{
    static const char *const v1_2 = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    static const char *const v1_3 = "NORMAL:-VERS-ALL:+VERS-TLS1.3";

    check_unbelieved(v1_2, false,
                     "closed by the peer in the TLS handshake: it wants a "
                     "client certificate, and there is no client-cert.pem");
    check_unbelieved(v1_3, false,
                     "closed by the peer after the TLS handshake: it wants a "
                     "client certificate, and there is no client-cert.pem");
    check_unbelieved(v1_3, true,
                     "closed by the peer after the TLS handshake: it may not "
                     "accept our client certificate");
}

static void check_keys(const char *theirs, const char *ours, const char *why)
{
    g_autoptr(FakeCa) ca = fake_ca_new();
    g_autoptr(FakeQemu) qemu = fake_qemu_new(READY);
    char *server = folder_new(), *client = folder_new();

    fake_ca_put(ca, theirs ? client : server);
    if (theirs) {
        folder_put(server, "keys.psk", theirs);
    } else {
        fake_ca_issue(ca, server, "server", &good);
    }
    if (ours) {
        folder_put(client, "ca-cert.pem", NULL);
        folder_put(client, "keys.psk", ours);
    }
    g_autoptr(FakeTls) tls = fake_tls_new(qemu, server, NULL);
    check_fails(fake_tls_port(tls), client, QMP_ERROR_TLS, why);
    folder_free(server);
    folder_free(client);
}

static void a_key_has_to_be_the_same(void **state)
{
    check_keys(KEY, "qemu:ffeeddccbbaa99887766554433221100",
               "closed by the peer in the TLS handshake: it may have another "
               "key, or none of that name, or want certificates");
    check_keys(KEY, "other:00112233445566778899aabbccddeeff",
               "closed by the peer in the TLS handshake");
}

/* A certificate that nobody looked at proves nothing. */
static void a_key_is_not_given_up_for_a_certificate(void **state)
{
    check_keys(NULL, KEY, "it wants certificates, and we have a key (PSK)");
    check_keys(KEY, NULL,
               "closed by the peer in the TLS handshake: it may "
               "have keys (PSK) instead of certificates");
}

/* --- no TLS --- */

static const struct {
    const char *said;
    size_t n;
    bool closes;
    int code;
    const char *why;
} others[] = {
#define SAYS(text) text, sizeof(text) - 1
    { SAYS(GREETING_TEXT("") "\r\n"), false, QMP_ERROR_PROTOCOL,
      "speaks QMP without TLS: its address is tcp:HOST:PORT" },
    { SAYS("SSH-2.0-OpenSSH_9.2p1\r\n"), false, QMP_ERROR_PROTOCOL,
      "does not speak TLS" },
    { SAYS(""), true, QMP_ERROR_TLS,
      "closed by the peer in the TLS handshake: it may have another key" },
    { SAYS("\x16\x03\x03\x01"), true, QMP_ERROR_TLS,
      "closed by the peer in the TLS handshake: it may have another key" },
    { SAYS("\x16\x03\x03\x00\x05\x02\x00\x00\x01\xff"), false, QMP_ERROR_TLS,
      "the TLS handshake failed: GNUTLS_E_" },
    { SAYS("\x15\x03\x03\x00\x02\x02\x28"), false, QMP_ERROR_TLS,
      "ended by the peer with the alert \"Handshake failed\" in the TLS "
      "handshake: it may have another key" },
};

/* Says what it is told to, whatever it hears. */
typedef struct {
    FakePort port;
    const char *said;
    size_t n;
    bool closes;
    int fd;
} Parrot;

static void parrot_came(int fd, gpointer data)
{
    Parrot *parrot = data;

    parrot->fd = fd;
    assert_int_equal(send(fd, parrot->said, parrot->n, MSG_NOSIGNAL),
                     parrot->n);
    if (parrot->closes) {
        shutdown(fd, SHUT_WR);
    }
}

static Parrot *parrot_new(const char *said, size_t n, bool closes)
{
    Parrot *parrot = g_new0(Parrot, 1);

    *parrot = (Parrot){ .port = { .came = parrot_came, .user_data = parrot },
                        .said = said,
                        .n = n,
                        .closes = closes,
                        .fd = -1 };
    fake_port_listen(&parrot->port);
    return parrot;
}

static void parrot_free(Parrot *parrot)
{
    fake_port_close(&parrot->port);
    close(parrot->fd);
    g_free(parrot);
}

static bool is_left(const Parrot *parrot)
{
    char heard[4096];
    ssize_t n;

    do {
        n = recv(parrot->fd, heard, sizeof(heard), MSG_DONTWAIT);
    } while (n > 0);
    return n == 0 || errno == ECONNRESET;
}

static char *folder_of_key(void)
{
    char *folder = folder_new();

    folder_put(folder, "keys.psk", KEY);
    return folder;
}

static void a_peer_without_tls_is_told(void **state)
{
    char *folder = folder_of_key();

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        Parrot *parrot =
            parrot_new(others[i].said, others[i].n, others[i].closes);

        print_message("%s\n", others[i].why);
        check_fails(parrot->port.port, folder, others[i].code, others[i].why);
        wait_until(is_left(parrot));
        parrot_free(parrot);
    }
    folder_free(folder);
}

static Session *session_with(const Parrot *parrot, unsigned timeout_ms,
                             GCancellable *cancellable)
{
    char *folder = folder_of_key();
    g_autoptr(QmpCredentials) credentials = qmp_credentials_load(folder, NULL);
    g_autofree char *text =
        g_strdup_printf("tls:127.0.0.1:%u", parrot->port.port);
    g_autoptr(QmpAddress) address = qmp_address_parse(text, NULL);

    qmp_address_set_credentials(address, credentials);
    folder_free(folder);
    return session_new_at(address, timeout_ms, cancellable);
}

static void silence_has_a_deadline(void **state)
{
    Parrot *parrot = parrot_new("", 0, false);
    Session *session = session_with(parrot, 100, NULL);

    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, QMP_ERROR_TIMED_OUT);
    check_contains(session->error->message,
                   "no answer to the TLS handshake within 100 ms: another "
                   "client may hold this monitor");
    wait_until(is_left(parrot));
    session_free(session);
    parrot_free(parrot);
}

static void a_handshake_can_be_cancelled(void **state)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Parrot *parrot = parrot_new("\x16\x03", 2, false);
    Session *session = session_with(parrot, SESSION_PATIENCE_MS, cancellable);

    wait_until(parrot->fd >= 0);
    g_cancellable_cancel(cancellable);
    wait_until(session->is_connected);
    check_error(session->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    wait_until(is_left(parrot));
    session_free(session);
    parrot_free(parrot);
}

static void without_credentials_nothing_is_tried(void **state)
{
    g_autoptr(Session) session =
        session_new("tls:127.0.0.1:1", SESSION_PATIENCE_MS, NULL);

    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, QMP_ERROR_USAGE);
    assert_string_equal(session->error->message,
                        "tls:127.0.0.1:1: TLS needs credentials");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_certificate_and_says_why),
        cmocka_unit_test(says_that_it_was_not_believed),
        cmocka_unit_test(a_key_has_to_be_the_same),
        cmocka_unit_test(a_key_is_not_given_up_for_a_certificate),
        cmocka_unit_test(a_peer_without_tls_is_told),
        cmocka_unit_test(silence_has_a_deadline),
        cmocka_unit_test(a_handshake_can_be_cancelled),
        cmocka_unit_test(without_credentials_nothing_is_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
