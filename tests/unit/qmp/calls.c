/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which command may go, whose reply this is, whose deadline passed. */
#include "tests/lib/check.h"

#include <fcntl.h>

#include "qmp/calls.h"

static QmpCall *add(QmpCalls *calls, bool oob, int64_t deadline_us)
{
    QmpCall *call = qmp_call_new("c", oob);

    call->id = ++calls->last_id;
    call->deadline_us = deadline_us;
    call->task = g_task_new(NULL, NULL, NULL, NULL);
    qmp_calls_add(calls, call);
    return call;
}

static void drop(QmpCall *call)
{
    if (call->task) {
        g_task_return_boolean(call->task, TRUE);
    }
    qmp_call_free(call);
}

static void drop_all(QmpCalls *calls)
{
    QmpCall *call;

    while ((call = qmp_calls_take_any(calls))) {
        drop(call);
    }
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

static unsigned send_all(QmpCalls *calls)
{
    unsigned n = 0;

    while (qmp_calls_send_next(calls)) {
        n++;
    }
    return n;
}

static void as_many_as_the_limit_go_at_once(void **state)
{
    QmpCalls calls = { .limit = 8 };

    for (int i = 0; i < 20; i++) {
        add(&calls, false, 0);
    }
    assert_int_equal(send_all(&calls), 8);
    drop(qmp_calls_take(&calls, 3));
    assert_int_equal(qmp_calls_send_next(&calls)->id, 9);
    assert_null(qmp_calls_send_next(&calls));
    drop_all(&calls);
    assert_int_equal(calls.n_in_band, 0);
}

static void without_limit_all_go(void **state)
{
    QmpCalls calls = { 0 };

    for (int i = 0; i < 100; i++) {
        add(&calls, false, 0);
    }
    assert_int_equal(send_all(&calls), 100);
    drop_all(&calls);
}

static void out_of_band_overtakes_and_does_not_count(void **state)
{
    QmpCalls calls = { .limit = 1 };
    QmpCall *oob;

    add(&calls, false, 0);
    assert_int_equal(send_all(&calls), 1);
    add(&calls, false, 0);
    oob = add(&calls, true, 0);
    assert_ptr_equal(qmp_calls_send_next(&calls), oob);
    assert_null(qmp_calls_send_next(&calls));
    drop_all(&calls);
}

static QmpCall *add_with_fd(QmpCalls *calls)
{
    QmpCall *call = qmp_call_new("getfd", false);

    call->id = ++calls->last_id;
    call->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    qmp_calls_add(calls, call);
    return call;
}

static void one_descriptor_at_a_time_and_in_order(void **state)
{
    QmpCalls calls = { 0 };
    QmpCall *first = add_with_fd(&calls), *second = add_with_fd(&calls);
    QmpCall *third = add(&calls, false, 0);

    assert_ptr_equal(qmp_calls_send_next(&calls), first);
    assert_null(qmp_calls_send_next(&calls));
    drop(qmp_calls_take(&calls, first->id));
    assert_ptr_equal(qmp_calls_send_next(&calls), second);
    assert_ptr_equal(qmp_calls_send_next(&calls), third);
    drop_all(&calls);
}

static void only_sent_ones_have_replies(void **state)
{
    QmpCalls calls = { .limit = 1 };

    add(&calls, false, 0);
    add(&calls, false, 0);
    send_all(&calls);
    assert_null(qmp_calls_take(&calls, 2));
    assert_null(qmp_calls_take(&calls, 3));
    drop(qmp_calls_take(&calls, 1));
    assert_null(qmp_calls_take(&calls, 1));
    drop_all(&calls);
}

static void the_earliest_deadline_counts(void **state)
{
    QmpCalls calls = { .limit = 1 };
    QmpCall *late = add(&calls, false, 300);
    QmpCall *early = add(&calls, false, 100);

    send_all(&calls);
    add(&calls, true, 200);
    assert_int_equal(qmp_calls_deadline(&calls), 100);
    assert_null(qmp_calls_find_expired(&calls, 99));
    assert_ptr_equal(qmp_calls_find_expired(&calls, 100), early);
    assert_ptr_not_equal(qmp_calls_find_expired(&calls, 1000), late);
    drop_all(&calls);
    assert_true(qmp_calls_deadline(&calls) == INT64_MAX);
}

static void give_up(QmpCalls *calls, QmpCall *call)
{
    g_autoptr(GTask) task = qmp_calls_give_up(calls, call);

    g_task_return_boolean(task, TRUE);
}

static void given_up_before_sending_it_is_gone(void **state)
{
    QmpCalls calls = { .limit = 1 };
    QmpCall *second;

    add(&calls, false, 0);
    send_all(&calls);
    second = add(&calls, false, 0);
    give_up(&calls, second);
    drop(qmp_calls_take(&calls, 1));
    assert_null(qmp_calls_send_next(&calls));
    drop_all(&calls);
}

static void given_up_after_sending_it_keeps_its_place(void **state)
{
    QmpCalls calls = { .limit = 1 };
    QmpCall *first = add(&calls, false, 50), *late;

    send_all(&calls);
    add(&calls, false, 100);
    give_up(&calls, first);
    assert_int_equal(qmp_calls_deadline(&calls), 100);
    assert_null(qmp_calls_send_next(&calls));
    late = qmp_calls_take(&calls, 1);
    assert_null(late->task);
    drop(late);
    assert_int_equal(qmp_calls_send_next(&calls)->id, 2);
    drop_all(&calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_as_the_limit_go_at_once),
        cmocka_unit_test(without_limit_all_go),
        cmocka_unit_test(out_of_band_overtakes_and_does_not_count),
        cmocka_unit_test(one_descriptor_at_a_time_and_in_order),
        cmocka_unit_test(only_sent_ones_have_replies),
        cmocka_unit_test(the_earliest_deadline_counts),
        cmocka_unit_test(given_up_before_sending_it_is_gone),
        cmocka_unit_test(given_up_after_sending_it_keeps_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
