/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions over TLS that work, whatever the records look like. */
#include "tests/lib/fake-ca.h"
#include "tests/lib/fake-tls.h"
#include "tests/lib/folder.h"
#include "tests/lib/session.h"
#include "tests/peer/qmp/scripts.h"

#define KEY "qemu:00112233445566778899aabbccddeeff\n"

/* A FakeQemu behind TLS and a session with it. */
typedef struct {
    char *folder;
    FakeQemu *qemu;
    FakeTls *tls;
    Session *session;
} Line;

static void line_end(Line *line)
{
    session_free(line->session);
    wait_until(fake_tls_is_left(line->tls));
    fake_tls_free(line->tls);
    fake_qemu_free(line->qemu);
    folder_free(line->folder);
}

static void connect_to(Line *line, const FakeTlsWays *ways)
{
    g_autoptr(QmpCredentials) credentials =
        qmp_credentials_load(line->folder, NULL);
    g_autoptr(QmpAddress) address = NULL;
    g_autofree char *text = NULL;

    line->tls = fake_tls_new(line->qemu, line->folder, ways);
    text = g_strdup_printf("tls:127.0.0.1:%u", fake_tls_port(line->tls));
    address = qmp_address_parse(text, NULL);
    qmp_address_set_credentials(address, credentials);
    line->session = session_new_at(address, SESSION_PATIENCE_MS, NULL);
    wait_until(line->session->is_connected);
    check_no_error(line->session->error);
}

/* With certificates of both sides. */
static Line line_new(const char *script, const FakeTlsWays *ways)
{
    Line line = { .folder = folder_new(), .qemu = fake_qemu_new(script) };
    g_autoptr(FakeCa) ca = fake_ca_new();

    fake_ca_put(ca, line.folder);
    fake_ca_issue(ca, line.folder, "server",
                  &(FakeCertificate){ .dns = "localhost", .ip = "127.0.0.1" });
    fake_ca_issue(ca, line.folder, "client",
                  &(FakeCertificate){ .is_client = true });
    connect_to(&line, ways);
    return line;
}

/* With a key. */
static Line line_new_with_key(const char *script, const FakeTlsWays *ways)
{
    Line line = { .folder = folder_new(), .qemu = fake_qemu_new(script) };

    folder_put(line.folder, "keys.psk", KEY);
    connect_to(&line, ways);
    return line;
}

static void check_asks(Line *line)
{
    assert_string_equal(
        session_wait(session_ask(line->session, "query-status")),
        "{\"status\":\"running\"}");
    assert_null(fake_qemu_failure(line->qemu));
}

static const FakeTlsWays all_ways[] = {
    { 0 },
    { .wants_client = true },
    { .wants_client = true, .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" },
    { .wants_client = true, .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3" },
};

static void speaks_with_certificates(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(all_ways); i++) {
        Line line = line_new(READY_OOB STATUS, &all_ways[i]);

        assert_true(qmp_client_has_oob(line.session->client));
        check_asks(&line);
        line_end(&line);
    }
}

static void speaks_with_a_key(void **state)
{
    static const FakeTlsWays ways[] = {
        { 0 },
        { .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK" },
        { .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        Line line = line_new_with_key(READY_OOB STATUS, &ways[i]);

        check_asks(&line);
        line_end(&line);
    }
}

/* As behind tcp:, for what is at the other end nobody knows. */
static void knows_no_peer_and_passes_no_fd(void **state)
{
    Line line = line_new_with_key(READY, NULL);
    g_autoptr(QmpCommand) command = qmp_command_new("getfd");
    const GError *error;

    qmp_command_set_string(command, "fdname", "a");
    command->fd = 0;
    error = session_wait_error(
        session_execute(line.session, command, SESSION_PATIENCE_MS, NULL));
    check_error(error, QMP_ERROR, QMP_ERROR_USAGE);
    check_contains(error->message, "unix sockets only");
    assert_int_equal(qmp_client_peer_pid(line.session->client), 0);
    line_end(&line);
}

static char *repeated(size_t n)
{
    return g_strnfill(n, 'x');
}

static void check_large_answer(size_t n, unsigned record_bytes)
{
    g_autofree char *text = repeated(n);
    g_autofree char *script = g_strdup_printf(
        READY "-> {\"execute\": \"query-name\", \"id\": 2}\n"
              "<- {\"return\": {\"name\": \"%s\"}, \"id\": 2}\n",
        text);
    g_autofree char *wanted = g_strdup_printf("{\"name\":\"%s\"}", text);
    Line line =
        line_new(script, &(FakeTlsWays){ .record_bytes = record_bytes });

    assert_string_equal(session_wait(session_ask(line.session, "query-name")),
                        wanted);
    line_end(&line);
}

static void an_answer_may_take_many_records(void **state)
{
    check_large_answer(3 * 1024 * 1024, 0); /* more than one turn reads */
    check_large_answer(100 * 1024, 512);
    check_large_answer(16384 - 30, 0);
}

/* More than the sockets hold, so that the client has to come back to it. */
static void a_command_may_have_to_wait_for_the_socket(void **state)
{
    g_autofree char *text = repeated(8 * 1024 * 1024);
    Line line = line_new(
        READY "-> {\"execute\": \"human-monitor-command\", \"id\": 2}\n"
              "<- {\"return\": \"\", \"id\": 2}\n" STATUS,
        NULL);
    g_autoptr(QmpCommand) command = qmp_command_new("human-monitor-command");
    Answer *large, *small;

    fake_tls_hold(line.tls, true);
    qmp_command_set_string(command, "command-line", text);
    large = session_execute(line.session, command, SESSION_PATIENCE_MS, NULL);
    small = session_ask(line.session, "query-status");
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    assert_false(large->is_done);
    fake_tls_hold(line.tls, false);
    assert_string_equal(session_wait(large), "\"\"");
    session_wait(small);
    assert_int_equal(fake_qemu_heard(line.qemu)->len, 3);
    check_contains(fake_qemu_heard(line.qemu)->pdata[1], text);
    line_end(&line);
}

/* It has no other reason to look at what it has of a record than more of it. */
static void qemu_7_2_gets_to_the_end_of_a_record(void **state)
{
    Line line = line_new(READY_OOB STATUS "-> {\"execute\": \"query-name\"}\n"
                                          "<- {\"return\": {}}\n",
                         &(FakeTlsWays){ .takes_bytes = true });

    check_asks(&line);
    assert_string_equal(session_wait(session_ask(line.session, "query-name")),
                        "{}");
    line_end(&line);
}

static void keys_may_change_on_the_way(void **state)
{
    Line line = line_new(READY STATUS, &all_ways[3]);

    check_asks(&line);
    fake_tls_update_key(line.tls);
    check_asks(&line);
    line_end(&line);
}

static void check_hangs_up(const FakeTlsWays *ways)
{
    Line line = line_new(READY_OOB "! pause\n! close", ways);

    fake_qemu_go_on(line.qemu);
    wait_until(line.session->n_closed);
    check_error(line.session->closed_error, QMP_ERROR, QMP_ERROR_CLOSED);
    check_contains(line.session->closed_error->message, ": closed by the peer");
    session_free(line.session);
    fake_tls_free(line.tls);
    fake_qemu_free(line.qemu);
    folder_free(line.folder);
}

static void the_end_may_be_polite_or_not(void **state)
{
    check_hangs_up(&(FakeTlsWays){ .hangs_up_rudely = false });
    check_hangs_up(&(FakeTlsWays){ .hangs_up_rudely = true });
}

static void the_end_may_come_within_a_message(void **state)
{
    Line line = line_new(READY "! pause\n! bytes {\"event\": \n! close", NULL);

    fake_qemu_go_on(line.qemu);
    wait_until(line.session->n_closed);
    check_contains(line.session->closed_error->message,
                   "closed by the peer in the middle of a message");
    session_free(line.session);
    fake_tls_free(line.tls);
    fake_qemu_free(line.qemu);
    folder_free(line.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_with_certificates),
        cmocka_unit_test(speaks_with_a_key),
        cmocka_unit_test(knows_no_peer_and_passes_no_fd),
        cmocka_unit_test(an_answer_may_take_many_records),
        cmocka_unit_test(a_command_may_have_to_wait_for_the_socket),
        cmocka_unit_test(qemu_7_2_gets_to_the_end_of_a_record),
        cmocka_unit_test(keys_may_change_on_the_way),
        cmocka_unit_test(the_end_may_be_polite_or_not),
        cmocka_unit_test(the_end_may_come_within_a_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
