/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a run intends, written down before it does it, so that `qmigrate recover`
 * can finish or undo the migration of a qmigrate that was killed.  Facts are not
 * written down: recover asks both QEMUs for them.  Pure; journal.h has the file.
 */
#include "caps/agree.h"
#include "orchestrator/evidence.h"
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
    Evidence evidence;    /* that the migration on the source is this one */
    bool is_over; /* the migration ended; only settings are left to restore */
} RecoveryRecord;

RecoveryRecord *recovery_record_new(void);
RecoveryRecord *recovery_record_ref(const RecoveryRecord *record);
void recovery_record_unref(RecoveryRecord *record); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecoveryRecord, recovery_record_unref)

/*
 * The text of a journal: one line that ends in marks, a letter or "-" for each
 * member of the context and hexadecimal numbers for the evidence, then a JSON
 * document.  All marks are at fixed places so that they can be stored into a
 * mapped page.
 */
char *recovery_record_to_text(const RecoveryRecord *record);

/* NULL: not a journal that this program can read. */
RecoveryRecord *recovery_record_from_text(const char *text);

/* Returns their length; it is the same for every record. */
#define RECOVERY_MARKS_MAX 160
size_t recovery_record_marks(const RecoveryRecord *record,
                             char ret[RECOVERY_MARKS_MAX]);

/* Where the marks begin in the text. */
size_t recovery_record_marks_offset(void);
