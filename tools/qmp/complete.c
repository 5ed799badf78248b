/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the word stands says what it is; the schema says which there are. */
#include "tools/qmp/complete.h"

#include <string.h>

#include "tools/qmp/arguments.h"

typedef struct {
    const QmpSchema *schema;
    char *const *words; /* of the line, before the word, without the command */
    const char *word;
    GPtrArray *found;
} Search;

/* The same name may stand in several variants. */
static void offer(Search *search, char *candidate)
{
    if (g_str_has_prefix(candidate, search->word) &&
        !g_ptr_array_find_with_equal_func(search->found, candidate, g_str_equal,
                                          NULL)) {
        g_ptr_array_add(search->found, candidate);
    } else {
        g_free(candidate);
    }
}

static void offer_commands(Search *search)
{
    const GPtrArray *commands = qmp_schema_commands(search->schema);

    for (guint i = 0; i < commands->len; i++) {
        offer(search, g_strdup(commands->pdata[i]));
    }
}

static GArray *members_of(const Search *search, const char *prefix,
                          JsonObject *object)
{
    const char *tag = qmp_schema_tag(object);

    return qmp_schema_members(search->schema, object,
                              tag ? arguments_find(search->words, prefix, tag)
                                  : NULL);
}

static void offer_names(Search *search, const char *prefix, JsonObject *object)
{
    g_autoptr(GArray) members = members_of(search, prefix, object);

    for (guint i = 0; i < members->len; i++) {
        QmpSchemaMember *member = &g_array_index(members, QmpSchemaMember, i);
        if (arguments_find(search->words, prefix, member->name)) {
            continue;
        }
        if (qmp_schema_object(search->schema, member->type)) {
            offer(search, g_strconcat(prefix, member->name, ".", NULL));
        } else {
            offer(search, g_strconcat(prefix, member->name, "=", NULL));
        }
    }
}

static void offer_values(Search *search, const char *name, JsonObject *type)
{
    g_autoptr(GPtrArray) values = qmp_schema_values(search->schema, type);

    for (guint i = 0; i < values->len; i++) {
        offer(search, g_strconcat(name, "=", values->pdata[i], NULL));
    }
}

static JsonObject *type_of_member(const Search *search, const char *prefix,
                                  const char *name, JsonObject *object)
{
    g_autoptr(GArray) members = members_of(search, prefix, object);

    for (guint i = 0; i < members->len; i++) {
        QmpSchemaMember *member = &g_array_index(members, QmpSchemaMember, i);
        if (g_str_equal(member->name, name)) {
            return member->type;
        }
    }
    return NULL;
}

/* Down the path that the word is so far. */
static void offer_arguments(Search *search, JsonObject *object)
{
    g_autofree char *name = g_strndup(search->word, strcspn(search->word, "="));
    const char *at = name;
    const char *dot;

    for (; object && (dot = strchr(at, '.')); at = dot + 1) {
        g_autofree char *prefix = g_strndup(name, at - name);
        g_autofree char *head = g_strndup(at, dot - at);
        object = type_of_member(search, prefix, head, object);
        object = object ? qmp_schema_object(search->schema, object) : NULL;
    }
    if (!object) {
        return;
    }
    g_autofree char *prefix = g_strndup(name, at - name);
    if (strchr(search->word, '=')) {
        offer_values(search, name, type_of_member(search, prefix, at, object));
    } else {
        offer_names(search, prefix, object);
    }
}

static void offer_all(Search *search)
{
    static const char *const own[] = { "--oob", "help", "quit" };
    char *const *words = search->words;
    bool is_help = words[0] && g_str_equal(words[0], "help");

    if (!words[0]) {
        for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
            offer(search, g_strdup(own[i]));
        }
    }
    words += is_help || (words[0] && g_str_equal(words[0], "--oob"));
    if (!words[0]) {
        offer_commands(search);
        return;
    }
    JsonObject *command = qmp_schema_command(search->schema, words[0]);
    if (command) {
        search->words = words + 1;
        offer_arguments(search, qmp_schema_arguments(search->schema, command));
    }
}

GPtrArray *complete_word(const QmpSchema *schema, const char *before,
                         const char *word)
{
    static char *const nothing[] = { NULL };
    g_auto(GStrv) words = NULL;
    Search search = { schema, nothing, word,
                      g_ptr_array_new_with_free_func(g_free) };

    if (g_shell_parse_argv(before, NULL, &words, NULL)) {
        search.words = words;
    }
    if (schema) {
        offer_all(&search);
    }
    return search.found;
}
