/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/session.h"

#include "qmp/json.h"
#include "tests/lib/check.h"

static void answer_free(gpointer data)
{
    Answer *answer = data;

    g_clear_pointer(&answer->value, json_node_unref);
    g_clear_error(&answer->error);
    g_free(answer);
}

static void event(QmpClient *client, const QmpEvent *event, gpointer data)
{
    Session *session = data;

    g_ptr_array_add(session->events, g_strdup(event->name));
    session->event_time_us = event->time_us;
    session->event_arrival_us = event->arrival_us;
    if (session->on_event) {
        session->on_event(session, event);
    }
}

static void closed(QmpClient *client, const GError *error, gpointer data)
{
    Session *session = data;

    session->n_closed++;
    g_clear_error(&session->closed_error);
    session->closed_error = g_error_copy(error);
}

static void tap(QmpClient *client, QmpDirection direction, const char *line,
                size_t n, int64_t time_us, gpointer data)
{
    Session *session = data;

    assert_true(time_us > 0 && time_us <= g_get_monotonic_time());
    g_string_append_printf(session->tapped, "%s %.*s\n",
                           direction == QMP_SENT ? "->" : "<-", (int)n, line);
    if (session->on_tap) {
        session->on_tap(session, direction);
    }
}

static void connected(GObject *none, GAsyncResult *result, gpointer data)
{
    Session *session = data;

    assert_false(session->is_connected);
    session->client = qmp_client_connect_finish(result, &session->error);
    session->is_connected = true;
    assert_true(!session->client != !session->error);
}

Session *session_new(const char *address, unsigned timeout_ms,
                     GCancellable *cancellable)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpAddress) parsed = qmp_address_parse(address, &error);

    check_no_error(error);
    return session_new_at(parsed, timeout_ms, cancellable);
}

Session *session_new_at(const QmpAddress *address, unsigned timeout_ms,
                        GCancellable *cancellable)
{
    const QmpClientHandlers handlers = { event, closed, tap };
    Session *session = g_new0(Session, 1);

    session->events = g_ptr_array_new_with_free_func(g_free);
    session->answers = g_ptr_array_new_with_free_func(answer_free);
    session->tapped = g_string_new(NULL);
    qmp_client_connect_async(address, timeout_ms, &handlers, session,
                             cancellable, connected, session);
    return session;
}

static bool all_answered(Session *session)
{
    return session->n_answered == session->answers->len;
}

void session_free(Session *session)
{
    wait_until(session->is_connected);
    if (session->client) {
        qmp_client_close(session->client);
    }
    wait_until(all_answered(session));
    g_clear_object(&session->client);
    /* So that a command's end is reaped, and what was cancelled is gone. */
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    g_clear_error(&session->error);
    g_clear_error(&session->closed_error);
    g_ptr_array_unref(session->events);
    g_ptr_array_unref(session->answers);
    g_string_free(session->tapped, TRUE);
    g_free(session);
}

Session *session_connect(FakeQemu *fake)
{
    Session *session =
        session_new(fake_qemu_address(fake), SESSION_PATIENCE_MS, NULL);

    wait_until(session->is_connected);
    check_no_error(session->error);
    return session;
}

static void answered(GObject *source, GAsyncResult *result, gpointer data)
{
    Answer *answer = data;

    assert_false(answer->is_done);
    answer->is_done = true;
    answer->order = ++answer->session->n_answered;
    answer->value =
        qmp_client_execute_finish(QMP_CLIENT(source), result, &answer->error);
    assert_true(!answer->value != !answer->error);
    if (answer->session->on_answer) {
        answer->session->on_answer(answer->session, answer);
    }
}

Answer *session_execute(Session *session, const QmpCommand *command,
                        unsigned timeout_ms, GCancellable *cancellable)
{
    Answer *answer = g_new0(Answer, 1);

    answer->session = session;
    g_ptr_array_add(session->answers, answer);
    qmp_client_execute_async(session->client, command, timeout_ms, cancellable,
                             answered, answer);
    assert_false(answer->is_done); /* never from inside */
    return answer;
}

Answer *session_ask(Session *session, const char *name)
{
    g_autoptr(QmpCommand) command = qmp_command_new(name);

    return session_execute(session, command, SESSION_PATIENCE_MS, NULL);
}

Answer *session_ask_oob(Session *session, const char *name)
{
    g_autoptr(QmpCommand) command = qmp_command_new(name);

    command->oob = true;
    return session_execute(session, command, SESSION_PATIENCE_MS, NULL);
}

const char *session_wait(Answer *answer)
{
    char *text;

    wait_until(answer->is_done);
    check_no_error(answer->error);
    text = qmp_json_to_text(answer->value);
    /* Kept until the next one. */
    g_object_set_data_full(G_OBJECT(answer->session->client), "text", text,
                           g_free);
    return text;
}

const GError *session_wait_error(Answer *answer)
{
    wait_until(answer->is_done);
    assert_non_null(answer->error);
    return answer->error;
}
