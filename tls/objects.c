/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/objects.h"

#include <string.h>

#include "qmp/json.h"

void tls_step_free(TlsStep *step)
{
    if (step) {
        qmp_command_free(step->command);
        qmp_command_free(step->undo);
        g_free(step);
    }
}

static TlsStep *step_new(const char *qom_type, const char *id)
{
    TlsStep *step = g_new0(TlsStep, 1);
    step->command = qmp_command_set_string(
        qmp_command_set_string(qmp_command_new("object-add"), "qom-type",
                               qom_type),
        "id", id);
    step->undo =
        qmp_command_set_string(qmp_command_new("object-del"), "id", id);
    return step;
}

static void set(TlsStep *step, const char *name, const char *value)
{
    qmp_command_set_string(step->command, name, value);
}

static void set_endpoint(TlsStep *step, TlsRole role)
{
    set(step, "endpoint", role == TLS_SERVER ? "server" : "client");
}

TlsStep *tls_object_x509(const char *id, const char *folder, TlsRole role,
                         bool verifies)
{
    TlsStep *step = step_new("tls-creds-x509", id);
    set_endpoint(step, role);
    set(step, "dir", folder);
    qmp_command_set_bool(step->command, "verify-peer", verifies);
    return step;
}

TlsStep *tls_object_psk(const char *id, const char *folder, TlsRole role,
                        const char *identity)
{
    TlsStep *step = step_new("tls-creds-psk", id);
    set_endpoint(step, role);
    set(step, "dir", folder);
    if (identity && role == TLS_CLIENT) {
        set(step, "username", identity);
    }
    return step;
}

TlsStep *tls_object_anon(const char *id, TlsRole role)
{
    TlsStep *step = step_new("tls-creds-anon", id);
    set_endpoint(step, role);
    return step;
}

static JsonNode *rules_node(const GPtrArray *rules)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < rules->len; i++) {
        const TlsAuthzRule *rule = rules->pdata[i];
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "match", rule->match);
        json_object_set_string_member(object, "policy",
                                      rule->allows ? "allow" : "deny");
        json_object_set_string_member(object, "format",
                                      rule->is_glob ? "glob" : "exact");
        json_array_add_object_element(array, object);
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, array);
    return node;
}

TlsStep *tls_object_authz(const char *id, const TlsAuthz *authz)
{
    static const char *const members[N_TLS_AUTHZ_KINDS] = {
        [TLS_AUTHZ_SIMPLE] = "identity",
        [TLS_AUTHZ_LIST_FILE] = "filename",
        [TLS_AUTHZ_PAM] = "service",
    };
    TlsStep *step = step_new(tls_authz_qom_type(authz->kind), id);
    if (authz->kind == TLS_AUTHZ_LIST) {
        set(step, "policy", authz->allows_rest ? "allow" : "deny");
        qmp_command_set_node(step->command, "rules", rules_node(authz->rules));
    } else {
        set(step, members[authz->kind], authz->word);
    }
    return step;
}

static bool has_member(const GArray *members, const char *name)
{
    for (guint i = 0; i < members->len; i++) {
        if (strcmp(g_array_index(members, QmpSchemaMember, i).name, name) ==
            0) {
            return true;
        }
    }
    return false;
}

/* The values of qom-type are an enum: one that it does not have adds no members
 * of its own, so it is looked for among them. */
static bool has_type(const QmpSchema *schema, JsonObject *arguments,
                     const char *qom_type)
{
    g_autoptr(GArray) members =
        qmp_schema_members(schema, arguments, /* tag_value= */ NULL);
    for (guint i = 0; i < members->len; i++) {
        QmpSchemaMember *member = &g_array_index(members, QmpSchemaMember, i);
        if (strcmp(member->name, "qom-type") == 0 && member->type) {
            g_autoptr(GPtrArray) values =
                qmp_schema_values(schema, member->type);
            return values->len == 0 || g_ptr_array_find_with_equal_func(
                                           values, qom_type, g_str_equal, NULL);
        }
    }
    return true;
}

void tls_step_check(const TlsStep *step, const QmpSchema *schema, TlsRole role,
                    GPtrArray *findings)
{
    JsonObject *command = qmp_schema_command(schema, step->command->name);
    const char *qom_type =
        qmp_json_string(step->command->arguments, "qom-type");
    JsonObject *arguments =
        command ? qmp_schema_arguments(schema, command) : NULL;

    if (!arguments || !has_type(schema, arguments, qom_type)) {
        tls_findings_add(findings, TLS_FINDING_NOT_OFFERED, TLS_ERROR, role,
                         NULL, "it has no object %s", qom_type);
        return;
    }
    g_autoptr(GArray) members = qmp_schema_members(schema, arguments, qom_type);
    g_autoptr(GList) names = json_object_get_members(step->command->arguments);
    for (GList *name = names; name; name = name->next) {
        if (members->len && !has_member(members, name->data)) {
            tls_findings_add(findings, TLS_FINDING_NOT_OFFERED, TLS_ERROR, role,
                             NULL, "its object %s has no %s", qom_type,
                             (const char *)name->data);
        }
    }
}
