/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is found out about TLS credentials before anything is sent: errors, with
 * which QEMU refuses them or the other side does, warnings and notes.  Each has a
 * short stable word; docs/tls.rst lists them from the table here.  Pure.
 */
#include <glib.h>

/* Whose end of the connection; the source connects to the destination. */
typedef enum {
    TLS_CLIENT, /* the source */
    TLS_SERVER, /* the destination */
    N_TLS_ROLES,
} TlsRole;

/* As those of caps/finding.h, number by number. */
typedef enum {
    TLS_NOTE,
    TLS_WARNING,
    TLS_ERROR,
} TlsSeverity;

typedef enum {
    /* a file by itself */
    TLS_FINDING_MISSING,
    TLS_FINDING_UNREADABLE,
    TLS_FINDING_UNPARSABLE,
    TLS_FINDING_ENCRYPTED,
    TLS_FINDING_KEY_READABLE,
    TLS_FINDING_CA_KEY,
    TLS_FINDING_UNUSED,
    /* a certificate, or a key of PSK */
    TLS_FINDING_EXPIRED,
    TLS_FINDING_NOT_YET_VALID,
    TLS_FINDING_EXPIRES_SOON,
    TLS_FINDING_NOT_A_CA,
    TLS_FINDING_IS_A_CA,
    TLS_FINDING_USAGE,
    TLS_FINDING_PURPOSE,
    TLS_FINDING_WEAK_KEY,
    TLS_FINDING_WEAK_SIGNATURE,
    /* the files of a folder together */
    TLS_FINDING_UNTRUSTED,
    TLS_FINDING_KEY_MISMATCH,
    TLS_FINDING_REVOKED,
    TLS_FINDING_CRL_EXPIRED,
    TLS_FINDING_CRL_ISSUER,
    /* what is wished */
    TLS_FINDING_NAME,
    TLS_FINDING_NO_NAME,
    TLS_FINDING_IDENTITY,
    TLS_FINDING_NOT_AUTHORIZED,
    TLS_FINDING_NOT_OFFERED,
    /* both folders */
    TLS_FINDING_OTHER_KIND,
    TLS_FINDING_OTHER_CA,
    TLS_FINDING_OTHER_KEY,
    N_TLS_FINDINGS,
} TlsFindingCode;

typedef struct {
    const char *word;    /* "expires-soon" */
    const char *meaning; /* one phrase */
    const char *mend;    /* what to do, one phrase */
} TlsFindingRow;

typedef struct {
    TlsFindingCode code;
    TlsSeverity severity;
    TlsRole role; /* N_TLS_ROLES: of both, or of none */
    char *file;   /* its path, or a folder's; NULL: of none */
    char *text;   /* one phrase, without the file */
    char *hint;   /* what to do */
} TlsFinding;

const TlsFindingRow *tls_finding_row(TlsFindingCode code);

/* An array of TlsFinding that owns them. */
GPtrArray *tls_findings_new(void);

/* The hint is the row's.  What is there already, of the same file, is not added
 * again, but then it is of both roles. */
G_GNUC_PRINTF(6, 7)
void tls_findings_add(GPtrArray *findings, TlsFindingCode code,
                      TlsSeverity severity, TlsRole role, const char *file,
                      const char *format, ...);

/* The first with this code, NULL: there is none. */
const TlsFinding *tls_findings_find(const GPtrArray *findings,
                                    TlsFindingCode code);
gboolean tls_findings_have_error(const GPtrArray *findings);

/* "FILE: TEXT", or TEXT alone.  Free with g_free(). */
char *tls_finding_to_text(const TlsFinding *finding);
