/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/monitor.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "orchestrator/host.h"
#include "qmp/json.h"
#include "orchestrator/lock.h"

#define LAST_WORDS_MS 100 /* to read what a QEMU that is gone has said */

/* QEMU under load can be slow, but a greeting costs it nothing. */
#define CONNECT_TIMEOUT_MS 5000u

/* Without an answer the process is not known, which is no failure. */
#define PROOF_TIMEOUT_MS 1000u

struct Monitor {
    Side side;
    QmpAddress *address;
    MonitorFeed *feed;
    MonitorTap *tap;
    gpointer user_data;

    QmpClient *client; /* NULL: not connected */
    GCancellable *cancellable;
    char *version;
    char **folders;
    pid_t pid;
    int pidfd; /* -1: not watched */
    bool is_exclusive;
    int lock; /* -1: not locked by us */
    pid_t locked_by;
    int64_t died_us; /* wall clock; 0: it lives */
    guint pidfd_source, last_words_source, answer_source;
    GQueue own_answers; /* of OwnAnswer */
};

typedef struct {
    Monitor *monitor; /* only valid if not cancelled */
    GCancellable *cancellable;
    Ask ask;
} Call;

static Call *call_new(Monitor *monitor, Ask ask)
{
    Call *call = g_new0(Call, 1);
    call->monitor = monitor;
    call->cancellable = g_object_ref(monitor->cancellable);
    call->ask = ask;
    return call;
}

static void call_free(Call *call)
{
    g_object_unref(call->cancellable);
    g_free(call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

/* An answer that is not QEMU's. */
typedef struct {
    EventKind kind;
    Ask ask;
    char *text;
    JsonNode *value;
} OwnAnswer;

static void free_own_answer(gpointer data)
{
    OwnAnswer *answer = data;
    g_free(answer->text);
    g_clear_pointer(&answer->value, json_node_unref);
    g_free(answer);
}

static void emit(Monitor *monitor, Event event)
{
    event.side = monitor->side;
    if (event.time_us == 0) {
        event.time_us = g_get_monotonic_time();
    }
    monitor->feed(&event, monitor->user_data);
}

static gboolean on_last_words(gpointer user_data)
{
    Monitor *monitor = user_data;
    monitor->last_words_source = 0;
    emit(monitor,
         (Event){ .kind = EVENT_DIED, .qemu_time_us = monitor->died_us });
    return G_SOURCE_REMOVE;
}

/* What it said before is heard before: up to the end of its monitor, which
 * somebody else may hold open. */
static gboolean on_pidfd(int fd, GIOCondition condition, gpointer user_data)
{
    Monitor *monitor = user_data;
    monitor->pidfd_source = 0;
    monitor->died_us = g_get_real_time();
    monitor->last_words_source = g_timeout_add_full(
        G_PRIORITY_DEFAULT, monitor->client ? LAST_WORDS_MS : 0, on_last_words,
        monitor, NULL);
    return G_SOURCE_REMOVE;
}

static void watch_process(Monitor *monitor, pid_t pid)
{
    if (pid <= 0 || monitor->pidfd >= 0) {
        return;
    }
    int fd = syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        return; /* an old kernel: then nothing proves its death */
    }
    monitor->pid = pid;
    monitor->pidfd = fd;
    monitor->pidfd_source = g_unix_fd_add(fd, G_IO_IN, on_pidfd, monitor);
}

Monitor *monitor_new(Side side, const QmpAddress *address, pid_t pid,
                     MonitorFeed *feed, MonitorTap *tap, gpointer user_data)
{
    Monitor *monitor = g_new0(Monitor, 1);
    monitor->side = side;
    monitor->address = qmp_address_copy(address);
    monitor->feed = feed;
    monitor->tap = tap;
    monitor->user_data = user_data;
    monitor->cancellable = g_cancellable_new();
    monitor->pidfd = monitor->lock = -1;
    watch_process(monitor, pid);
    return monitor;
}

void monitor_free(Monitor *monitor)
{
    g_cancellable_cancel(monitor->cancellable);
    if (monitor->client) {
        qmp_client_close(monitor->client);
        g_object_unref(monitor->client);
    }
    if (monitor->pidfd_source) {
        g_source_remove(monitor->pidfd_source);
    }
    if (monitor->pidfd >= 0) {
        close(monitor->pidfd);
    }
    if (monitor->lock >= 0) {
        close(monitor->lock);
    }
    g_clear_handle_id(&monitor->last_words_source, g_source_remove);
    g_clear_handle_id(&monitor->answer_source, g_source_remove);
    g_queue_clear_full(&monitor->own_answers, free_own_answer);
    g_object_unref(monitor->cancellable);
    qmp_address_free(monitor->address);
    g_free(monitor->version);
    g_strfreev(monitor->folders);
    g_free(monitor);
}

void monitor_make_exclusive(Monitor *monitor)
{
    monitor->is_exclusive = true;
}

void monitor_look_at(Monitor *monitor, const char *const *folders)
{
    g_strfreev(monitor->folders);
    monitor->folders = g_strdupv((char **)folders);
}

const char *monitor_version(const Monitor *monitor)
{
    return monitor->version;
}

pid_t monitor_pid(const Monitor *monitor)
{
    return monitor->pid;
}

static void lose(Monitor *monitor, const GError *error)
{
    FailureCode code = failure_code_from_qmp(error);

    g_clear_object(&monitor->client);
    emit(monitor, (Event){ .kind = EVENT_LOST,
                           .code = code ? code : FAILURE_MONITOR_LOST,
                           .text = error->message });
}

static void on_event(QmpClient *client, const QmpEvent *event,
                     gpointer user_data)
{
    emit(user_data, (Event){ .kind = EVENT_QMP,
                             .time_us = event->arrival_us,
                             .name = event->name,
                             .data = event->data,
                             .qemu_time_us = event->time_us });
}

static void on_closed(QmpClient *client, const GError *error,
                      gpointer user_data)
{
    Monitor *monitor = user_data;
    if (monitor->client != client) {
        return; /* the connect itself reports it */
    }
    if (monitor->last_words_source) {
        g_clear_handle_id(&monitor->last_words_source, g_source_remove);
        on_last_words(monitor);
    }
    lose(monitor, error);
}

static void on_tap(QmpClient *client, QmpDirection direction, const char *line,
                   size_t n, int64_t time_us, gpointer user_data)
{
    Monitor *monitor = user_data;
    monitor->tap(monitor->side, direction, line, n, time_us,
                 monitor->user_data);
}

/* Returns whether another process has it locked.  Who changes nothing only looks. */
static bool is_locked_out(Monitor *monitor)
{
    pid_t holder = 0;
    if (monitor->pid <= 0 || monitor->lock >= 0) {
        return false;
    }
    if (!monitor->is_exclusive) {
        monitor->locked_by = process_lock_holder(monitor->pid);
        return monitor->locked_by > 0 && monitor->locked_by != getpid();
    }
    int lock = process_lock(monitor->pid, &holder);
    monitor->lock = lock >= 0 ? lock : -1;
    monitor->locked_by = holder;
    return lock == PROCESS_LOCK_HELD && holder != getpid();
}

static void emit_connected(Monitor *monitor)
{
    bool locked_out = is_locked_out(monitor);
    Event event = { .kind = EVENT_CONNECTED,
                    .pid = monitor->pid,
                    .is_locked_out = locked_out,
                    .locked_by = locked_out ? monitor->locked_by : 0,
                    .version = monitor->version };
    ProcessFacts process;
    HostFacts host;
    ProcessIdentity identity;
    if (monitor->pid > 0) {
        identity = host_identify_process("", monitor->pid);
        event.identity = &identity;
        process = host_read_process("", monitor->pid);
        host = host_read("", monitor->pid);
        host_read_folders("", monitor->pid,
                          (const char *const *)monitor->folders, &process);
        event.process = &process;
        event.host = &host;
    }
    emit(monitor, event);
}

static void on_vcpus(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    g_autoptr(JsonNode) reply =
        qmp_client_execute_finish(QMP_CLIENT(object), result, NULL);
    Monitor *monitor = call->monitor;

    if (g_cancellable_is_cancelled(call->cancellable) || !monitor->client) {
        return; /* a session that is over is reported by on_closed() */
    }
    pid_t peer = qmp_client_peer_pid(monitor->client);
    if (host_has_vcpus("", peer, reply)) {
        watch_process(monitor, peer);
    }
    emit_connected(monitor);
}

/* Any program can be called QEMU; socat, or who made the socket and passed it on,
 * has none of the guest's vCPUs. */
static void prove_process(Monitor *monitor)
{
    g_autoptr(QmpCommand) command = qmp_command_new("query-cpus-fast");
    qmp_client_execute_async(monitor->client, command, PROOF_TIMEOUT_MS,
                             monitor->cancellable, on_vcpus,
                             call_new(monitor, 0));
}

static void on_connected(GObject *object, GAsyncResult *result,
                         gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpClient) client = qmp_client_connect_finish(result, &error);
    Monitor *monitor = call->monitor;

    if (g_cancellable_is_cancelled(call->cancellable)) {
        return;
    }
    if (!client) {
        lose(monitor, error);
        return;
    }
    monitor->client = g_steal_pointer(&client);
    g_free(monitor->version);
    monitor->version = g_strdup(qmp_client_version(monitor->client));
    pid_t peer = qmp_client_peer_pid(monitor->client);
    if (peer > 0 && monitor->pidfd < 0) {
        prove_process(monitor);
        return;
    }
    emit_connected(monitor);
}

void monitor_connect(Monitor *monitor)
{
    const QmpClientHandlers handlers = { .event = on_event,
                                         .closed = on_closed,
                                         .tap = monitor->tap ? on_tap : NULL };
    qmp_client_connect_async(monitor->address, CONNECT_TIMEOUT_MS, &handlers,
                             monitor, monitor->cancellable, on_connected,
                             call_new(monitor, 0));
}

static void on_reply(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) value =
        qmp_client_execute_finish(QMP_CLIENT(object), result, &error);

    if (g_cancellable_is_cancelled(call->cancellable)) {
        return;
    }
    if (value) {
        emit(call->monitor,
             (Event){ .kind = EVENT_REPLY, .ask = call->ask, .value = value });
    } else if (g_error_matches(error, QMP_ERROR, QMP_ERROR_COMMAND)) {
        emit(call->monitor, (Event){ .kind = EVENT_REFUSED,
                                     .ask = call->ask,
                                     .text = error->message });
    } else if (g_error_matches(error, QMP_ERROR, QMP_ERROR_TIMED_OUT)) {
        emit(call->monitor, (Event){ .kind = EVENT_SILENT, .ask = call->ask });
    } /* else the session is over, which is reported once, by on_closed() */
}

/* Nothing may call back before the function that asked for it returns. */
static gboolean on_own_answer(gpointer user_data)
{
    Monitor *monitor = user_data;
    OwnAnswer *answer = g_queue_pop_head(&monitor->own_answers);
    bool is_last = g_queue_is_empty(&monitor->own_answers);
    if (is_last) {
        monitor->answer_source = 0;
    }
    emit(monitor, (Event){ .kind = answer->kind,
                           .ask = answer->ask,
                           .text = answer->text,
                           .value = answer->value });
    free_own_answer(answer);
    return is_last ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void add_own_answer(Monitor *monitor, OwnAnswer answer)
{
    OwnAnswer *added = g_new(OwnAnswer, 1);
    *added = answer;
    g_queue_push_tail(&monitor->own_answers, added);
    if (!monitor->answer_source) {
        monitor->answer_source =
            g_idle_add_full(G_PRIORITY_DEFAULT, on_own_answer, monitor, NULL);
    }
}

void monitor_refuse(Monitor *monitor, Ask ask, const char *text)
{
    add_own_answer(monitor, (OwnAnswer){ .kind = EVENT_REFUSED,
                                         .ask = ask,
                                         .text = g_strdup(text) });
}

void monitor_tell_threads(Monitor *monitor, Ask ask)
{
    add_own_answer(monitor,
                   (OwnAnswer){ .kind = EVENT_REPLY,
                                .ask = ask,
                                .value = host_threads("", monitor->pid) });
}

void monitor_send(Monitor *monitor, Ask ask, const QmpCommand *command,
                  unsigned deadline_ms)
{
    if (!monitor->client) {
        return; /* it broke in this very moment: EVENT_LOST has said so */
    }
    g_autoptr(QmpCommand) sent = qmp_command_copy(command);
    sent->oob &= qmp_client_has_oob(monitor->client);
    qmp_client_execute_async(monitor->client, sent, deadline_ms,
                             monitor->cancellable, on_reply,
                             call_new(monitor, ask));
}
