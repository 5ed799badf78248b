/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/recorded.h"

#include <string.h>

#include "qmp/parser.h"
#include "qmp/validate.h"

JsonNode *json_value(const char *text)
{
    g_autofree char *whole = g_strdup_printf("{\"value\":%s}", text);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) object =
        qmp_parse_object(whole, strlen(whole), &error);

    if (!object) {
        g_error("%s: %s", text, error->message);
    }
    return json_object_dup_member(object, "value");
}

JsonNode *recorded_reply(const char *name, const char *version)
{
    g_autofree char *file = g_strdup_printf("%s-%s.json", name, version);
    g_autofree char *path =
        g_build_filename(g_getenv("QMIGRATE_TEST_DATA"), "replies", file, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_error("%s", error->message);
    }
    return json_value(text);
}

/* Reading one takes some milliseconds: once in a program. */
static struct {
    const char *version;
    QmpSchema *schema;
} schemas[] = { { "7.2", NULL }, { "10.0", NULL } };

QmpSchema *recorded_schema(const char *version)
{
    for (size_t i = 0; i < G_N_ELEMENTS(schemas); i++) {
        if (strcmp(schemas[i].version, version) != 0) {
            continue;
        }
        if (!schemas[i].schema) {
            g_autoptr(JsonNode) reply =
                recorded_reply("query-qmp-schema", version);
            schemas[i].schema = qmp_schema_new(reply);
        }
        return schemas[i].schema;
    }
    g_error("no schema was recorded of QEMU %s", version);
}

static void check_with(const char *version, const QmpCommand *command)
{
    g_autoptr(GError) error = NULL;

    if (!qmp_schema_validate(recorded_schema(version), command, &error)) {
        g_autofree char *text = qmp_command_to_text(command, -1);
        g_error("QEMU %s does not take this: %s: %s", version, error->message,
                text);
    }
}

void recorded_check_command(const char *version, const QmpCommand *command)
{
    if (version) {
        check_with(version, command);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(schemas); i++) {
        check_with(schemas[i].version, command);
    }
}
