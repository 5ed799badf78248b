/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One QMP session, asynchronous, on the thread-default GMainContext of the
 * thread that connected.  It never blocks and reads whenever there is something
 * to read, so QEMU is never held up by us.
 *
 * Life: qmp_client_connect_async() finishes after the greeting and the
 * capability negotiation (with "oob" where QEMU offers it), so a QmpClient that
 * one gets to see is ready.  Commands may overlap; each has an id, a deadline and
 * ends exactly once: with QEMU's reply, or with an error of QMP_ERROR (or
 * G_IO_ERROR_CANCELLED).  Where OOB is on, at most QMP_IN_FLIGHT_MAX in-band
 * commands are on their way at once and the rest waits here; OOB commands
 * overtake them.  A reply to a command that timed out or was cancelled is
 * swallowed.  The first protocol error ends the session, as does an error
 * without id: then all pending commands fail and @closed is called once.
 */
#include <gio/gio.h>
#include <stdbool.h>

#include "qmp/address.h"
#include "qmp/command.h"
#include "qmp/error.h"

#define QMP_IN_FLIGHT_MAX 8u /* QEMU stops reading when its queue holds these */

G_BEGIN_DECLS

#define QMP_TYPE_CLIENT (qmp_client_get_type())
G_DECLARE_FINAL_TYPE(QmpClient, qmp_client, QMP, CLIENT, GObject)

typedef struct {
    const char *name;   /* "STOP", "RESUME", ... */
    JsonObject *data;   /* may be NULL */
    int64_t time_us;    /* QEMU's wall clock since 1970; -1 if it gave none */
    int64_t arrival_us; /* g_get_monotonic_time() when it was read */
} QmpEvent;

typedef enum { QMP_SENT, QMP_RECEIVED } QmpDirection;

/* All optional.  @line: one message without its line end, valid for the call. */
typedef struct {
    void (*event)(QmpClient *client, const QmpEvent *event, gpointer user_data);
    void (*closed)(QmpClient *client, const GError *error, gpointer user_data);
    void (*tap)(QmpClient *client, QmpDirection direction, const char *line,
                size_t n, int64_t time_us, gpointer user_data);
} QmpClientHandlers;

/*
 * Connects, reads the greeting and negotiates, all within @timeout_ms.
 * @handlers (copied) are in force from the first byte on.
 */
void qmp_client_connect_async(const QmpAddress *address, unsigned timeout_ms,
                              const QmpClientHandlers *handlers,
                              gpointer user_data, GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer callback_data);
QmpClient *qmp_client_connect_finish(GAsyncResult *result, GError **error);

/*
 * @command is copied, its descriptor too.  @timeout_ms is counted from this call,
 * and the error says whether the command was sent.  @callback is never called
 * from inside this call.  A command that is pending keeps the client alive.
 */
void qmp_client_execute_async(QmpClient *client, const QmpCommand *command,
                              unsigned timeout_ms, GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer callback_data);
/* The "return" value; free with json_node_unref(). */
JsonNode *qmp_client_execute_finish(QmpClient *client, GAsyncResult *result,
                                    GError **error);

/* Ends the session: what is pending fails with QMP_ERROR_CLOSED, @closed is not
 * called, nor any other handler from here on, so that what they use can be freed.
 * Also done by the last g_object_unref(). */
void qmp_client_close(QmpClient *client);

bool qmp_client_is_open(QmpClient *client);
bool qmp_client_has_oob(QmpClient *client);
const char *qmp_client_version(QmpClient *client); /* "7.2.22" */
const QmpAddress *qmp_client_address(QmpClient *client);

/*
 * The process at the other end of a unix socket as the kernel knows it: who
 * called listen().  That is QEMU, or somebody who listens for it; 0: unknown.
 */
pid_t qmp_client_peer_pid(QmpClient *client);

G_END_DECLS
