/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers that speak something else, too much, or nothing any more. */
#include "tests/lib/check.h"

#include "tests/lib/session.h"
#include "tests/peer/qmp/scripts.h"

#define A "-> {\"execute\": \"a\", \"id\": 1}\n"
#define ERROR_WITHOUT_ID                                                       \
    "! bytes {\"error\": {\"class\": \"GenericError\", \"desc\": "             \
    "\"JSON parse error, expecting value\"}}\n"

/* Before the session is ready. */
static const struct {
    const char *what;
    const char *script;
    int code;
    const char *message;
} strangers[] = {
    { "an SSH server", "! bytes SSH-2.0-OpenSSH_9.2p1 Debian-2\\r\\n",
      QMP_ERROR_PROTOCOL,
      "does not speak QMP: not a JSON object: \"SSH-2.0-OpenSSH_9.2p1 "
      "Debian-2\"" },
    { "a web server",
      "! bytes HTTP/1.1 400 Bad Request\\r\\nServer: nginx\\r\\n\\r\\n",
      QMP_ERROR_PROTOCOL,
      "does not speak QMP: not a JSON object: \"HTTP/1.1 400 Bad Request\"" },
    { "QEMU's monitor for people",
      "! bytes QEMU 7.2.22 monitor - type 'help' for more "
      "information\\r\\n(qemu) ",
      QMP_ERROR_PROTOCOL, "\"QEMU 7.2.22 monitor - type 'help' for more info" },
    { "binary", "! bytes \\026\\003\\001\\002", QMP_ERROR_PROTOCOL,
      "not a JSON object: \"????\"" },
    { "other JSON", "<- {\"hello\": 1}\n", QMP_ERROR_PROTOCOL,
      "does not speak QMP: neither a greeting nor a reply nor an event" },
    { "a reply after an event",
      "<- {\"event\": \"STOP\"}\n<- {\"return\": {}, \"id\": 1}\n",
      QMP_ERROR_PROTOCOL,
      "does not speak QMP: its first message is no greeting" },
    { "an error first", ERROR_WITHOUT_ID, QMP_ERROR_PROTOCOL,
      "does not speak QMP: its first message is no greeting" },
    { "two greetings", GREETING GREETING, QMP_ERROR_PROTOCOL,
      "a second QMP greeting" },
    { "11 MiB without end", "! bytes {\"\n! repeat 11534336 x\n",
      QMP_ERROR_PROTOCOL, "more than 10 MiB in one message: \"{\"xxx" },
    { "11 MiB of nothing", "! repeat 11534336 \\040\n", QMP_ERROR_PROTOCOL,
      "more than 10 MiB in one message" },
    { "100,000 brackets", "! bytes {\"a\":\n! repeat 100000 [\n",
      QMP_ERROR_PROTOCOL, "more than 64 brackets deep" },
    { "closed at once", "! close", QMP_ERROR_CLOSED,
      "closed by the peer (no QMP greeting came)" },
    { "closed in the greeting", "! bytes {\"QMP\": {\n! close",
      QMP_ERROR_CLOSED,
      "closed by the peer in the middle of a message (no QMP greeting came)" },
    { "closed in the negotiation", GREETING "! close", QMP_ERROR_CLOSED,
      "closed by the peer" },
};

static void says_what_is_wrong_with_a_stranger(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++) {
        g_autoptr(FakeQemu) fake = fake_qemu_new(strangers[i].script);
        g_autoptr(Session) session =
            session_new(fake_qemu_address(fake), SESSION_PATIENCE_MS, NULL);

        print_message("%s\n", strangers[i].what);
        wait_until(session->is_connected);
        check_error(session->error, QMP_ERROR, strangers[i].code);
        check_contains(session->error->message, strangers[i].message);
        assert_true(g_str_has_prefix(session->error->message, "fd:"));
        assert_int_equal(session->n_closed, 0);
        wait_until(fake_qemu_is_alone(fake));
    }
}

/* In the middle of a session, while "a" waits for its answer. */
static const struct {
    const char *what;
    const char *script;
    int code;
    const char *message;
} ends[] = {
    { "an error without id", A ERROR_WITHOUT_ID, QMP_ERROR_PROTOCOL,
      "an error without id: JSON parse error, expecting value" },
    { "a greeting", A GREETING, QMP_ERROR_PROTOCOL, "a second QMP greeting" },
    { "not JSON", A "! bytes {\"a\":01}", QMP_ERROR_PROTOCOL,
      "broken QMP: not JSON: a malformed number" },
    { "not QMP", A "<- {\"a\":1}\n", QMP_ERROR_PROTOCOL,
      "broken QMP: neither a greeting nor a reply nor an event" },
    { "a number beyond 64 bits", A "! bytes {\"return\":18446744073709551616}",
      QMP_ERROR_PROTOCOL,
      "broken QMP: not JSON: a whole number of more than 64 bits" },
    { "half a surrogate pair", A "! bytes {\"return\":\"\\134ud800\"}",
      QMP_ERROR_PROTOCOL, "broken QMP: not JSON: half a surrogate pair" },
    { "11 MiB without end", A "! bytes {\"\n! repeat 11534336 x\n",
      QMP_ERROR_PROTOCOL, "more than 10 MiB" },
    { "closed", A "! close", QMP_ERROR_CLOSED, "closed by the peer" },
    { "closed in a reply", A "! bytes {\"return\": {\"sta\n! close",
      QMP_ERROR_CLOSED, "closed by the peer in the middle of a message" },
};

static void check_end(size_t i)
{
    g_autofree char *script = g_strconcat(READY, ends[i].script, NULL);
    g_autoptr(FakeQemu) fake = fake_qemu_new(script);
    g_autoptr(Session) session = session_connect(fake);
    Answer *first = session_ask(session, "a");
    Answer *second = session_ask(session, "b");

    print_message("%s\n", ends[i].what);
    wait_until(session->n_closed);
    assert_int_equal(session->n_answered, 2); /* all before @closed */
    check_error(session->closed_error, QMP_ERROR, ends[i].code);
    check_contains(session->closed_error->message, ends[i].message);
    check_error(first->error, QMP_ERROR, ends[i].code);
    check_contains(first->error->message, "; a has no answer");
    check_contains(second->error->message, "; b has no answer");
    assert_false(qmp_client_is_open(session->client));

    first = session_ask(session, "c");
    check_error(session_wait_error(first), QMP_ERROR, QMP_ERROR_CLOSED);
    check_contains(first->error->message, "; c was not sent");
    assert_int_equal(session->n_closed, 1);
}

static void an_end_fails_all_that_is_pending_once(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        check_end(i);
    }
}

static void tells_what_was_sent_from_what_was_not(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB "! silent");
    g_autoptr(Session) session = session_connect(fake);

    for (int i = 0; i < 9; i++) {
        session_ask(session, "a");
    }
    wait_until(fake_qemu_heard(fake)->len == 9); /* with the negotiation */
    fake_qemu_hang_up(fake);
    check_contains(session_wait_error(session->answers->pdata[7])->message,
                   "; a has no answer");
    check_contains(session_wait_error(session->answers->pdata[8])->message,
                   "; a was not sent");
}

static void what_was_said_before_the_end_is_heard(void **state)
{
    g_autoptr(FakeQemu) fake =
        fake_qemu_new(READY A "<- {\"return\": \"A\", \"id\": 1}\n"
                              "<- {\"event\": \"SHUTDOWN\"}\n"
                              "! close\n");
    g_autoptr(Session) session = session_connect(fake);

    assert_string_equal(session_wait(session_ask(session, "a")), "\"A\"");
    wait_until(session->n_closed);
    assert_int_equal(session->events->len, 1);
}

/* Writing fails before the end is read: QEMU's last words must not be lost. */
static void a_failed_write_does_not_hide_the_last_words(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY);
    g_autoptr(Session) session = session_connect(fake);
    Answer *answer;

    fake_qemu_event(fake, "SHUTDOWN", NULL);
    fake_qemu_hang_up(fake);
    while (!fake_qemu_is_alone(fake)) {
        /* Only the fake's turn: the client's source waits for its poll. */
        g_main_context_iteration(NULL, FALSE);
    }
    answer = session_ask(session, "a");
    check_error(session_wait_error(answer), QMP_ERROR, QMP_ERROR_CLOSED);
    wait_until(session->n_closed);
    assert_int_equal(session->events->len, 1);
}

static void a_silent_peer_costs_deadlines_only(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY "! silent");
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("a");

    for (int i = 0; i < 20; i++) {
        session_execute(session, command, 10, NULL);
    }
    wait_until(session->n_answered == 20);
    assert_true(qmp_client_is_open(session->client));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong_with_a_stranger),
        cmocka_unit_test(an_end_fails_all_that_is_pending_once),
        cmocka_unit_test(tells_what_was_sent_from_what_was_not),
        cmocka_unit_test(what_was_said_before_the_end_is_heard),
        cmocka_unit_test(a_failed_write_does_not_hide_the_last_words),
        cmocka_unit_test(a_silent_peer_costs_deadlines_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
