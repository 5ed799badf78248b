/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands as data, and their text. */
#include "qmp/command.h"

#include "qmp/json.h"

QmpCommand *qmp_command_new(const char *name)
{
    QmpCommand *command = g_new0(QmpCommand, 1);

    command->name = g_strdup(name);
    command->fd = -1;
    return command;
}

static void copy_member(JsonObject *from, const char *name, JsonNode *value,
                        gpointer to)
{
    json_object_set_member(to, name, json_node_copy(value));
}

/* One level deep: setting an argument never changes what is inside another. */
QmpCommand *qmp_command_copy(const QmpCommand *command)
{
    QmpCommand *copy = qmp_command_new(command->name);

    copy->oob = command->oob;
    copy->fd = command->fd;
    if (command->arguments) {
        copy->arguments = json_object_new();
        json_object_foreach_member(command->arguments, copy_member,
                                   copy->arguments);
    }
    return copy;
}

void qmp_command_free(QmpCommand *command)
{
    if (command) {
        g_clear_pointer(&command->arguments, json_object_unref);
        g_free(command->name);
        g_free(command);
    }
}

QmpCommand *qmp_command_set_node(QmpCommand *command, const char *name,
                                 JsonNode *value)
{
    if (!command->arguments) {
        command->arguments = json_object_new();
    }
    json_object_set_member(command->arguments, name, value);
    return command;
}

QmpCommand *qmp_command_set_string(QmpCommand *command, const char *name,
                                   const char *value)
{
    return qmp_command_set_node(
        command, name, json_node_init_string(json_node_alloc(), value));
}

QmpCommand *qmp_command_set_int(QmpCommand *command, const char *name,
                                int64_t value)
{
    return qmp_command_set_node(command, name,
                                json_node_init_int(json_node_alloc(), value));
}

QmpCommand *qmp_command_set_bool(QmpCommand *command, const char *name,
                                 bool value)
{
    return qmp_command_set_node(
        command, name, json_node_init_boolean(json_node_alloc(), value));
}

/* Names of commands are plain words; only a user's typing error is not. */
static bool is_plain(const char *text)
{
    while (g_ascii_isalnum(*text) || *text == '-' || *text == '_') {
        text++;
    }
    return !*text;
}

static void append_string(GString *out, const char *string)
{
    if (is_plain(string)) {
        g_string_append_c(out, '"');
        g_string_append(out, string);
        g_string_append_c(out, '"');
    } else {
        g_autoptr(JsonNode) node =
            json_node_init_string(json_node_alloc(), string);
        g_autofree char *text = qmp_json_to_text(node);

        g_string_append(out, text);
    }
}

static void append_object(GString *out, JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
    g_autofree char *text = qmp_json_to_text(node);

    g_string_append(out, text);
}

char *qmp_command_to_text(const QmpCommand *command, int64_t id)
{
    GString *out = g_string_sized_new(128);

    g_string_append_printf(out,
                           "{\"%s\":", command->oob ? "exec-oob" : "execute");
    append_string(out, command->name);
    if (command->arguments) {
        g_string_append(out, ",\"arguments\":");
        append_object(out, command->arguments);
    }
    if (id >= 0) {
        char text[32];

        g_snprintf(text, sizeof(text), ",\"id\":%" G_GINT64_FORMAT, id);
        g_string_append(out, text);
    }
    g_string_append(out, "}\n");
    return g_string_free(out, FALSE);
}
