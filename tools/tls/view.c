/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/tls/view.h"

#include "orchestrator/secure.h"
#include "tools/findings.h"

void view_tls_findings(FILE *stream, const GPtrArray *findings, gboolean quiet)
{
    g_autoptr(GPtrArray) all = findings_new();

    secure_add_findings(findings, all);
    if (quiet) {
        findings_print_errors(stream, all);
    } else {
        findings_print(stream, all, "these can be used",
                       "these cannot be used");
    }
}

static JsonObject *finding_object(const TlsFinding *finding)
{
    Side side = secure_side(finding->role);
    JsonObject *row = json_object_new();
    json_object_set_string_member(row, "severity",
                                  severity_name((Severity)finding->severity));
    json_object_set_string_member(row, "code",
                                  tls_finding_row(finding->code)->word);
    json_object_set_string_member(row, "side",
                                  side < N_SIDES ? side_name(side) : NULL);
    json_object_set_string_member(row, "file", finding->file);
    json_object_set_string_member(row, "text", finding->text);
    json_object_set_string_member(row, "hint", finding->hint);
    return row;
}

JsonNode *view_tls_document(const GPtrArray *findings, const GPtrArray *folders)
{
    JsonObject *document = json_object_new();
    JsonArray *rows = json_array_new(), *paths = json_array_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    for (guint i = 0; i < folders->len; i++) {
        json_array_add_string_element(paths, folders->pdata[i]);
    }
    for (guint i = 0; i < findings->len; i++) {
        json_array_add_object_element(rows, finding_object(findings->pdata[i]));
    }
    json_object_set_string_member(document, "schema", "qmigrate.tls-check/1");
    json_object_set_boolean_member(document, "ok",
                                   !tls_findings_have_error(findings));
    json_object_set_array_member(document, "folders", paths);
    json_object_set_array_member(document, "findings", rows);
    json_node_take_object(node, document);
    return node;
}
