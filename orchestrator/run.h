/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The thin shell around the machine of migration.h: two monitors, timers and
 * the caller's wishes become events; actions are performed.  It runs on the
 * thread-default main context and blocks nowhere.
 */
#include "orchestrator/migration.h"
#include "orchestrator/rehearse.h"
#include "orchestrator/trace.h"
#include "qmp/address.h"

typedef struct Run Run;

typedef struct {
    const QmpAddress *address[N_SIDES];
    pid_t pid[N_SIDES]; /* of processes that the caller started; else 0 */
    const MigrationSettings *settings;
    Trace *trace; /* or NULL */
    /* Where journals for `qmigrate recover` are kept; NULL: none are. */
    const char *journal_folder;
} RunConfig;

typedef struct {
    /* Before each event, which the machine has not heard yet; may be NULL. */
    void (*event)(const Event *event, gpointer user_data);
    /* After each event; @phase_changed: it led to another phase.  In a
     * switchover nothing may be written anywhere. */
    void (*progress)(const Migration *m, gboolean phase_changed,
                     gpointer user_data);
    /* What a person should know before the end, also in the notes; may be
     * NULL. */
    void (*warning)(const char *text, gpointer user_data);
    /* Once, in PHASE_DONE; run_free() may be called from here. */
    void (*done)(Run *run, gpointer user_data);
} RunHandlers;

/* What @config points to must outlive the run. */
Run *run_new(const RunConfig *config, const RunHandlers *handlers,
             gpointer user_data);
void run_free(Run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_free)

void run_start(Run *run);

/* The first time it asks QEMU to give up, the second time it leaves. */
void run_cancel(Run *run);

const Migration *run_migration(const Run *run);
/* When it is done with check_only and nothing stood in the way: what it would
 * have sent; see rehearse.h.  The run is used up by it. */
GPtrArray *run_rehearse(Run *run);

const char *run_version(const Run *run, Side side); /* NULL: not known */
