/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Closing and letting go, from anywhere; two sessions side by side. */
#include "tests/lib/check.h"

#include "tests/lib/session.h"
#include "tests/peer/qmp/scripts.h"

#define ANSWERS                                                                \
    "*> {\"execute\": \"a\"}\n"                                                \
    "<- {\"event\": \"STOP\"}\n"                                               \
    "<- {\"return\": {}}\n"                                                    \
    "<- {\"event\": \"RESUME\"}\n"

static void closing_fails_what_is_pending_but_not_from_inside(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB "! silent");
    g_autoptr(Session) session = session_connect(fake);

    for (int i = 0; i < 10; i++) {
        session_ask(session, "a");
    }
    qmp_client_close(session->client);
    assert_int_equal(session->n_answered, 0);
    assert_false(qmp_client_is_open(session->client));
    qmp_client_close(session->client);
    wait_until(session->n_answered == 10);
    for (int i = 0; i < 10; i++) {
        Answer *answer = session->answers->pdata[i];

        check_error(answer->error, QMP_ERROR, QMP_ERROR_CLOSED);
        check_contains(answer->error->message,
                       i < 8 ? "closed by us; a has no answer"
                             : "closed by us; a was not sent");
    }
    wait_until(fake_qemu_is_alone(fake));
    assert_int_equal(session->n_closed, 0);
}

static void close_on_answer(Session *session, Answer *answer)
{
    qmp_client_close(session->client);
}

static void close_on_event(Session *session, const QmpEvent *event)
{
    qmp_client_close(session->client);
}

static void close_on_received(Session *session, QmpDirection direction)
{
    if (direction == QMP_RECEIVED) {
        qmp_client_close(session->client);
    }
}

static void close_on_sent(Session *session, QmpDirection direction)
{
    if (direction == QMP_SENT) {
        qmp_client_close(session->client);
    }
}

static void may_be_closed_from_within_an_answer(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB ANSWERS);
    g_autoptr(Session) session = session_connect(fake);

    session->on_answer = close_on_answer;
    session_wait(session_ask(session, "a"));
    wait_until(fake_qemu_is_alone(fake));
    assert_int_equal(session->events->len, 1); /* not the one behind it */
    assert_int_equal(session->n_closed, 0);
}

static void may_be_closed_from_within_an_event(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB ANSWERS);
    g_autoptr(Session) session = session_connect(fake);
    Answer *answer;

    session->on_event = close_on_event;
    answer = session_ask(session, "a");
    check_error(session_wait_error(answer), QMP_ERROR, QMP_ERROR_CLOSED);
    wait_until(fake_qemu_is_alone(fake));
    assert_int_equal(session->events->len, 1);
}

static void may_be_closed_from_within_the_tap(void **state)
{
    void (*const taps[])(Session *, QmpDirection) = { close_on_received,
                                                      close_on_sent };

    for (size_t i = 0; i < G_N_ELEMENTS(taps); i++) {
        g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB ANSWERS);
        g_autoptr(Session) session = session_connect(fake);

        session->on_tap = taps[i];
        check_error(session_wait_error(session_ask(session, "a")), QMP_ERROR,
                    QMP_ERROR_CLOSED);
        wait_until(fake_qemu_is_alone(fake));
    }
}

static void let_go(Session *session)
{
    g_clear_object(&session->client);
}

static void let_go_on_answer(Session *session, Answer *answer)
{
    let_go(session);
}

static void let_go_on_event(Session *session, const QmpEvent *event)
{
    let_go(session);
}

static void may_be_let_go_from_within_an_answer(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB ANSWERS);
    g_autoptr(Session) session = session_connect(fake);
    Answer *answer = session_ask(session, "a");

    session->on_answer = let_go_on_answer;
    wait_until(answer->is_done);
    wait_until(fake_qemu_is_alone(fake)); /* it was the last reference */
    check_no_error(answer->error);
}

static void may_be_let_go_from_within_an_event(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB ANSWERS);
    g_autoptr(Session) session = session_connect(fake);
    Answer *answer = session_ask(session, "a");

    session->on_event = let_go_on_event;
    /* The command still holds one: it is answered, then all ends. */
    wait_until(answer->is_done);
    check_no_error(answer->error);
    wait_until(fake_qemu_is_alone(fake));
}

static void ask_again(Session *session, Answer *answer)
{
    if (session->answers->len < 50) {
        session_ask(session, "a");
        session_ask(session, "a");
    }
}

static void answers_may_ask_on(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB ANSWERS);
    g_autoptr(Session) session = session_connect(fake);

    session->on_answer = ask_again;
    session_ask(session, "a");
    wait_until(session->n_answered >= 50 &&
               session->n_answered == session->answers->len);
    assert_null(fake_qemu_failure(fake));
}

static void ask_on_failure(Session *session, Answer *answer)
{
    if (answer->error && session->answers->len < 5) {
        session_ask(session, "a");
    }
}

static void failures_may_ask_on(void **state)
{
    g_autoptr(FakeQemu) fake =
        fake_qemu_new(READY_OOB "-> {\"execute\": \"a\"}\n! close\n");
    g_autoptr(Session) session = session_connect(fake);

    session->on_answer = ask_on_failure;
    session_ask(session, "a");
    wait_until(session->n_answered == 5);
    assert_int_equal(session->n_closed, 1);
}

static void two_sessions_do_not_know_each_other(void **state)
{
    g_autoptr(FakeQemu) one = fake_qemu_new(READY_OOB ANSWERS);
    g_autoptr(FakeQemu) other = fake_qemu_new(READY ANSWERS);
    g_autoptr(Session) first = session_connect(one);
    g_autoptr(Session) second = session_connect(other);

    session_wait(session_ask(first, "a"));
    session_wait(session_ask(second, "a"));
    fake_qemu_hang_up(one);
    wait_until(first->n_closed);
    session_wait(session_ask(second, "a"));
    assert_int_equal(second->n_closed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closing_fails_what_is_pending_but_not_from_inside),
        cmocka_unit_test(may_be_closed_from_within_an_answer),
        cmocka_unit_test(may_be_closed_from_within_an_event),
        cmocka_unit_test(may_be_closed_from_within_the_tap),
        cmocka_unit_test(may_be_let_go_from_within_an_answer),
        cmocka_unit_test(may_be_let_go_from_within_an_event),
        cmocka_unit_test(answers_may_ask_on),
        cmocka_unit_test(failures_may_ask_on),
        cmocka_unit_test(two_sessions_do_not_know_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
