/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/secure.h"

#include "orchestrator/uri.h"
#include "qmp/json.h"
#include "tls/psk.h"
#include "tls/setup.h"
#include "tls/x509.h"

#define PREFIX "qmigrate"

G_STATIC_ASSERT((int)TLS_NOTE == (int)FINDING_NOTE);
G_STATIC_ASSERT((int)TLS_WARNING == (int)FINDING_WARNING);
G_STATIC_ASSERT((int)TLS_ERROR == (int)FINDING_ERROR);

/* The source connects, so it is the client. */
static TlsRole role_of(Side side)
{
    return side == SIDE_SOURCE ? TLS_CLIENT : TLS_SERVER;
}

Side secure_side(TlsRole role)
{
    return role == TLS_CLIENT   ? SIDE_SOURCE
           : role == TLS_SERVER ? SIDE_DESTINATION
                                : N_SIDES;
}

Secure *secure_new(void)
{
    return g_rc_box_new0(Secure);
}

Secure *secure_ref(Secure *secure)
{
    return secure ? g_rc_box_acquire(secure) : NULL;
}

static void clear(gpointer data)
{
    Secure *secure = data;

    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        tls_credentials_free(secure->credentials[side]);
    }
    g_free(secure->hostname);
    g_free(secure->identity);
    tls_authz_free(secure->authz);
}

void secure_unref(Secure *secure)
{
    if (secure) {
        g_rc_box_release_full(secure, clear);
    }
}

/* A unix socket is on this host: there is no name that somebody else could have
 * taken, but QEMU wants one. */
static char *first_name(const TlsCredentials *destination)
{
    g_autoptr(GPtrArray) findings = tls_findings_new();
    g_autoptr(TlsX509) x509 = tls_x509_new(destination, TLS_SERVER, findings);
    const TlsCertificate *certificate = tls_x509_certificate(x509);
    g_autofree char *names =
        certificate ? tls_certificate_names(certificate) : g_strdup("");
    g_auto(GStrv) each = g_strsplit(names, ", ", 2);
    return g_strdup(each[0]);
}

/* Nothing is said of the host: it depends on the kind. */
static TlsPair pair_of(const Secure *secure)
{
    TlsPair pair = { .identity = secure->identity,
                     .authz = secure->authz,
                     .any_client = secure->any_client,
                     .now_s = secure->now_s };
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        pair.credentials[role_of(side)] = secure->credentials[side];
    }
    return pair;
}

static TlsKind kind_of(const Secure *secure)
{
    const TlsPair pair = pair_of(secure);
    return tls_pair_kind(&pair, TLS_CLIENT);
}

char *secure_host(const MigrationSettings *settings)
{
    const Secure *secure = settings->secure;
    g_auto(Uri) uri = { 0 };

    if (kind_of(secure) != TLS_KIND_X509) {
        return NULL;
    }
    if (secure->hostname || !uri_parse(settings->uri, &uri, NULL)) {
        return g_strdup(secure->hostname);
    }
    if (uri.kind != URI_TCP) {
        return first_name(secure->credentials[SIDE_DESTINATION]);
    }
    return g_strdup(uri_is_wildcard(&uri) ? settings->destination_host
                                          : uri.host);
}

/* NULL: with certificates there is none. */
static const char *identity_of(const Secure *secure)
{
    return kind_of(secure) == TLS_KIND_X509 ? NULL
           : secure->identity               ? secure->identity
                                            : TLS_PSK_IDENTITY;
}

char *secure_describe(const MigrationSettings *settings)
{
    const Secure *secure = settings->secure;
    g_autofree char *host = secure_host(settings);
    const char *kind = tls_kind_name(kind_of(secure));

    if (identity_of(secure)) {
        return g_strdup_printf("%s, with the key of %s", kind,
                               identity_of(secure));
    }
    return host ? g_strdup_printf("%s, the destination verified as %s", kind,
                                  host)
                : g_strdup_printf(
                      "%s, with no name to verify the destination as", kind);
}

/* Neither QEMU tells what both agreed on. */
JsonObject *secure_to_json(const MigrationSettings *settings)
{
    const Secure *secure = settings->secure;
    if (!secure) {
        return NULL;
    }
    g_autofree char *host = secure_host(settings);
    JsonObject *tls = json_object_new();
    json_object_set_string_member(tls, "kind", tls_kind_name(kind_of(secure)));
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const TlsCredentials *credentials = secure->credentials[side];
        json_object_set_string_member(tls, side_name(side),
                                      credentials ? credentials->folder : NULL);
    }
    json_object_set_string_member(tls, "hostname", host);
    json_object_set_string_member(tls, "identity", identity_of(secure));
    json_object_set_boolean_member(tls, "any_client", secure->any_client);
    json_object_set_null_member(tls, "protocol");
    json_object_set_null_member(tls, "cipher");
    return tls;
}

static bool is_taken(const Migration *m, const char *prefix)
{
    g_autofree char *creds = g_strconcat(prefix, "-creds", NULL);
    g_autofree char *authz = g_strconcat(prefix, "-authz", NULL);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const GHashTable *objects = m->machines[side].objects;
        if (objects && (g_hash_table_contains((GHashTable *)objects, creds) ||
                        g_hash_table_contains((GHashTable *)objects, authz))) {
            return true;
        }
    }
    return false;
}

/* An earlier run can have been killed before it took its objects away. */
static TlsSetup *setup_new(const Migration *m)
{
    g_autofree char *host = secure_host(m->settings);
    TlsPair pair = pair_of(m->settings->secure);
    g_autofree char *prefix = g_strdup(PREFIX);

    pair.host = host;
    for (guint i = 2; is_taken(m, prefix); i++) {
        g_free(prefix);
        prefix = g_strdup_printf(PREFIX "-%u", i);
    }
    return tls_setup_new(&pair, prefix);
}

void secure_wish(Migration *m)
{
    if (!m->settings->secure) {
        return;
    }
    g_autoptr(TlsSetup) setup = setup_new(m);
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        for (guint i = 0; i < setup->parameters[role]->len; i++) {
            const TlsParameter *parameter = setup->parameters[role]->pdata[i];
            g_ptr_array_add(m->wishes, caps_wish_parameter(parameter->name,
                                                           parameter->value));
        }
    }
}

void secure_add_findings(const GPtrArray *found, GPtrArray *findings)
{
    for (guint i = 0; i < found->len; i++) {
        const TlsFinding *one = found->pdata[i];
        g_autofree char *text = tls_finding_to_text(one);
        findings_add_word(findings, FINDING_CREDENTIALS,
                          tls_finding_row(one->code)->word,
                          (Severity)one->severity, secure_side(one->role),
                          g_strdup(one->hint), "%s", text);
    }
}

/* A QEMU whose process is not known can be on any host. */
static GPtrArray *inspect(const Migration *m)
{
    g_autofree char *host = secure_host(m->settings);
    TlsPair pair = pair_of(m->settings->secure);
    GPtrArray *found = tls_findings_new();

    pair.host = host ? host : m->settings->secure->hostname;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        pair.is_elsewhere[role_of(side)] = m->pid[side] == 0;
    }
    tls_inspect_pair(&pair, found);
    return found;
}

char *secure_cause(const Migration *m, Side *side)
{
    if (!m->settings->secure) {
        return NULL;
    }
    g_autoptr(GPtrArray) found = inspect(m);
    for (guint i = 0; i < found->len; i++) {
        const TlsFinding *one = found->pdata[i];
        if (one->severity == TLS_ERROR) {
            g_autofree char *text = tls_finding_to_text(one);
            *side = secure_side(one->role);
            return g_strdup_printf("%s: %s", text, one->hint);
        }
    }
    return NULL;
}

static void add_objects(Migration *m, const TlsSetup *setup)
{
    guint n = 0;
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        for (guint i = 0; i < setup->steps[role]->len; i++) {
            const TlsStep *from = setup->steps[role]->pdata[i];
            CapsStep *step = g_new0(CapsStep, 1);
            step->side = secure_side(role);
            step->command = qmp_command_copy(from->command);
            step->undo = qmp_command_copy(from->undo);
            g_ptr_array_insert(m->steps, n++, step);
            caps_machine_will_have(
                &m->machines[step->side],
                qmp_json_string(step->command->arguments, "id"));
        }
    }
}

void secure_judge(Migration *m)
{
    if (!m->settings->secure) {
        return;
    }
    g_autoptr(TlsSetup) setup = setup_new(m);

    if (!m->settings->no_preflight) {
        g_autoptr(GPtrArray) found = inspect(m);
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            if (m->inventories[side].schema) {
                tls_setup_check(setup, role_of(side),
                                m->inventories[side].schema, found);
            }
        }
        secure_add_findings(found, m->findings);
    }
    add_objects(m, setup);
}
