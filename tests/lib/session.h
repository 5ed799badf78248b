/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A QmpClient and what happened to it, for tests: what would be callbacks are
 * facts here that one can wait for.
 */
#include "qmp/client.h"
#include "tests/lib/fake-qemu.h"

typedef struct Session Session;

/* One command's fate. */
typedef struct {
    Session *session;
    bool is_done;
    JsonNode *value; /* one of the two */
    GError *error;
    unsigned order; /* 1: the first one to be answered in this session */
} Answer;

struct Session {
    QmpClient *client;                       /* NULL until connected */
    bool is_connected;                       /* or it failed */
    GError *error;                           /* of connecting */
    GPtrArray *events;                       /* their names */
    int64_t event_time_us, event_arrival_us; /* of the latest */
    unsigned n_closed;
    GError *closed_error;
    GPtrArray *answers;
    unsigned n_answered;
    GString *tapped; /* "-> ..." and "<- ...", one line each */
    /* Called on the way, may be NULL. */
    void (*on_answer)(Session *session, Answer *answer);
    void (*on_event)(Session *session, const QmpEvent *event);
    void (*on_tap)(Session *session, QmpDirection direction);
};

#define SESSION_PATIENCE_MS 30000

/* Starts connecting. */
Session *session_new(const char *address, unsigned timeout_ms,
                     GCancellable *cancellable);
Session *session_new_at(const QmpAddress *address, unsigned timeout_ms,
                        GCancellable *cancellable);
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* Starts connecting to @fake, and runs the main loop until it is connected. */
Session *session_connect(FakeQemu *fake);

/* Sends a command; what becomes of it stands in the result, which @session owns. */
Answer *session_ask(Session *session, const char *name);
Answer *session_ask_oob(Session *session, const char *name);
Answer *session_execute(Session *session, const QmpCommand *command,
                        unsigned timeout_ms, GCancellable *cancellable);

/* The answer's value as text, valid until the next call. */
const char *session_wait(Answer *answer);
/* The same for an error. */
const GError *session_wait_error(Answer *answer);
