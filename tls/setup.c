/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/setup.h"

static void parameter_free(TlsParameter *parameter)
{
    g_free(parameter->value);
    g_free(parameter);
}

static void add_parameter(TlsSetup *setup, TlsRole role, const char *name,
                          const char *value)
{
    TlsParameter *parameter = g_new0(TlsParameter, 1);
    parameter->name = name;
    parameter->value = g_strdup(value ? value : "");
    g_ptr_array_add(setup->parameters[role], parameter);
}

static const char *add_step(TlsSetup *setup, TlsRole role, TlsStep *step)
{
    g_ptr_array_add(setup->steps[role], step);
    return json_object_get_string_member(step->command->arguments, "id");
}

static TlsStep *creds_step(const TlsPair *pair, TlsRole role, const char *id)
{
    const char *folder = pair->credentials[role]->folder;
    return tls_pair_kind(pair, role) == TLS_KIND_PSK
               ? tls_object_psk(id, folder, role, pair->identity)
               : tls_object_x509(id, folder, role,
                                 role == TLS_CLIENT || !pair->any_client);
}

/* All are set, also to nothing: what somebody else left there would count. */
TlsSetup *tls_setup_new(const TlsPair *pair, const char *prefix)
{
    TlsSetup *setup = g_new0(TlsSetup, 1);
    g_autofree char *creds_id = g_strconcat(prefix, "-creds", NULL);
    g_autofree char *authz_id = g_strconcat(prefix, "-authz", NULL);
    bool is_psk = tls_pair_kind(pair, TLS_CLIENT) == TLS_KIND_PSK;
    const char *authz = NULL;

    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        setup->steps[role] =
            g_ptr_array_new_with_free_func((GDestroyNotify)tls_step_free);
        setup->parameters[role] =
            g_ptr_array_new_with_free_func((GDestroyNotify)parameter_free);
        add_parameter(setup, role, "tls-creds",
                      add_step(setup, role, creds_step(pair, role, creds_id)));
    }
    if (pair->authz && !is_psk) {
        authz = add_step(setup, TLS_SERVER,
                         tls_object_authz(authz_id, pair->authz));
    }
    add_parameter(setup, TLS_CLIENT, "tls-hostname",
                  is_psk ? NULL : pair->host);
    add_parameter(setup, TLS_SERVER, "tls-authz", authz);
    return setup;
}

void tls_setup_free(TlsSetup *setup)
{
    if (!setup) {
        return;
    }
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        g_ptr_array_unref(setup->steps[role]);
        g_ptr_array_unref(setup->parameters[role]);
    }
    g_free(setup);
}

void tls_setup_check(const TlsSetup *setup, TlsRole role,
                     const QmpSchema *schema, GPtrArray *findings)
{
    for (guint i = 0; i < setup->steps[role]->len; i++) {
        tls_step_check(setup->steps[role]->pdata[i], schema, role, findings);
    }
    for (guint i = 0; i < setup->parameters[role]->len; i++) {
        const TlsParameter *parameter = setup->parameters[role]->pdata[i];
        if (!qmp_schema_takes_argument(schema, "migrate-set-parameters",
                                       parameter->name)) {
            tls_findings_add(findings, TLS_FINDING_NOT_OFFERED, TLS_ERROR, role,
                             NULL, "it has no parameter %s", parameter->name);
        }
    }
}
