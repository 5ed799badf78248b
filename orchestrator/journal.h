/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The file of a RecoveryRecord.  It exists from before the first setting is sent
 * until the outcome is established and everything is restored.  A qmigrate that
 * is killed leaves it behind, and so does one that cannot tell who has the guest.
 *
 * It has to survive this process, not the host: both QEMUs end with the host.  So
 * nothing is synchronised to disk, and what becomes true while the guest is
 * stopped is a byte stored into a mapped page.
 */
#include "orchestrator/recovery-record.h"
#include "orchestrator/migration.h"

typedef struct Journal Journal;

/* @folder: where journals are kept; it is created when it is needed. */
Journal *journal_new(const char *folder);
void journal_free(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_free)

/*
 * Call after each event and before the actions that it led to are performed, so
 * that everything is written down before it happens.  @address: of the monitors.
 * Fails in G_FILE_ERROR, once: afterwards nothing is written any more.
 */
bool journal_follow(Journal *journal, const Migration *m,
                    char *const address[N_SIDES], GError **error);

/* The process of @side that @record names is gone. */
bool journal_proves_dead(const RecoveryRecord *record, Side side);

/*
 * What an interrupted qmigrate left about the process @identity, on whichever
 * side it was; NULL: nothing.  Removes what is about QEMUs that are gone.
 * @error is set, and NULL returned, if a record is there and cannot be used: it
 * is damaged, or another user could have written it.
 */
RecoveryRecord *journal_find(const char *folder,
                             const ProcessIdentity *identity, GError **error);
