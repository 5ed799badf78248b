/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The trace: JSON lines of everything that happened, each with "time_us" on the
 * monotonic clock and a "kind" (docs/trace-format.rst).  What the machine was
 * fed can be fed to it again.  During a switchover lines are kept in memory:
 * nothing touches a disk in the blackout.
 */
#include "orchestrator/migration.h"

typedef struct Trace Trace;

/* Truncates @path.  Fails in G_FILE_ERROR. */
Trace *trace_open(const char *path, GError **error);
/* Writes what is left.  False if anything could not be written. */
gboolean trace_close(Trace *trace, GError **error);

/* All take NULL for "no trace is wanted".  What was asked for comes first: with
 * it, the events can be fed again. */
void trace_settings(Trace *trace, const MigrationSettings *settings);
void trace_event(Trace *trace, const Migration *m, const Event *event);
void trace_decision(Trace *trace, const Migration *m, const Verdict *verdict);
void trace_phase(Trace *trace, const Migration *m, PhaseId from);
void trace_qmp(Trace *trace, Side side, gboolean sent, const char *line,
               size_t n, int64_t time_us);
