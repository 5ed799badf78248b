/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The commands of one session that have no answer yet: which may be sent next,
 * whose reply this is, whose deadline passed.  Pure: time and ids come in.
 *
 * Two rules of QEMU's stand here.  Where OOB is on it stops reading at
 * eight queued commands, so more than @limit in-band ones would hold back the
 * OOB ones too.  And a monitor keeps one file descriptor at a time, the latest:
 * 7.2 and 10.0 lose up to half of those that come close behind each other, so a
 * command with a descriptor waits until the one before it is answered.
 */
#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    GList link;
    int64_t id;
    int64_t deadline_us;
    unsigned timeout_ms;
    char *text;
    GTask *task;     /* NULL: given up; a reply to it is swallowed */
    GSource *cancel; /* may be NULL */
    int fd;          /* ours; -1: none.  Gone once sent */
    bool has_fd;
    bool oob;
    bool is_sent;
    char name[];
} QmpCall;

typedef struct {
    GQueue waiting_oob;
    GQueue waiting;
    GQueue sent;    /* oldest first, so a reply is mostly the head's */
    unsigned limit; /* in-band commands under way at once; 0: any number */
    unsigned n_in_band;
    unsigned n_fds;
    int64_t last_id;
} QmpCalls;

QmpCall *qmp_call_new(const char *name, bool oob);
/* The task, if still there, must have been answered before. */
void qmp_call_free(QmpCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpCall, qmp_call_free)

/* Takes @call over; it waits. */
void qmp_calls_add(QmpCalls *calls, QmpCall *call);

/* The next one to send, which then counts as sent; NULL: none may go now. */
QmpCall *qmp_calls_send_next(QmpCalls *calls);

/* The sent one with this id, which the caller now owns; NULL: not ours. */
QmpCall *qmp_calls_take(QmpCalls *calls, int64_t id);

/* Any one at all, which the caller now owns; NULL: there are no more. */
QmpCall *qmp_calls_take_any(QmpCalls *calls);

/* One that somebody waits for and whose deadline is not after @now_us. */
QmpCall *qmp_calls_find_expired(QmpCalls *calls, int64_t now_us);

/* The earliest deadline that somebody waits for; INT64_MAX: none. */
int64_t qmp_calls_deadline(QmpCalls *calls);

/*
 * Nobody waits for @call any more.  Not sent: it never will be.  Sent: QEMU still
 * has it, so it keeps its place.  Returns the task to answer.
 */
GTask *qmp_calls_give_up(QmpCalls *calls, QmpCall *call);
