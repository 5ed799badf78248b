/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One QEMU as the shell holds it: its QMP session, which can be opened again
 * after it broke, and its process, whose end is noticed.  It turns what happens
 * into Events of the machine; it decides nothing.
 *
 * A process is proved dead by a pidfd.  Which process it is, a caller knows that
 * started it; else the kernel says who listens on the unix socket, and that
 * counts only if its program is called so, or the threads of the vCPUs are its own
 * (and not socat, or who passed an fd).
 */
#include "orchestrator/migration.h"
#include "qmp/client.h"

typedef struct Monitor Monitor;

typedef void MonitorFeed(const Event *event, gpointer user_data);
typedef void MonitorTap(Side side, QmpDirection direction, const char *line,
                        size_t n, int64_t time_us, gpointer user_data);

/* @pid: 0 if not known.  @tap may be NULL.  Nothing is called any more after
 * monitor_free(). */
Monitor *monitor_new(Side side, const QmpAddress *address, pid_t pid,
                     MonitorFeed *feed, MonitorTap *tap, gpointer user_data);
void monitor_free(Monitor *monitor);

/* Lock the process when it is connected to, until monitor_free(); see
 * lock.h.  EVENT_CONNECTED says whether another process has the lock. */
void monitor_make_exclusive(Monitor *monitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Monitor, monitor_free)

/* Ends in EVENT_CONNECTED or EVENT_LOST. */
void monitor_connect(Monitor *monitor);

/* Ends in EVENT_REFUSED with @text: it was not even sent. */
void monitor_refuse(Monitor *monitor, Ask ask, const char *text);

/* Ends in EVENT_REPLY with the names of the process's threads, in the form of
 * query-migrationthreads; an empty list if they cannot be read. */
void monitor_tell_threads(Monitor *monitor, Ask ask);

/* Ends in EVENT_REPLY, EVENT_REFUSED or EVENT_SILENT, or with EVENT_LOST. */
void monitor_send(Monitor *monitor, Ask ask, const QmpCommand *command,
                  unsigned deadline_ms);

/* Folders that facts on its process are wanted of; before it connects. */
void monitor_look_at(Monitor *monitor, const char *const *folders);

const char *monitor_version(const Monitor *monitor); /* NULL: never connected */
pid_t monitor_pid(const Monitor *monitor);           /* 0: not known */
