/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schema in words. */
#include "tools/qmp/help.h"

#include <string.h>

#include "tools/qmp/arguments.h"

#define WIDTH 78 /* of what may be folded */

static void append_folded(GString *out, const char *indent,
                          const GPtrArray *words)
{
    gsize start = out->len;

    g_string_append(out, indent);
    for (guint i = 0; i < words->len; i++) {
        const char *word = words->pdata[i];
        if (i && out->len - start + strlen(word) > WIDTH) {
            g_string_append_c(out, '\n');
            start = out->len;
            g_string_append(out, indent);
        }
        g_string_append_printf(out, " %s", word);
    }
    g_string_append_c(out, '\n');
}

static char *help_shell(const QmpSchema *schema)
{
    GString *out = g_string_new(
        "COMMAND NAME=VALUE...         quoted as in a shell; a.b=1 goes into "
        "a\n"
        "--oob COMMAND NAME=VALUE...   out of band, if the command allows it\n"
        "{\"execute\": ...}              a whole QMP command, not checked\n"
        "help COMMAND                  the arguments of a command\n"
        "quit                          leave; QEMU stays as it is\n");

    if (schema) {
        g_string_append(out, "\nThe commands of this QEMU:\n");
        append_folded(out, " ", qmp_schema_commands(schema));
    }
    return g_string_free(out, FALSE);
}

static void append_member(GString *out, const QmpSchema *schema,
                          const QmpSchemaMember *member, int width)
{
    g_autofree char *type = qmp_schema_type_to_text(schema, member->type);
    g_autoptr(GPtrArray) values = qmp_schema_values(schema, member->type);

    g_string_append_printf(out, "  %-*s  %s%s\n", width, member->name, type,
                           member->is_optional ? ", optional" : "");
    if (values->len && qmp_schema_kind(member->type) != QMP_SCHEMA_BOOL) {
        append_folded(out, "      ", values);
    }
}

static void append_members(GString *out, const QmpSchema *schema,
                           const GArray *members)
{
    int width = 0;

    for (guint i = 0; i < members->len; i++) {
        const QmpSchemaMember *member =
            &g_array_index(members, QmpSchemaMember, i);
        width = MAX(width, (int)strlen(member->name));
    }
    for (guint i = 0; i < members->len; i++) {
        append_member(out, schema, &g_array_index(members, QmpSchemaMember, i),
                      width);
    }
}

static void append_notes(GString *out, JsonObject *command, const char *tag,
                         const char *tag_value)
{
    if (tag && !tag_value) {
        g_string_append_printf(
            out, "More arguments, by %s: help %s %s=VALUE\n", tag,
            json_object_get_string_member(command, "name"), tag);
    }
    if (qmp_schema_is_open(command)) {
        g_string_append(out, "And the properties of the device.\n");
    }
    if (qmp_schema_allows_oob(command)) {
        g_string_append(out, "It may be sent out of band (--oob).\n");
    }
}

static char *help_command(const QmpSchema *schema, JsonObject *command,
                          char *const words[])
{
    GString *out = g_string_new(NULL);
    JsonObject *arguments = qmp_schema_arguments(schema, command);
    const char *tag = qmp_schema_tag(arguments);
    const char *tag_value = tag ? arguments_find(words + 1, "", tag) : NULL;
    /* No value is empty, so this one adds nothing. */
    g_autoptr(GArray) members =
        qmp_schema_members(schema, arguments, tag_value ? tag_value : "");

    g_string_append_printf(out, "%s%s\n", words[0],
                           members->len ? "" : " takes no arguments");
    append_members(out, schema, members);
    append_notes(out, command, tag, tag_value);
    return g_string_free(out, FALSE);
}

char *help_text(const QmpSchema *schema, char *const words[], GError **error)
{
    if (!words[0]) {
        return help_shell(schema);
    }
    if (!schema) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "this QEMU does not say what its commands take");
        return NULL;
    }
    char *const name_alone[] = { words[0], NULL };
    g_autoptr(QmpCommand) command = arguments_parse(schema, name_alone, error);
    if (!command) {
        return NULL;
    }
    return help_command(schema, qmp_schema_command(schema, words[0]), words);
}
