/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Three queues and two counters. */
#include "qmp/calls.h"

#include <string.h>
#include <unistd.h>

QmpCall *qmp_call_new(const char *name, bool oob)
{
    size_t n_name = strlen(name) + 1;
    QmpCall *call = g_malloc0(sizeof(QmpCall) + n_name);

    memcpy(call->name, name, n_name);
    call->link.data = call;
    call->oob = oob;
    call->fd = -1;
    return call;
}

void qmp_call_free(QmpCall *call)
{
    if (call->cancel) {
        g_source_destroy(call->cancel);
        g_source_unref(call->cancel);
    }
    if (call->fd >= 0) {
        close(call->fd);
    }
    g_clear_object(&call->task);
    g_free(call->text);
    g_free(call);
}

static GQueue *queue_of(QmpCalls *calls, QmpCall *call)
{
    if (call->is_sent) {
        return &calls->sent;
    }
    return call->oob ? &calls->waiting_oob : &calls->waiting;
}

void qmp_calls_add(QmpCalls *calls, QmpCall *call)
{
    call->has_fd = call->fd >= 0;
    g_queue_push_tail_link(queue_of(calls, call), &call->link);
}

static bool may_go(const QmpCalls *calls, const QmpCall *call)
{
    if (call->has_fd && calls->n_fds) {
        return false;
    }
    return call->oob || !calls->limit || calls->n_in_band < calls->limit;
}

static QmpCall *send_head(QmpCalls *calls, GQueue *waiting)
{
    QmpCall *call = g_queue_peek_head(waiting);

    if (!call || !may_go(calls, call)) {
        return NULL;
    }
    g_queue_unlink(waiting, &call->link);
    g_queue_push_tail_link(&calls->sent, &call->link);
    call->is_sent = true;
    calls->n_in_band += !call->oob;
    calls->n_fds += call->has_fd;
    return call;
}

QmpCall *qmp_calls_send_next(QmpCalls *calls)
{
    QmpCall *call = send_head(calls, &calls->waiting_oob);

    return call ? call : send_head(calls, &calls->waiting);
}

static QmpCall *remove_call(QmpCalls *calls, QmpCall *call)
{
    g_queue_unlink(queue_of(calls, call), &call->link);
    if (call->is_sent) {
        calls->n_in_band -= !call->oob;
        calls->n_fds -= call->has_fd;
    }
    return call;
}

QmpCall *qmp_calls_take(QmpCalls *calls, int64_t id)
{
    for (GList *l = calls->sent.head; l; l = l->next) {
        QmpCall *call = l->data;

        if (call->id == id) {
            return remove_call(calls, call);
        }
    }
    return NULL;
}

QmpCall *qmp_calls_take_any(QmpCalls *calls)
{
    GQueue *queues[] = { &calls->sent, &calls->waiting_oob, &calls->waiting };

    for (size_t i = 0; i < G_N_ELEMENTS(queues); i++) {
        if (queues[i]->head) {
            return remove_call(calls, queues[i]->head->data);
        }
    }
    return NULL;
}

static QmpCall *earliest(QmpCalls *calls)
{
    GQueue *queues[] = { &calls->sent, &calls->waiting_oob, &calls->waiting };
    QmpCall *first = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(queues); i++) {
        for (GList *l = queues[i]->head; l; l = l->next) {
            QmpCall *call = l->data;

            if (call->task &&
                (!first || call->deadline_us < first->deadline_us)) {
                first = call;
            }
        }
    }
    return first;
}

QmpCall *qmp_calls_find_expired(QmpCalls *calls, int64_t now_us)
{
    QmpCall *call = earliest(calls);

    return call && call->deadline_us <= now_us ? call : NULL;
}

int64_t qmp_calls_deadline(QmpCalls *calls)
{
    QmpCall *call = earliest(calls);

    return call ? call->deadline_us : INT64_MAX;
}

GTask *qmp_calls_give_up(QmpCalls *calls, QmpCall *call)
{
    GTask *task = g_steal_pointer(&call->task);

    if (!call->is_sent) {
        qmp_call_free(remove_call(calls, call));
    } else if (call->cancel) {
        g_source_destroy(call->cancel);
        g_clear_pointer(&call->cancel, g_source_unref);
    }
    return task;
}
