/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/tls/view.h"

#include "tools/findings.h"

G_STATIC_ASSERT((int)TLS_NOTE == (int)FINDING_NOTE);
G_STATIC_ASSERT((int)TLS_WARNING == (int)FINDING_WARNING);
G_STATIC_ASSERT((int)TLS_ERROR == (int)FINDING_ERROR);

static Severity severity_of(const TlsFinding *finding)
{
    return (Severity)finding->severity;
}

void view_tls_findings(FILE *stream, const GPtrArray *findings, gboolean quiet)
{
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(FindingLine));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < findings->len; i++) {
        const TlsFinding *finding = findings->pdata[i];
        char *text = tls_finding_to_text(finding);
        const FindingLine line = { severity_of(finding), text,
                                   tls_finding_row(finding->code)->word,
                                   finding->hint };
        g_ptr_array_add(texts, text);
        g_array_append_val(lines, line);
    }
    if (quiet) {
        findings_print_lines_of(stream, lines, FINDING_ERROR);
    } else {
        findings_print_lines(stream, lines, "these can be used",
                             "these cannot be used");
    }
}

static JsonObject *finding_object(const TlsFinding *finding)
{
    JsonObject *row = json_object_new();
    json_object_set_string_member(row, "severity",
                                  severity_name(severity_of(finding)));
    json_object_set_string_member(row, "code",
                                  tls_finding_row(finding->code)->word);
    json_object_set_string_member(row, "side",
                                  finding->role == N_TLS_ROLES
                                      ? NULL
                                      : side_name(finding->role == TLS_SERVER
                                                      ? SIDE_DESTINATION
                                                      : SIDE_SOURCE));
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
