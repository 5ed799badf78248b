/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an address to a session, over every kind of transport. */
#include "tests/lib/check.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <gio/gunixsocketaddress.h>
#include <unistd.h>

#include "tests/lib/session.h"
#include "tests/peer/qmp/scripts.h"

static void check_works(FakeQemu *fake)
{
    g_autoptr(Session) session = session_connect(fake);

    assert_string_equal(session_wait(session_ask(session, "query-status")),
                        "{\"status\":\"running\"}");
    assert_true(qmp_client_is_open(session->client));
    assert_null(fake_qemu_failure(fake));
}

static void negotiates_oob_where_it_is_offered(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB);
    g_autoptr(Session) session = session_connect(fake);

    assert_true(qmp_client_has_oob(session->client));
    assert_string_equal(qmp_client_version(session->client), "7.2.22");
    assert_null(fake_qemu_failure(fake));
}

static void does_without_oob_where_it_is_not(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY);
    g_autoptr(Session) session = session_connect(fake);

    assert_false(qmp_client_has_oob(session->client));
    check_error(session_wait_error(session_ask_oob(session, "query-yank")),
                QMP_ERROR, QMP_ERROR_USAGE);
    assert_null(fake_qemu_failure(fake));
}

static void a_greeting_may_come_byte_by_byte(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new("! chunk 1\n" READY_OOB STATUS);

    check_works(fake);
}

static void an_event_before_the_greeting_is_dropped(void **state)
{
    g_autoptr(FakeQemu) fake =
        fake_qemu_new("<- {\"event\": \"STOP\"}\n"
                      "<- {\"event\": \"RESUME\"}\n" READY_OOB STATUS);
    g_autoptr(Session) session = session_connect(fake);

    assert_int_equal(session->events->len, 0);
    assert_string_equal(session_wait(session_ask(session, "query-status")),
                        "{\"status\":\"running\"}");
    assert_null(fake_qemu_failure(fake));
}

static void events_may_come_before_the_negotiation_is_answered(void **state)
{
    g_autoptr(FakeQemu) fake =
        fake_qemu_new(GREETING_OOB "-> {\"execute\": \"qmp_capabilities\"}\n"
                                   "<- {\"event\": \"RESUME\"}\n"
                                   "<- {\"return\": {}}\n"
                                   "<- {\"event\": \"STOP\"}\n");
    g_autoptr(Session) session = session_connect(fake);

    wait_until(session->events->len == 2);
    assert_string_equal(session->events->pdata[0], "RESUME");
}

static void takes_what_a_pretty_monitor_says(void **state)
{
    g_autofree char *path = g_build_filename(g_getenv("QMIGRATE_TEST_DATA"),
                                             "pretty-7.2.raw", NULL);
    g_autoptr(FakeQemu) fake = fake_qemu_new("! silent");
    g_autofree char *said = NULL;
    g_autoptr(Session) session = NULL;
    Answer *cont, *status;

    assert_true(g_file_get_contents(path, &said, NULL, NULL));
    session = session_new(fake_qemu_address(fake), SESSION_PATIENCE_MS, NULL);
    /* The replies have the ids that they were recorded with: 1, 2 and 3. */
    char *replies = strstr(said, "\"RESUME\"");

    while (memcmp(replies, "\n{", 2) != 0) {
        replies--;
    }
    fake_qemu_say(fake, said, replies - said);
    wait_until(session->is_connected);
    check_no_error(session->error);
    cont = session_ask(session, "cont");
    status = session_ask(session, "query-status");
    fake_qemu_say(fake, replies, strlen(replies));
    assert_string_equal(session_wait(cont), "{}");
    check_contains(session_wait(status), "\"status\":\"running\"");
    assert_int_equal(session->events->len, 1);
}

static void check_recording(const char *name)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new_from_file(name);
    g_autoptr(Session) session = session_connect(fake);
    static const char *const commands[] = { "query-version",  "query-status",
                                            "cont",           "query-status",
                                            "stop",           "query-status",
                                            "no-such-command" };

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        Answer *answer = session_ask(session, commands[i]);

        wait_until(answer->is_done);
        assert_int_equal(!answer->error, i < G_N_ELEMENTS(commands) - 1);
    }
    assert_null(fake_qemu_failure(fake));
    assert_int_equal(session->events->len, 2);
    assert_true(session->event_time_us > 0);
    assert_true(session->event_arrival_us > 0);
}

static void plays_what_qemu_7_2_said(void **state)
{
    check_recording("session-7.2.qmp");
}

static void plays_what_qemu_10_0_said(void **state)
{
    check_recording("session-10.0.qmp");
}

static void speaks_over_unix_sockets_and_knows_the_peer(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("qmp-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "s.qmp", NULL);
    FakeQemu *fake = fake_qemu_new(READY_OOB STATUS);
    Session *session;

    assert_true(fake_qemu_listen(fake, path));
    check_works(fake);
    session = session_connect(fake); /* and again */
    assert_int_equal(qmp_client_peer_pid(session->client), getpid());
    qmp_client_close(session->client);
    assert_int_equal(qmp_client_peer_pid(session->client), getpid());
    session_free(session);
    fake_qemu_free(fake);
    g_unlink(path);
    g_rmdir(folder);
}

static void speaks_over_tcp(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB STATUS);

    assert_true(fake_qemu_listen(fake, "127.0.0.1"));
    check_works(fake);
}

static void speaks_over_tcp_with_ipv6(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB STATUS);

    if (!fake_qemu_listen(fake, "::1")) {
        print_message("no IPv6 on this host\n");
        return;
    }
    check_works(fake);
}

static void speaks_over_an_inherited_socket(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB STATUS);
    g_autoptr(Session) session = NULL;

    assert_true(g_str_has_prefix(fake_qemu_address(fake), "fd:"));
    session = session_connect(fake);
    /* Who made a socketpair tells nothing about who is at its other end. */
    assert_int_equal(qmp_client_peer_pid(session->client), 0);
}

/* A child that runs @command; what it says is its own business. */
static Session *session_of_command(const char *command)
{
    g_autofree char *address = g_strdup_printf("exec:%s", command);

    return session_new(address, SESSION_PATIENCE_MS, NULL);
}

static bool has_ended(const char *pid_file)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(pid_file, &text, NULL, NULL) || !*text) {
        return false;
    }
    return kill(atoi(text), 0) < 0;
}

static void speaks_to_a_command_and_kills_it_at_the_end(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("qmp-XXXXXX", NULL);
    g_autofree char *pid_file = g_build_filename(folder, "pid", NULL);
    g_autofree char *command = g_strdup_printf(
        "echo $$ >%s; echo '" GREETING_TEXT(
            "") "'; read command; "
                "echo '{\"return\": {}, \"id\": 1}'; sleep 1000; true",
        pid_file);
    Session *session = session_of_command(command);

    wait_until(session->is_connected);
    check_no_error(session->error);
    session_free(session);
    wait_until(has_ended(pid_file)); /* reaped too, or kill() would find it */
    g_unlink(pid_file);
    g_rmdir(folder);
}

static void says_that_a_command_ended_early(void **state)
{
    g_autoptr(Session) session = session_of_command("exit 3");

    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, QMP_ERROR_UNREACHABLE);
    assert_string_equal(session->error->message,
                        "exec:exit 3: closed by the peer (no QMP greeting "
                        "came): the command exited with status 3");
}

static const struct {
    const char *command;
    const char *end; /* of the message */
} commands[] = {
    { "echo no host >&2; exit 255",
      "the command exited with status 255, its standard error ends with: no "
      "host" },
    { "printf 'a\\n\\n\\377b' >&2", "ends with: a | \357\277\275b" },
    { "for i in 1 2 3 4 5 6 7; do echo $i; done >&2",
      "status 0, its standard error ends with: 3 | 4 | 5 | 6 | 7" },
    { "kill -9 $$", "the command was ended by signal 9" },
    { "sleep 0.1 >&- & exec >&- <&-; wait; exit 4", "exited with status 4" },
    /* More than a pipe holds: it must not block. */
    { "yes | head -c 300000 >&2; exit 5",
      "status 5, its standard error ends with: y | y | y | y | y" },
};

static void says_how_a_command_failed(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(Session) session = session_of_command(commands[i].command);

        wait_until(session->is_connected);
        check_error(session->error, QMP_ERROR, QMP_ERROR_UNREACHABLE);
        if (!g_str_has_suffix(session->error->message, commands[i].end)) {
            assert_string_equal(session->error->message, commands[i].end);
        }
    }
}

/* It closes its output and lives on: that is not waited for. */
static void tells_of_a_command_that_lives_on(void **state)
{
    g_autoptr(Session) session =
        session_of_command("echo hm >&2; exec >&- <&-; exec sleep 1000");

    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, QMP_ERROR_CLOSED);
    assert_true(g_str_has_suffix(session->error->message,
                                 "came): the command's standard error ends "
                                 "with: hm"));
}

static const struct {
    const char *address;
    int code;
    const char *message;
} unreachable[] = {
    { "unix:/nonexistent/x.qmp", QMP_ERROR_UNREACHABLE,
      "unix:/nonexistent/x.qmp: no such file or directory" },
    { "/dev/null", QMP_ERROR_UNREACHABLE, "/dev/null: is not a socket" },
    { "unix:/etc/passwd", QMP_ERROR_UNREACHABLE,
      "unix:/etc/passwd: is a plain file, not a socket" },
    { "/", QMP_ERROR_UNREACHABLE, "/: is a folder, not a socket" },
    { "tcp:127.0.0.1:1", QMP_ERROR_UNREACHABLE,
      "tcp:127.0.0.1:1: connection refused (no QEMU listens there)" },
    { "fd:9999", QMP_ERROR_USAGE,
      "fd:9999: is not open: the program that starts this one has to pass on a "
      "connected socket with this number" },
};

static void check_fails(const char *address, int code, const char *message)
{
    g_autoptr(Session) session =
        session_new(address, SESSION_PATIENCE_MS, NULL);

    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, code);
    assert_string_equal(session->error->message, message);
}

static void says_why_nobody_can_be_reached(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(unreachable); i++) {
        check_fails(unreachable[i].address, unreachable[i].code,
                    unreachable[i].message);
    }
}

static void says_that_nobody_listens_on_a_socket(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("qmp-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "s.qmp", NULL);
    g_autofree char *message =
        g_strdup_printf("%s: connection refused (no QEMU listens there)", path);
    FakeQemu *fake = fake_qemu_new(READY);

    assert_true(fake_qemu_listen(fake, path));
    fake_qemu_free(fake);
    check_fails(path, QMP_ERROR_UNREACHABLE, message);
    g_unlink(path);
    g_rmdir(folder);
}

static void check_wrong_fd(int fd, const char *why)
{
    g_autofree char *address = g_strdup_printf("fd:%d", fd);
    g_autofree char *message = g_strdup_printf("fd:%d: %s", fd, why);

    check_fails(address, QMP_ERROR_USAGE, message);
    assert_int_equal(close(fd), 0); /* still the caller's */
}

static void an_fd_has_to_be_a_connected_stream_socket(void **state)
{
    check_wrong_fd(dup(0), "is not a socket");
    check_wrong_fd(socket(AF_UNIX, SOCK_DGRAM, 0), "is not a stream socket");
    check_wrong_fd(socket(AF_UNIX, SOCK_STREAM, 0),
                   "is not a connected socket");
}

static void says_that_a_backlog_is_full(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("qmp-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "s.qmp", NULL);
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocket) listener =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                     G_SOCKET_PROTOCOL_DEFAULT, NULL);
    Session *waiting[3];

    g_socket_set_listen_backlog(listener, 1); /* as QEMU's */
    assert_true(g_socket_bind(listener, address, TRUE, NULL));
    assert_true(g_socket_listen(listener, NULL));
    for (size_t i = 0; i < 3; i++) {
        waiting[i] = session_new(path, SESSION_PATIENCE_MS, NULL);
    }
    wait_until(waiting[2]->is_connected);
    check_error(waiting[2]->error, QMP_ERROR, QMP_ERROR_UNREACHABLE);
    check_contains(waiting[2]->error->message, "busy: a client holds");
    g_socket_close(listener, NULL);
    for (size_t i = 0; i < 3; i++) {
        session_free(waiting[i]);
    }
    g_unlink(path);
    g_rmdir(folder);
}

static void gives_up_where_no_greeting_comes(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new("! silent");
    g_autoptr(Session) session = session_new(fake_qemu_address(fake), 50, NULL);

    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, QMP_ERROR_TIMED_OUT);
    check_contains(session->error->message,
                   ": no QMP greeting within 50 ms: another client may hold "
                   "this monitor");
    wait_until(fake_qemu_is_alone(fake));
}

static void gives_up_where_the_negotiation_has_no_answer(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(GREETING "! silent");
    g_autoptr(Session) session = session_new(fake_qemu_address(fake), 50, NULL);

    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, QMP_ERROR_TIMED_OUT);
    check_contains(session->error->message, "no answer to qmp_capabilities");
    assert_int_equal(session->n_closed, 0);
}

static void a_refused_negotiation_is_an_error(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(
        GREETING_OOB
        "-> {\"execute\": \"qmp_capabilities\", \"id\": 1}\n"
        "<- {\"error\": {\"class\": \"GenericError\", \"desc\": \"no way\"}, "
        "\"id\": 1}\n");
    g_autoptr(Session) session =
        session_new(fake_qemu_address(fake), SESSION_PATIENCE_MS, NULL);

    wait_until(session->is_connected);
    check_error(session->error, QMP_ERROR, QMP_ERROR_PROTOCOL);
    check_contains(session->error->message, "no way");
    wait_until(fake_qemu_is_alone(fake));
}

static void check_cancel(FakeQemu *fake, bool before)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(Session) session = NULL;

    if (before) {
        g_cancellable_cancel(cancellable);
    }
    session =
        session_new(fake_qemu_address(fake), SESSION_PATIENCE_MS, cancellable);
    if (!before) {
        wait_until(strstr(session->tapped->str, "qmp_capabilities"));
    }
    g_cancellable_cancel(cancellable);
    wait_until(session->is_connected);
    check_error(session->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void connecting_can_be_cancelled(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(GREETING "! silent");
    g_autoptr(FakeQemu) other = fake_qemu_new(GREETING "! silent");

    check_cancel(fake, false);
    wait_until(fake_qemu_is_alone(fake));
    check_cancel(other, true);
}

static void the_tap_sees_every_message_and_no_line_end(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY STATUS);
    g_autoptr(Session) session = session_connect(fake);

    session_wait(session_ask(session, "query-status"));
    check_contains(session->tapped->str, "<- {\"QMP\":");
    check_contains(session->tapped->str,
                   "-> {\"execute\":\"qmp_capabilities\",\"id\":1}\n"
                   "<- {\"return\":{},\"id\":1}\n"
                   "-> {\"execute\":\"query-status\",\"id\":2}\n"
                   "<- {\"return\":{\"status\":\"running\"},\"id\":2}\n");
    assert_null(strchr(session->tapped->str, '\r'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negotiates_oob_where_it_is_offered),
        cmocka_unit_test(does_without_oob_where_it_is_not),
        cmocka_unit_test(a_greeting_may_come_byte_by_byte),
        cmocka_unit_test(an_event_before_the_greeting_is_dropped),
        cmocka_unit_test(events_may_come_before_the_negotiation_is_answered),
        cmocka_unit_test(takes_what_a_pretty_monitor_says),
        cmocka_unit_test(plays_what_qemu_7_2_said),
        cmocka_unit_test(plays_what_qemu_10_0_said),
        cmocka_unit_test(speaks_over_unix_sockets_and_knows_the_peer),
        cmocka_unit_test(speaks_over_tcp),
        cmocka_unit_test(speaks_over_tcp_with_ipv6),
        cmocka_unit_test(speaks_over_an_inherited_socket),
        cmocka_unit_test(speaks_to_a_command_and_kills_it_at_the_end),
        cmocka_unit_test(says_that_a_command_ended_early),
        cmocka_unit_test(says_how_a_command_failed),
        cmocka_unit_test(tells_of_a_command_that_lives_on),
        cmocka_unit_test(says_why_nobody_can_be_reached),
        cmocka_unit_test(says_that_nobody_listens_on_a_socket),
        cmocka_unit_test(an_fd_has_to_be_a_connected_stream_socket),
        cmocka_unit_test(says_that_a_backlog_is_full),
        cmocka_unit_test(gives_up_where_no_greeting_comes),
        cmocka_unit_test(gives_up_where_the_negotiation_has_no_answer),
        cmocka_unit_test(a_refused_negotiation_is_an_error),
        cmocka_unit_test(connecting_can_be_cancelled),
        cmocka_unit_test(the_tap_sees_every_message_and_no_line_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
