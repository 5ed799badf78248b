/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a command to its answer: order, limits, deadlines, cancelling, fds. */
#include "tests/lib/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/session.h"
#include "tests/peer/qmp/scripts.h"

static void an_answer_has_the_value_that_qemu_gave(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(
        READY
        "-> {\"execute\": \"a\"}\n"
        "<- {\"return\": [1, {\"b\": null}, \"c\", 18446744073709551615]}\n"
        "-> {\"execute\": \"b\"}\n"
        "<- {\"return\": null}\n");
    g_autoptr(Session) session = session_connect(fake);

    assert_string_equal(session_wait(session_ask(session, "a")),
                        "[1,{\"b\":null},\"c\",-1]");
    assert_string_equal(session_wait(session_ask(session, "b")), "null");
}

static void an_error_keeps_class_and_words(void **state)
{
    static const char desc[] = "Nothing here.\\nReally: \\\"x\\\" failed!";
    g_autofree char *script =
        g_strdup_printf(READY "-> {\"execute\": \"a\"}\n"
                              "<- {\"error\": {\"class\": \"DeviceNotFound\", "
                              "\"desc\": \"%s\"}}\n",
                        desc);
    g_autoptr(FakeQemu) fake = fake_qemu_new(script);
    g_autoptr(Session) session = session_connect(fake);
    const GError *error = session_wait_error(session_ask(session, "a"));

    check_error(error, QMP_ERROR, QMP_ERROR_COMMAND);
    assert_string_equal(error->message, "Nothing here.\nReally: \"x\" failed!");
    assert_string_equal(qmp_error_class(error), "DeviceNotFound");
    assert_true(qmp_client_is_open(session->client));
}

/* A QEMU that answers when the test says so. */
typedef struct {
    GQueue ids; /* of the commands that it has read */
    unsigned n_most;
} Holder;

static bool hold(FakeQemu *fake, const char *command, JsonObject *arguments,
                 const char *id, gpointer data)
{
    Holder *holder = data;

    if (strcmp(command, "hold") != 0) {
        return false;
    }
    g_queue_push_tail(&holder->ids, g_strdup(id));
    holder->n_most = MAX(holder->n_most, holder->ids.length);
    return true;
}

static void let_go(FakeQemu *fake, Holder *holder)
{
    g_autofree char *id = g_queue_pop_head(&holder->ids);

    fake_qemu_return(fake, id, id);
}

static void a_hundred_in_flight_but_eight_under_way(void **state)
{
    Holder holder = { G_QUEUE_INIT };
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB);
    g_autoptr(Session) session = session_connect(fake);

    fake_qemu_set_handler(fake, hold, &holder);
    for (int i = 0; i < 100; i++) {
        session_ask(session, "hold");
    }
    for (unsigned i = 1; i <= 100; i++) {
        Answer *answer = session->answers->pdata[i - 1];

        wait_until(holder.ids.length == MIN(8, 101 - i));
        let_go(fake, &holder);
        session_wait(answer);
        assert_int_equal(answer->order, i);
    }
    assert_int_equal(holder.n_most, QMP_IN_FLIGHT_MAX);
}

static void without_oob_all_go_at_once(void **state)
{
    Holder holder = { G_QUEUE_INIT };
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY);
    g_autoptr(Session) session = session_connect(fake);

    fake_qemu_set_handler(fake, hold, &holder);
    for (int i = 0; i < 100; i++) {
        session_ask(session, "hold");
    }
    wait_until(holder.ids.length == 100);
    for (int i = 0; i < 100; i++) {
        let_go(fake, &holder);
    }
    wait_until(session->n_answered == 100);
}

static void out_of_band_overtakes_what_waits(void **state)
{
    Holder holder = { G_QUEUE_INIT };
    g_autoptr(FakeQemu) fake = fake_qemu_new(
        READY_OOB "*> {\"exec-oob\": \"query-yank\"}\n<- {\"return\": {}}\n");
    g_autoptr(Session) session = session_connect(fake);
    Answer *oob;

    fake_qemu_set_handler(fake, hold, &holder);
    for (int i = 0; i < 20; i++) {
        session_ask(session, "hold");
    }
    oob = session_ask_oob(session, "query-yank");
    session_wait(oob);
    assert_int_equal(oob->order, 1);
    assert_int_equal(holder.ids.length, 8);
    for (int i = 0; i < 20; i++) {
        wait_until(holder.ids.length);
        let_go(fake, &holder);
    }
    wait_until(session->n_answered == 21);
}

static void answers_may_come_in_any_order(void **state)
{
    g_autoptr(FakeQemu) fake =
        fake_qemu_new(READY_OOB "-> {\"execute\": \"a\", \"id\": 11}\n"
                                "-> {\"exec-oob\": \"b\", \"id\": 12}\n"
                                "-> {\"execute\": \"c\", \"id\": 13}\n"
                                "<- {\"return\": \"C\", \"id\": 13}\n"
                                "<- {\"id\": 12, \"return\": \"B\"}\n"
                                "<- {\"return\": \"A\", \"id\": 11}\n");
    g_autoptr(Session) session = session_connect(fake);
    Answer *a = session_ask(session, "a");
    Answer *b = session_ask_oob(session, "b");
    Answer *c = session_ask(session, "c");

    assert_string_equal(session_wait(a), "\"A\"");
    assert_string_equal(session_wait(b), "\"B\"");
    assert_string_equal(session_wait(c), "\"C\"");
    assert_true(c->order < b->order && b->order < a->order);
}

static void unknown_ids_are_dropped(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(
        READY "-> {\"execute\": \"a\", \"id\": 1}\n"
              "<- {\"return\": \"x\", \"id\": 99999}\n"
              "<- {\"return\": \"x\", \"id\": \"libvirt-7\"}\n"
              "<- {\"error\": {\"class\": \"GenericError\", \"desc\": \"x\"}, "
              "\"id\": 99999}\n"
              "! bytes {\"return\": \"no id at all\"}\n"
              "<- {\"return\": \"A\", \"id\": 1}\n");
    g_autoptr(Session) session = session_connect(fake);

    assert_string_equal(session_wait(session_ask(session, "a")), "\"A\"");
    assert_true(qmp_client_is_open(session->client));
}

static void an_event_may_stand_between_command_and_reply(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(
        READY "-> {\"execute\": \"stop\"}\n"
              "<- {\"timestamp\": {\"seconds\": 1700000000, "
              "\"microseconds\": 5}, \"event\": \"STOP\", \"new\": true}\n"
              "<- {\"return\": {}}\n");
    int64_t before_us = g_get_monotonic_time();
    g_autoptr(Session) session = session_connect(fake);

    session_wait(session_ask(session, "stop"));
    assert_int_equal(session->events->len, 1);
    assert_true(session->event_time_us == INT64_C(1700000000000005));
    assert_true(session->event_arrival_us >= before_us);
    assert_true(session->event_arrival_us <= g_get_monotonic_time());
}

static void a_deadline_passes_and_the_late_reply_is_swallowed(void **state)
{
    g_autoptr(FakeQemu) fake =
        fake_qemu_new(READY "-> {\"execute\": \"slow\", \"id\": 1}\n"
                            "! pause\n"
                            "<- {\"return\": \"late\", \"id\": 1}\n"
                            "-> {\"execute\": \"next\"}\n"
                            "<- {\"return\": \"next\"}\n");
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("slow");
    Answer *slow = session_execute(session, command, 30, NULL);

    check_error(session_wait_error(slow), QMP_ERROR, QMP_ERROR_TIMED_OUT);
    check_contains(slow->error->message, ": no answer to slow within 30 ms");
    wait_until(fake_qemu_is_paused(fake));
    fake_qemu_go_on(fake);
    assert_string_equal(session_wait(session_ask(session, "next")), "\"next\"");
}

static void a_deadline_may_pass_before_it_was_its_turn(void **state)
{
    Holder holder = { G_QUEUE_INIT };
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB);
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("never-sent");
    Answer *answer;

    fake_qemu_set_handler(fake, hold, &holder);
    for (int i = 0; i < 8; i++) {
        session_ask(session, "hold");
    }
    answer = session_execute(session, command, 30, NULL);
    check_error(session_wait_error(answer), QMP_ERROR, QMP_ERROR_TIMED_OUT);
    check_contains(answer->error->message, "never-sent was not sent within");
    wait_until(holder.ids.length == 8);
    for (int i = 0; i < 8; i++) {
        let_go(fake, &holder);
    }
    wait_until(session->n_answered == 9);
    assert_null(fake_qemu_failure(fake));
}

static void a_shorter_deadline_is_not_held_up_by_a_longer_one(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY "! silent");
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("c");
    Answer *slow = session_execute(session, command, 80, NULL);
    Answer *fast = session_execute(session, command, 20, NULL);
    Answer *now = session_execute(session, command, 0, NULL);

    session_wait_error(slow);
    assert_int_equal(now->order, 1);
    assert_int_equal(fast->order, 2);
    assert_int_equal(slow->order, 3);
    assert_true(qmp_client_is_open(session->client));
}

static void cancelled_before_it_was_sent_it_never_is(void **state)
{
    Holder holder = { G_QUEUE_INIT };
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB);
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("cancelled");
    Answer *answer;

    fake_qemu_set_handler(fake, hold, &holder);
    for (int i = 0; i < 8; i++) {
        session_ask(session, "hold");
    }
    answer =
        session_execute(session, command, SESSION_PATIENCE_MS, cancellable);
    g_cancellable_cancel(cancellable);
    check_error(session_wait_error(answer), G_IO_ERROR, G_IO_ERROR_CANCELLED);
    /* And one that is cancelled from the outset. */
    answer =
        session_execute(session, command, SESSION_PATIENCE_MS, cancellable);
    check_error(session_wait_error(answer), G_IO_ERROR, G_IO_ERROR_CANCELLED);
    wait_until(holder.ids.length == 8);
    for (int i = 0; i < 8; i++) {
        let_go(fake, &holder);
    }
    wait_until(session->n_answered == 10);
    assert_null(fake_qemu_failure(fake));
}

static void cancelled_after_it_was_sent_its_reply_is_swallowed(void **state)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(FakeQemu) fake =
        fake_qemu_new(READY "-> {\"execute\": \"slow\", \"id\": 1}\n"
                            "! pause\n"
                            "<- {\"return\": \"late\", \"id\": 1}\n"
                            "-> {\"execute\": \"next\"}\n"
                            "<- {\"return\": \"next\"}\n");
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("slow");
    Answer *slow =
        session_execute(session, command, SESSION_PATIENCE_MS, cancellable);

    wait_until(fake_qemu_is_paused(fake));
    g_cancellable_cancel(cancellable);
    check_error(session_wait_error(slow), G_IO_ERROR, G_IO_ERROR_CANCELLED);
    fake_qemu_go_on(fake);
    assert_string_equal(session_wait(session_ask(session, "next")), "\"next\"");
}

static void an_answer_counts_even_if_it_is_cancelled_with_it(void **state)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(FakeQemu) fake =
        fake_qemu_new(READY "-> {\"execute\": \"a\"}\n<- {\"return\": 1}\n");
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("a");
    Answer *answer =
        session_execute(session, command, SESSION_PATIENCE_MS, cancellable);

    assert_string_equal(session_wait(answer), "1");
    g_cancellable_cancel(cancellable); /* too late, and harmless */
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    assert_int_equal(session->n_answered, 1);
}

static Answer *pass(Session *session, int fd)
{
    g_autoptr(QmpCommand) command = qmp_command_new("getfd");

    command->fd = fd;
    qmp_command_set_string(command, "fdname", "it");
    return session_execute(session, command, SESSION_PATIENCE_MS, NULL);
}

static void check_same_file(int a, int b)
{
    struct stat left, right;

    assert_true(fstat(a, &left) == 0 && fstat(b, &right) == 0);
    assert_true(left.st_dev == right.st_dev && left.st_ino == right.st_ino);
}

static void a_descriptor_arrives_with_its_command(void **state)
{
    g_autoptr(FakeQemu) fake =
        fake_qemu_new(READY_OOB "*> {\"execute\": \"getfd\", \"arguments\": "
                                "{\"fdname\": \"it\"}}\n<- {\"return\": {}}\n");
    g_autoptr(Session) session = session_connect(fake);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), got;
    Answer *answer = pass(session, fd);

    session_wait(answer);
    got = fake_qemu_take_fd(fake);
    assert_true(got >= 0);
    check_same_file(fd, got);
    close(got);
    close(fd); /* it stayed ours */
    assert_int_equal(fake_qemu_take_fd(fake), -1);
}

/* QEMU keeps the latest descriptor only, and closes the one before. */
static void descriptors_go_one_by_one(void **state)
{
    Holder holder = { G_QUEUE_INIT };
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB);
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("hold");

    fake_qemu_set_handler(fake, hold, &holder);
    command->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    session_execute(session, command, SESSION_PATIENCE_MS, NULL);
    session_execute(session, command, SESSION_PATIENCE_MS, NULL);
    close(command->fd); /* the command goes later, with a copy */
    for (unsigned i = 1; i <= 2; i++) {
        int got;

        wait_until(holder.ids.length);
        while (g_main_context_iteration(NULL, FALSE)) {
        }
        assert_int_equal(holder.ids.length, 1);
        got = fake_qemu_take_fd(fake);
        assert_true(got >= 0);
        close(got);
        assert_int_equal(fake_qemu_take_fd(fake), -1);
        let_go(fake, &holder);
        wait_until(session->n_answered == i);
    }
}

static void a_descriptor_cannot_go_over_tcp(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB);
    g_autoptr(Session) session = NULL;
    const GError *error;

    assert_true(fake_qemu_listen(fake, "127.0.0.1"));
    session = session_connect(fake);
    error = session_wait_error(pass(session, 0));
    check_error(error, QMP_ERROR, QMP_ERROR_USAGE);
    check_contains(error->message, "unix sockets only");
    assert_true(qmp_client_is_open(session->client));
    assert_null(fake_qemu_failure(fake));
}

static void what_cannot_be_sent_is_the_callers_error(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(READY_OOB);
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("c");

    check_error(session_wait_error(pass(session, 9999)), QMP_ERROR,
                QMP_ERROR_USAGE);
    qmp_command_set_string(command, "path", "\xff\xfe");
    check_error(session_wait_error(session_execute(session, command,
                                                   SESSION_PATIENCE_MS, NULL)),
                QMP_ERROR, QMP_ERROR_USAGE);
    assert_null(fake_qemu_failure(fake));
}

static void a_long_command_goes_through_a_full_socket(void **state)
{
    g_autoptr(FakeQemu) fake = fake_qemu_new(
        READY "*> {\"execute\": \"long\"}\n<- {\"return\": \"long\"}\n"
              "*> {\"execute\": \"short\"}\n<- {\"return\": \"short\"}\n");
    g_autoptr(Session) session = session_connect(fake);
    g_autoptr(QmpCommand) command = qmp_command_new("long");
    g_autofree char *text = g_strnfill(4000000, 'x');
    Answer *before, *after;

    qmp_command_set_string(command, "text", text);
    before = session_execute(session, command, SESSION_PATIENCE_MS, NULL);
    after = session_ask(session, "short");
    assert_string_equal(session_wait(before), "\"long\"");
    assert_string_equal(session_wait(after), "\"short\"");
    assert_null(fake_qemu_failure(fake));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_the_value_that_qemu_gave),
        cmocka_unit_test(an_error_keeps_class_and_words),
        cmocka_unit_test(a_hundred_in_flight_but_eight_under_way),
        cmocka_unit_test(without_oob_all_go_at_once),
        cmocka_unit_test(out_of_band_overtakes_what_waits),
        cmocka_unit_test(answers_may_come_in_any_order),
        cmocka_unit_test(unknown_ids_are_dropped),
        cmocka_unit_test(an_event_may_stand_between_command_and_reply),
        cmocka_unit_test(a_deadline_passes_and_the_late_reply_is_swallowed),
        cmocka_unit_test(a_deadline_may_pass_before_it_was_its_turn),
        cmocka_unit_test(a_shorter_deadline_is_not_held_up_by_a_longer_one),
        cmocka_unit_test(cancelled_before_it_was_sent_it_never_is),
        cmocka_unit_test(cancelled_after_it_was_sent_its_reply_is_swallowed),
        cmocka_unit_test(an_answer_counts_even_if_it_is_cancelled_with_it),
        cmocka_unit_test(a_descriptor_arrives_with_its_command),
        cmocka_unit_test(descriptors_go_one_by_one),
        cmocka_unit_test(a_descriptor_cannot_go_over_tcp),
        cmocka_unit_test(what_cannot_be_sent_is_the_callers_error),
        cmocka_unit_test(a_long_command_goes_through_a_full_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
