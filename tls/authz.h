/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which sources the destination lets in, by the distinguished name of their
 * certificate: the objects authz-list, authz-simple, authz-list-file and authz-pam
 * as data.  Pure.
 */
#include <glib.h>
#include <stdbool.h>

typedef enum {
    TLS_AUTHZ_LIST,      /* rules, in their order */
    TLS_AUTHZ_SIMPLE,    /* one name */
    TLS_AUTHZ_LIST_FILE, /* rules in a file of the destination's host */
    TLS_AUTHZ_PAM,       /* a PAM service of the destination's host */
    N_TLS_AUTHZ_KINDS,
} TlsAuthzKind;

typedef struct {
    char *match;
    bool is_glob; /* * and ? stand for others, as g_pattern_match_simple() */
    bool allows;
} TlsAuthzRule;

typedef struct {
    TlsAuthzKind kind;
    GPtrArray *rules; /* of a list: TlsAuthzRule, the first that fits counts */
    bool allows_rest; /* of a list: those whom no rule fits */
    char *word;       /* of the others: name, file, or service */
} TlsAuthz;

typedef enum {
    TLS_AUTHZ_DENIED,
    TLS_AUTHZ_ALLOWED,
    TLS_AUTHZ_UNKNOWN, /* only the destination's host knows */
} TlsAuthzVerdict;

/* A list that allows nobody. */
TlsAuthz *tls_authz_new_list(void);
void tls_authz_add(TlsAuthz *authz, const char *match, bool is_glob,
                   bool allows);
/* Of one of the other kinds. */
TlsAuthz *tls_authz_new(TlsAuthzKind kind, const char *word);
void tls_authz_free(TlsAuthz *authz); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsAuthz, tls_authz_free)

/* "authz-list" */
const char *tls_authz_qom_type(TlsAuthzKind kind);

/* @subject: as in TlsCertificate. */
TlsAuthzVerdict tls_authz_judge(const TlsAuthz *authz, const char *subject);
