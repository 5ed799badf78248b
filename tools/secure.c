/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/secure.h"

#include <string.h>

#include "orchestrator/uri.h"
#include "tls/credentials.h"
#include "tls/psk.h"
#include "tools/settings.h"

/* Which of several hosts' folders is the destination's; NULL: not known yet. */
static char *destination_name(const SecureWords *words,
                              const MigrationSettings *migration)
{
    g_auto(Uri) uri = { 0 };
    if (words->hostname || !migration->uri ||
        !uri_parse(migration->uri, &uri, NULL) || uri.kind != URI_TCP) {
        return g_strdup(words->hostname);
    }
    return g_strdup(uri.host);
}

/* QEMU stands in another folder than we do. */
static TlsCredentials *load(const char *folder, const char *host)
{
    g_autofree char *path = g_canonicalize_filename(folder, NULL);
    return tls_credentials_load(path, host);
}

static TlsAuthz *take_authz(char **rules)
{
    TlsAuthz *authz = rules ? tls_authz_new_list() : NULL;
    for (; rules && *rules; rules++) {
        tls_authz_add(authz, *rules, strpbrk(*rules, "*?") != NULL,
                      /* allows= */ true);
    }
    return authz;
}

static const char *folder_of(const SecureWords *words, Side side)
{
    return words->of_side[side] ? words->of_side[side] : words->folder;
}

void secure_load(Secure *secure, const char *folder)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        secure->credentials[side] = load(folder, NULL);
    }
    secure->now_s = g_get_real_time() / G_USEC_PER_SEC;
}

static Secure *take_wish(const SecureWords *words)
{
    Secure *secure = secure_new();
    secure->hostname = g_strdup(words->hostname);
    secure->identity = g_strdup(words->identity);
    secure->authz = take_authz(words->authz);
    secure->any_client = words->any_client;
    secure->now_s = g_get_real_time() / G_USEC_PER_SEC;
    return secure;
}

/* Ours would be one answer, the user's another. */
static gboolean check_wishes(const MigrationSettings *migration, GError **error)
{
    for (guint i = 0; i < migration->wishes->len; i++) {
        const CapsWish *wish = migration->wishes->pdata[i];
        if (g_str_has_prefix(wish->name, "tls-")) {
            return option_refuse(
                error,
                "--tls and --set %s do not go together: either the "
                "objects are ours, or they are there already",
                wish->name);
        }
    }
    return TRUE;
}

static const char *first_option(const SecureWords *words)
{
    return words->hostname     ? "tls-hostname"
           : words->identity   ? "tls-identity"
           : words->authz      ? "tls-authz"
           : words->any_client ? "tls-any-client"
                               : NULL;
}

static gboolean check_words(const SecureWords *words, bool is_wanted,
                            GError **error)
{
    const char *option = first_option(words);
    if (!is_wanted && option) {
        return option_refuse(error, "--%s needs --tls", option);
    }
    for (char **rule = words->authz; rule && *rule; rule++) {
        if (**rule == '\0') {
            return option_refuse(error, "--tls-authz: it names nobody");
        }
    }
    if (words->authz && words->any_client) {
        return option_refuse(error, "--tls-authz asks for the certificates "
                                    "that --tls-any-client does not");
    }
    const char *fault =
        words->identity ? tls_psk_identity_fault(words->identity) : NULL;
    return fault ? option_refuse(error, "--tls-identity: '%s' %s",
                                 words->identity, fault)
                 : TRUE;
}

/* NULL: a folder is meant. */
static const char *made_kind(const char *folder)
{
    return *folder == '\0'               ? "x509"
           : strcmp(folder, "x509") == 0 ? "x509"
           : strcmp(folder, "psk") == 0  ? "psk"
                                         : NULL;
}

gboolean secure_take(const SecureWords *words, MigrationSettings *migration,
                     const char **ret_made, GError **error)
{
    const char *source = folder_of(words, SIDE_SOURCE);
    const char *destination = folder_of(words, SIDE_DESTINATION);

    if (!check_words(words, source || destination, error)) {
        return FALSE;
    }
    if (!source && !destination) {
        return TRUE;
    }
    migration->secure = take_wish(words);
    if (!source || !destination) {
        return option_refuse(error, "--tls-%s needs --tls-%s too, or --tls=DIR",
                             source ? "source" : "destination",
                             source ? "destination" : "source");
    }
    if (ret_made && words->folder && (*ret_made = made_kind(words->folder))) {
        if (words->of_side[SIDE_SOURCE] || words->of_side[SIDE_DESTINATION]) {
            return option_refuse(error,
                                 "--tls-source and --tls-destination do not go "
                                 "with credentials that the lab makes");
        }
        return check_wishes(migration, error);
    }
    if (*source == '\0' || *destination == '\0') {
        return option_refuse(error,
                             "--tls needs a folder of credentials, --tls=DIR; "
                             "qmigrate tls make makes one");
    }
    g_autofree char *host = destination_name(words, migration);
    migration->secure->credentials[SIDE_SOURCE] = load(source, NULL);
    migration->secure->credentials[SIDE_DESTINATION] = load(destination, host);
    return check_wishes(migration, error);
}
