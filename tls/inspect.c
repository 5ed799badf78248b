/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/inspect.h"

#include <string.h>

#include "tls/psk.h"
#include "tls/x509.h"

#define OTHERS     027 /* the group may read: QEMU's user can be in it */
#define PSK_STRONG 16  /* bytes */
#define PSK_LEAST  4   /* that gnutls takes */

static const char *side_of(TlsRole role)
{
    return role == TLS_SERVER ? "destination" : "source";
}

static void add(const TlsLook *look, GPtrArray *findings, TlsFindingCode code,
                TlsSeverity severity, TlsFileId id, const char *text)
{
    g_autofree char *path = tls_credentials_path(look->credentials, id);
    tls_findings_add(findings, code, severity, look->role, path, "%s", text);
}

/* Does the end of a connection read this file? */
static bool is_read(const TlsLook *look, TlsFileId id)
{
    if (tls_credentials_kind(look->credentials) == TLS_KIND_PSK) {
        return id == TLS_FILE_PSK;
    }
    return id == TLS_FILE_CA_CERT || id == TLS_FILE_CA_CRL ||
           id == tls_file_cert(look->role) || id == tls_file_key(look->role);
}

static void look_at_files(const TlsLook *look, GPtrArray *findings)
{
    for (TlsFileId id = 0; id < N_TLS_FILES; id++) {
        const TlsFile *file = &look->credentials->files[id];
        if (is_read(look, id) && file->error) {
            bool is_needed = id != TLS_FILE_CA_CRL || look->role == TLS_SERVER;
            add(look, findings, TLS_FINDING_UNREADABLE,
                is_needed ? TLS_ERROR : TLS_WARNING, id, file->error);
        }
        if (is_read(look, id) && file->bytes && tls_file_is_secret(id) &&
            file->mode & OTHERS) {
            g_autofree char *text =
                g_strdup_printf("its permissions are %03o", file->mode & 0777);
            add(look, findings, TLS_FINDING_KEY_READABLE, TLS_WARNING, id,
                text);
        }
    }
    if (tls_credentials_has(look->credentials, TLS_FILE_CA_KEY)) {
        add(look, findings, TLS_FINDING_CA_KEY, TLS_WARNING, TLS_FILE_CA_KEY,
            "the CA's private key does not belong here");
    }
    if (tls_credentials_kind(look->credentials) == TLS_KIND_X509 &&
        tls_credentials_has(look->credentials, TLS_FILE_PSK)) {
        add(look, findings, TLS_FINDING_UNUSED, TLS_NOTE, TLS_FILE_PSK,
            "there are certificates too, and they count");
    }
}

static void look_for(const TlsLook *look, GPtrArray *findings, TlsFileId id)
{
    if (!tls_credentials_has(look->credentials, id)) {
        g_autofree char *text =
            g_strdup_printf("the %s needs it", side_of(look->role));
        add(look, findings, TLS_FINDING_MISSING, TLS_ERROR, id, text);
    }
}

/* QEMU's source does without a certificate, but then a destination that verifies
 * its peers does not take it. */
static void look_for_all(const TlsLook *look, GPtrArray *findings)
{
    look_for(look, findings, TLS_FILE_CA_CERT);
    if (look->is_anonymous &&
        !tls_credentials_has(look->credentials, tls_file_cert(look->role))) {
        return;
    }
    look_for(look, findings, tls_file_cert(look->role));
    look_for(look, findings, tls_file_key(look->role));
}

static void inspect_psk(const TlsLook *look, const TlsPskFile *psk,
                        GPtrArray *findings)
{
    if (psk->bad) {
        g_autofree char *text =
            g_strdup_printf("line %u: %s", psk->bad_line, psk->bad);
        add(look, findings, TLS_FINDING_UNPARSABLE,
            psk->keys->len ? TLS_WARNING : TLS_ERROR, TLS_FILE_PSK, text);
    } else if (psk->keys->len == 0) {
        add(look, findings, TLS_FINDING_UNPARSABLE, TLS_ERROR, TLS_FILE_PSK,
            "there is no key in it");
    }
    for (guint i = 0; i < psk->keys->len; i++) {
        const TlsPsk *key = psk->keys->pdata[i];
        if (key->bytes < PSK_STRONG) {
            g_autofree char *text =
                g_strdup_printf("the key of %s has %u bytes, not %d",
                                key->identity, key->bytes, PSK_STRONG);
            add(look, findings, TLS_FINDING_WEAK_KEY,
                key->bytes < PSK_LEAST ? TLS_ERROR : TLS_WARNING, TLS_FILE_PSK,
                text);
        }
    }
    if (look->identity && psk->keys->len &&
        !tls_psk_find(psk, look->identity)) {
        g_autofree char *names = tls_psk_identities(psk);
        g_autofree char *text = g_strdup_printf(
            "there is no key of %s in it, but of %s", look->identity, names);
        add(look, findings, TLS_FINDING_IDENTITY, TLS_ERROR, TLS_FILE_PSK,
            text);
    }
}

/* What was parsed of a folder: one of both, or none. */
typedef struct {
    TlsX509 *x509;
    TlsPskFile *psk;
} Parsed;

static void parsed_clear(Parsed *parsed)
{
    tls_x509_free(parsed->x509);
    tls_psk_free(parsed->psk);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parsed, parsed_clear)

static void inspect(const TlsLook *look, Parsed *parsed, GPtrArray *findings)
{
    const TlsCredentials *credentials = look->credentials;
    TlsKind kind = tls_credentials_kind(credentials);

    if (credentials->error) {
        tls_findings_add(findings,
                         credentials->is_absent ? TLS_FINDING_MISSING
                                                : TLS_FINDING_UNREADABLE,
                         look->is_elsewhere ? TLS_WARNING : TLS_ERROR,
                         look->role, credentials->folder,
                         look->is_elsewhere ? "not to be seen from here: %s"
                                            : "%s",
                         credentials->error);
        return;
    }
    if (kind == TLS_KIND_NONE) {
        const char *hosts = credentials->hosts;
        tls_findings_add(findings, TLS_FINDING_MISSING, TLS_ERROR, look->role,
                         credentials->folder,
                         hosts ? "it has the folders of several hosts, and "
                                 "none of them is named: %s"
                               : "there are neither certificates nor a "
                                 "keys.psk in it%s",
                         hosts ? hosts : "");
        return;
    }
    look_at_files(look, findings);
    if (kind == TLS_KIND_X509) {
        look_for_all(look, findings);
        parsed->x509 = tls_x509_new(credentials, look->role, findings);
        tls_x509_inspect(parsed->x509, look->host, look->now_s, findings);
    } else if (credentials->files[TLS_FILE_PSK].bytes) {
        parsed->psk = tls_psk_parse(credentials->files[TLS_FILE_PSK].bytes);
        inspect_psk(look, parsed->psk, findings);
    }
}

void tls_inspect(const TlsLook *look, GPtrArray *findings)
{
    g_auto(Parsed) parsed = { 0 };
    inspect(look, &parsed, findings);
}

static void inspect_keys(const TlsPair *pair, const TlsPskFile *client,
                         const TlsPskFile *server, GPtrArray *findings)
{
    const char *identity = pair->identity ? pair->identity : TLS_PSK_IDENTITY;
    const TlsPsk *ours = tls_psk_find(client, identity);
    const TlsPsk *theirs = tls_psk_find(server, identity);
    if (ours && theirs && strcmp(ours->key, theirs->key) != 0) {
        tls_findings_add(findings, TLS_FINDING_OTHER_KEY, TLS_ERROR,
                         N_TLS_ROLES, NULL,
                         "%s/keys.psk and %s/keys.psk have different keys of "
                         "%s",
                         pair->credentials[TLS_CLIENT]->folder,
                         pair->credentials[TLS_SERVER]->folder, identity);
    }
}

static void inspect_authz(const TlsPair *pair, const TlsX509 *client,
                          GPtrArray *findings)
{
    const TlsCertificate *certificate = tls_x509_certificate(client);
    if (pair->authz && certificate &&
        tls_authz_judge(pair->authz, certificate->subject) ==
            TLS_AUTHZ_DENIED) {
        g_autofree char *path = tls_credentials_path(
            pair->credentials[TLS_CLIENT], TLS_FILE_CLIENT_CERT);
        tls_findings_add(findings, TLS_FINDING_NOT_AUTHORIZED, TLS_ERROR,
                         TLS_SERVER, path, "%s is not among those allowed",
                         certificate->subject);
    }
}

/* A certificate, or perhaps one that cannot be seen from here. */
static bool has_certificate(const TlsPair *pair, TlsRole role)
{
    return tls_pair_kind(pair, role) == TLS_KIND_X509 &&
           (pair->is_elsewhere[role] ||
            tls_credentials_kind(pair->credentials[role]) != TLS_KIND_NONE);
}

/* What one kind needs, or has no use for. */
static void inspect_wishes(const TlsPair *pair, GPtrArray *findings)
{
    bool is_psk = tls_pair_kind(pair, TLS_CLIENT) == TLS_KIND_PSK;
    const struct {
        bool is_idle;
        TlsRole role;
        const char *text;
    } wishes[] = {
        { is_psk && pair->authz, TLS_SERVER,
          "with a PSK there is no distinguished name: tls-authz does nothing" },
        { is_psk && pair->any_client, TLS_SERVER,
          "with a PSK nobody has a certificate: tls-any-client does nothing" },
        { is_psk && pair->host, TLS_CLIENT,
          "with a PSK no name is verified: tls-hostname does nothing" },
        { !is_psk && pair->identity, TLS_CLIENT,
          "with certificates there is no identity of a PSK: the one that is "
          "wished does nothing" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(wishes); i++) {
        if (wishes[i].is_idle) {
            tls_findings_add(findings, TLS_FINDING_UNUSED, TLS_WARNING,
                             wishes[i].role, NULL, "%s", wishes[i].text);
        }
    }
    if (!pair->host && has_certificate(pair, TLS_CLIENT) &&
        has_certificate(pair, TLS_SERVER)) {
        tls_findings_add(findings, TLS_FINDING_NO_NAME, TLS_ERROR, TLS_CLIENT,
                         NULL, "the address has no host, and none is named");
    }
}

static void inspect_both(const TlsPair *pair, const Parsed parsed[N_TLS_ROLES],
                         GPtrArray *findings)
{
    const Parsed *client = &parsed[TLS_CLIENT], *server = &parsed[TLS_SERVER];
    if (client->x509 && server->x509) {
        tls_x509_inspect_other(client->x509, server->x509, findings);
        tls_x509_inspect_other(server->x509, client->x509, findings);
        inspect_authz(pair, client->x509, findings);
    } else if (client->psk && server->psk) {
        inspect_keys(pair, client->psk, server->psk, findings);
    }
}

void tls_inspect_pair(const TlsPair *pair, GPtrArray *findings)
{
    Parsed parsed[N_TLS_ROLES] = { { 0 }, { 0 } };
    TlsKind kinds[N_TLS_ROLES];

    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        const TlsLook look = {
            .credentials = pair->credentials[role],
            .role = role,
            .host = pair->host,
            .identity = pair->identity ? pair->identity : TLS_PSK_IDENTITY,
            .now_s = pair->now_s,
            .is_elsewhere = pair->is_elsewhere[role],
            .is_anonymous = role == TLS_CLIENT && pair->any_client,
        };
        kinds[role] = tls_credentials_kind(look.credentials);
        inspect(&look, &parsed[role], findings);
    }
    if (kinds[TLS_CLIENT] != kinds[TLS_SERVER] &&
        kinds[TLS_CLIENT] != TLS_KIND_NONE &&
        kinds[TLS_SERVER] != TLS_KIND_NONE) {
        tls_findings_add(findings, TLS_FINDING_OTHER_KIND, TLS_ERROR,
                         N_TLS_ROLES, NULL, "%s is for %s, %s is for %s",
                         pair->credentials[TLS_CLIENT]->folder,
                         tls_kind_name(kinds[TLS_CLIENT]),
                         pair->credentials[TLS_SERVER]->folder,
                         tls_kind_name(kinds[TLS_SERVER]));
    }
    inspect_both(pair, parsed, findings);
    inspect_wishes(pair, findings);
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        parsed_clear(&parsed[role]);
    }
}
