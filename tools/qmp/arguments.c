/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Down the path of each name, type by type, to the place of its value. */
#include "tools/qmp/arguments.h"

#include <string.h>

#include "caps/nearest.h"
#include "qmp/json.h"
#include "qmp/parser.h"
#include "tools/qmp/value.h"

/* One NAME=VALUE on its way. */
typedef struct {
    const QmpSchema *schema; /* NULL: nothing is known */
    const char *command;
    char *const *words; /* all NAME=VALUE of it */
    char *name;
    const char *value;
    bool is_open; /* unknown names are as good as known ones */
} Argument;

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_propagate_error(error, g_error_new_valist(G_OPTION_ERROR,
                                                G_OPTION_ERROR_BAD_VALUE,
                                                format, arguments));
    va_end(arguments);
    return false;
}

const char *arguments_find(char *const words[], const char *prefix,
                           const char *name)
{
    g_autofree char *start = g_strconcat(prefix, name, "=", NULL);

    for (; *words; words++) {
        if (g_str_has_prefix(*words, start)) {
            return *words + strlen(start);
        }
    }
    return NULL;
}

/* Of the same name in several variants any will do. */
static bool find_member(const GArray *members, const char *name,
                        QmpSchemaMember *ret)
{
    for (guint i = 0; i < members->len; i++) {
        QmpSchemaMember *member = &g_array_index(members, QmpSchemaMember, i);
        if (g_str_equal(member->name, name)) {
            *ret = *member;
            return true;
        }
    }
    return false;
}

static bool refuse_name(const GArray *members, const Argument *argument,
                        const char *prefix, const char *head, GError **error)
{
    Nearest nearest = nearest_start(head);

    for (guint i = 0; i < members->len; i++) {
        nearest_offer(&nearest,
                      g_array_index(members, QmpSchemaMember, i).name);
    }
    if (nearest.best) {
        return refuse(error, "%s has no argument '%s%s'; did you mean %s%s?",
                      argument->command, prefix, head, prefix, nearest.best);
    }
    return refuse(error, "%s has no argument '%s%s'", argument->command, prefix,
                  head);
}

/* *@type: of the object on entry, of its member @head on return. */
static bool step(const Argument *argument, const char *prefix, const char *head,
                 JsonObject **type, GError **error)
{
    if (!*type) {
        return true;
    }
    const char *tag = qmp_schema_tag(*type);
    const char *tag_value =
        tag ? arguments_find(argument->words, prefix, tag) : NULL;
    g_autoptr(GArray) members =
        qmp_schema_members(argument->schema, *type, tag_value);
    QmpSchemaMember member = { 0 };

    if (!find_member(members, head, &member) && !argument->is_open) {
        return refuse_name(members, argument, prefix, head, error);
    }
    *type = member.type;
    return true;
}

/* The object inside @into that the path goes through, made if need be. */
static JsonObject *enter(const Argument *argument, JsonObject *into,
                         const char *head, JsonObject **type, GError **error)
{
    JsonObject *inner = qmp_json_object(into, head);

    if (qmp_schema_kind(*type) == QMP_SCHEMA_ANY) {
        *type = NULL;
    } else if (!(*type = qmp_schema_object(argument->schema, *type))) {
        refuse(error, "%s: %s is no object and has no members", argument->name,
               head);
        return NULL;
    }
    if (!inner && json_object_has_member(into, head)) {
        refuse(error, "%s: %s is given a second time", argument->name, head);
        return NULL;
    }
    if (!inner) {
        inner = json_object_new();
        json_object_set_object_member(into, head, inner);
    }
    return inner;
}

/* @type: of @into; NULL: unknown. */
static bool place(const Argument *argument, JsonObject *into, JsonObject *type,
                  GError **error)
{
    const char *at = argument->name;
    const char *dot;

    for (; (dot = strchr(at, '.')); at = dot + 1) {
        g_autofree char *prefix =
            g_strndup(argument->name, at - argument->name);
        g_autofree char *head = g_strndup(at, dot - at);
        if (!step(argument, prefix, head, &type, error) ||
            !(into = enter(argument, into, head, &type, error))) {
            return false;
        }
    }
    g_autofree char *prefix = g_strndup(argument->name, at - argument->name);
    if (!step(argument, prefix, at, &type, error)) {
        return false;
    }
    if (json_object_has_member(into, at)) {
        return refuse(error, "%s is given a second time", argument->name);
    }
    JsonNode *node = value_parse(argument->schema, type, argument->name,
                                 argument->value, error);
    if (node) {
        json_object_set_member(into, at, node);
    }
    return node != NULL;
}

static bool add_word(const Argument *rest, const char *word, JsonObject *into,
                     JsonObject *type, GError **error)
{
    const char *equals = strchr(word, '=');

    if (g_str_has_prefix(word, "--")) {
        return refuse(error, "'%s' is not NAME=VALUE; options go first", word);
    }
    if (!equals || equals == word) {
        return refuse(error, "'%s' is not NAME=VALUE", word);
    }
    g_autofree char *name = g_strndup(word, equals - word);
    Argument argument = *rest;
    argument.name = name;
    argument.value = equals + 1;
    return place(&argument, into, type, error);
}

/* Of two that are as near, the one that the name is the beginning of. */
static const char *nearest_command(const QmpSchema *schema, const char *name)
{
    const GPtrArray *commands = qmp_schema_commands(schema);
    Nearest nearest = nearest_start(name);

    for (int is_longer = TRUE; is_longer >= FALSE; is_longer--) {
        for (guint i = 0; i < commands->len; i++) {
            if (g_str_has_prefix(commands->pdata[i], name) == is_longer) {
                nearest_offer(&nearest, commands->pdata[i]);
            }
        }
    }
    return nearest.best;
}

static bool refuse_command(const QmpSchema *schema, const char *name,
                           GError **error)
{
    const char *nearest = nearest_command(schema, name);

    return nearest ? refuse(error, "there is no command '%s'; did you mean %s?",
                            name, nearest)
                   : refuse(error, "there is no command '%s'", name);
}

QmpCommand *arguments_parse(const QmpSchema *schema, char *const words[],
                            GError **error)
{
    JsonObject *entity = schema ? qmp_schema_command(schema, words[0]) : NULL;
    const Argument rest = {
        .schema = schema,
        .command = words[0],
        .words = words + 1,
        .is_open = entity && qmp_schema_is_open(entity),
    };

    if (schema && !entity) {
        refuse_command(schema, words[0], error);
        return NULL;
    }
    g_autoptr(QmpCommand) command = qmp_command_new(words[0]);
    JsonObject *type = entity ? qmp_schema_arguments(schema, entity) : NULL;
    for (char *const *word = words + 1; *word; word++) {
        if (!command->arguments) {
            command->arguments = json_object_new();
        }
        if (!add_word(&rest, *word, command->arguments, type, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&command);
}

static bool take_member(QmpCommand *command, JsonObject *object,
                        const char *name, GError **error)
{
    bool is_oob = g_str_equal(name, "exec-oob");

    if (is_oob || g_str_equal(name, "execute")) {
        const char *value = qmp_json_string(object, name);
        if (!value || command->name) {
            return refuse(error, "a command has one name, a string");
        }
        command->name = g_strdup(value);
        command->oob = is_oob;
    } else if (g_str_equal(name, "arguments")) {
        JsonObject *value = qmp_json_object(object, name);
        if (!value) {
            return refuse(error, "arguments is no object");
        }
        command->arguments = json_object_ref(value);
    } else if (!g_str_equal(name, "id")) {
        return refuse(error, "a command has no member '%s'", name);
    }
    return true;
}

QmpCommand *arguments_parse_json(const char *text, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(JsonObject) object = qmp_parse_object(text, strlen(text), &why);
    g_autoptr(QmpCommand) command = qmp_command_new(NULL);

    if (!object) {
        refuse(error, "%s", why->message);
        return NULL;
    }
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *name = names; name; name = name->next) {
        if (!take_member(command, object, name->data, error)) {
            return NULL;
        }
    }
    if (!command->name) {
        refuse(error, "not a command: there is no member 'execute'");
        return NULL;
    }
    return g_steal_pointer(&command);
}
