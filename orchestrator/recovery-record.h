/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a run intends, written down before it does it, so that `qmigrate recover`
 * can finish or undo the migration of a qmigrate that was killed.  Facts are not
 * written down: recover asks both QEMUs for them.  Pure; journal.h has the file.
 */
#include "caps/agree.h"
#include "orchestrator/owner.h"
#include "orchestrator/process-identity.h"

typedef struct {
    ProcessIdentity process[N_SIDES]; /* both known */
    char *address[N_SIDES];           /* of the monitors, for people */
    char *uri;                        /* of the migration stream or file */
    bool as_channels;
    int64_t migrate_us; /* CLOCK_MONOTONIC, when migrate was sent; 0: not yet */
    GPtrArray *steps;   /* of CapsStep: settings changed, with old values */
    OwnerContext context; /* what was done so far, and whether the guest ran */
} RecoveryRecord;

RecoveryRecord *recovery_record_new(void);
RecoveryRecord *recovery_record_ref(const RecoveryRecord *record);
void recovery_record_unref(RecoveryRecord *record); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecoveryRecord, recovery_record_unref)

/*
 * The text of a journal: one line that ends in a letter or "-" for each member
 * of the context, then a JSON document.  The letters are at fixed places so that
 * one of them can be changed by writing a single byte.
 */
char *recovery_record_to_text(const RecoveryRecord *record);

/* NULL: not a journal that this program can read. */
RecoveryRecord *recovery_record_from_text(const char *text);

/* Of each member of the context: its letter if it is true, else "-".
 * @ret_length bytes, static, until the next call is made. */
#define RECOVERY_MARKS_MAX 24
size_t recovery_record_marks(const OwnerContext *context,
                             char ret[RECOVERY_MARKS_MAX]);

/* Where the marks begin in the text. */
size_t recovery_record_marks_offset(void);
