/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is found out about a pair of QEMUs before anything is sent: errors, with
 * which it cannot work, warnings and notes.  Each has a short stable word;
 * docs/errors.rst lists them from the table here.  Pure.
 */
#include <glib.h>

#include "caps/side.h"

typedef enum {
    FINDING_NOTE,
    FINDING_WARNING,
    FINDING_ERROR,
} Severity;

typedef enum {
    /* the wishes */
    FINDING_UNKNOWN_NAME,
    FINDING_BAD_VALUE,
    FINDING_NOT_A_MIGRATION,
    FINDING_ONE_SIDE,
    FINDING_MISSING,
    FINDING_CONFLICT,
    FINDING_BREAKS,
    FINDING_DIFFERS,
    FINDING_NO_EFFECT,
    FINDING_STAYS,
    FINDING_LEFT_OVER,
    FINDING_DEPRECATED,
    FINDING_NEW_TO_US,
    FINDING_CHOSEN,
    /* the QEMUs */
    FINDING_SAME_QEMU,
    FINDING_NOT_WAITING,
    FINDING_MIGRATING_ALREADY,
    FINDING_INTERRUPTED,
    FINDING_SOURCE_STATE,
    FINDING_BLOCKED,
    FINDING_BLOCK_JOB,
    FINDING_MACHINE,
    FINDING_MEMORY,
    FINDING_MEMORY_BACKENDS,
    FINDING_MEMORY_LAYOUT,
    FINDING_CPUS,
    FINDING_CPU_MODEL,
    FINDING_DEVICES,
    FINDING_DISKS,
    FINDING_UUID,
    FINDING_NOT_COMPARED,
    /* the host */
    FINDING_ADDRESS,
    FINDING_LINK,
    FINDING_LOCKED_MEMORY,
    FINDING_USERFAULTFD,
    FINDING_HUGE_PAGES,
    FINDING_FREE_MEMORY,
    /* TLS: the words are those of tls/finding.h */
    FINDING_CREDENTIALS,
    N_FINDING_CODES,
} FindingCode;

typedef struct {
    const char *word;    /* "locked-memory" */
    const char *meaning; /* one phrase */
} FindingRow;

typedef struct {
    FindingCode code;
    const char *word; /* the code's, or a closer one; never freed */
    Severity severity;
    Side side;  /* N_SIDES: of both, or of none */
    char *text; /* one phrase */
    char *hint; /* what to do; NULL: the text says it all */
} Finding;

const FindingRow *finding_row(FindingCode code);
const char *severity_name(Severity severity); /* error, warning, note */

/* An array of Finding that owns them. */
GPtrArray *findings_new(void);

/* Takes @hint over, which may be NULL. */
G_GNUC_PRINTF(6, 7)
void findings_add(GPtrArray *findings, FindingCode code, Severity severity,
                  Side side, char *hint, const char *format, ...);

/* The same, with a word of its own, which must live for ever. */
G_GNUC_PRINTF(7, 8)
void findings_add_word(GPtrArray *findings, FindingCode code, const char *word,
                       Severity severity, Side side, char *hint,
                       const char *format, ...);

/* The first of its severity, NULL: there is none. */
const Finding *findings_first(const GPtrArray *findings, Severity severity);
guint findings_count(const GPtrArray *findings, Severity severity);

/* "SIDE: TEXT", or TEXT alone.  Free with g_free(). */
char *finding_to_text(const Finding *finding);
