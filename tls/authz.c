/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/authz.h"

#include <string.h>

static void rule_free(TlsAuthzRule *rule)
{
    g_free(rule->match);
    g_free(rule);
}

TlsAuthz *tls_authz_new_list(void)
{
    TlsAuthz *authz = g_new0(TlsAuthz, 1);
    authz->kind = TLS_AUTHZ_LIST;
    authz->rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
    return authz;
}

void tls_authz_add(TlsAuthz *authz, const char *match, bool is_glob,
                   bool allows)
{
    TlsAuthzRule *rule = g_new0(TlsAuthzRule, 1);
    g_assert(authz->kind == TLS_AUTHZ_LIST);
    rule->match = g_strdup(match);
    rule->is_glob = is_glob;
    rule->allows = allows;
    g_ptr_array_add(authz->rules, rule);
}

TlsAuthz *tls_authz_new(TlsAuthzKind kind, const char *word)
{
    TlsAuthz *authz = g_new0(TlsAuthz, 1);
    g_assert(kind != TLS_AUTHZ_LIST && kind < N_TLS_AUTHZ_KINDS);
    authz->kind = kind;
    authz->word = g_strdup(word);
    return authz;
}

void tls_authz_free(TlsAuthz *authz)
{
    if (authz) {
        g_clear_pointer(&authz->rules, g_ptr_array_unref);
        g_free(authz->word);
        g_free(authz);
    }
}

/* 7.2 and 10.0 name the third authz-listfile in their schema and know it as
 * authz-list-file, so that they refuse both: tls_step_check() tells. */
const char *tls_authz_qom_type(TlsAuthzKind kind)
{
    static const char *const types[N_TLS_AUTHZ_KINDS] = {
        "authz-list", "authz-simple", "authz-list-file", "authz-pam"
    };
    g_assert(kind < N_TLS_AUTHZ_KINDS);
    return types[kind];
}

static TlsAuthzVerdict judge_list(const TlsAuthz *authz, const char *subject)
{
    for (guint i = 0; i < authz->rules->len; i++) {
        const TlsAuthzRule *rule = authz->rules->pdata[i];
        if (rule->is_glob ? g_pattern_match_simple(rule->match, subject)
                          : strcmp(rule->match, subject) == 0) {
            return rule->allows ? TLS_AUTHZ_ALLOWED : TLS_AUTHZ_DENIED;
        }
    }
    return authz->allows_rest ? TLS_AUTHZ_ALLOWED : TLS_AUTHZ_DENIED;
}

TlsAuthzVerdict tls_authz_judge(const TlsAuthz *authz, const char *subject)
{
    switch (authz->kind) {
    case TLS_AUTHZ_LIST:
        return judge_list(authz, subject);
    case TLS_AUTHZ_SIMPLE:
        return strcmp(authz->word, subject) == 0 ? TLS_AUTHZ_ALLOWED
                                                 : TLS_AUTHZ_DENIED;
    default:
        return TLS_AUTHZ_UNKNOWN;
    }
}
