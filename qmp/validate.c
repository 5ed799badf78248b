/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Down the value and its type at once.  Only what the value holds is descended
 * into, so a schema that goes in circles ends where the value does.
 */
#include "qmp/validate.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/framer.h"
#include "qmp/json.h"

typedef struct {
    const QmpSchema *schema;
    const char *command;
    GString *path; /* "channels[0].addr"; empty: the command itself */
    unsigned depth;
    GError **error;
} Walk;

static bool check_value(Walk *walk, JsonObject *type, JsonNode *value);

static bool refuse(Walk *walk, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(Walk *walk, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(walk->error, QMP_ERROR, QMP_ERROR_USAGE, "%s: %s%s%s",
                walk->command, walk->path->str, walk->path->len ? ": " : "",
                what);
    return false;
}

/* ---- words ---- */

static const char *kind_in_words(JsonNode *value)
{
    static const struct {
        QmpSchemaKind kind;
        const char *words;
    } kinds[] = {
        { QMP_SCHEMA_STRING, "a string" },  { QMP_SCHEMA_INT, "an int" },
        { QMP_SCHEMA_NUMBER, "a number" },  { QMP_SCHEMA_BOOL, "a bool" },
        { QMP_SCHEMA_OBJECT, "an object" }, { QMP_SCHEMA_ARRAY, "a list" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (qmp_schema_is_kind(value, kinds[i].kind)) {
            return kinds[i].words;
        }
    }
    return "null";
}

static const char *article(const char *noun)
{
    if (*noun == '[' || g_str_has_prefix(noun, "null")) {
        return "";
    }
    return strchr("aeiou", *noun) ? "an " : "a ";
}

static bool refuse_kind(Walk *walk, JsonObject *type, JsonNode *value)
{
    g_autofree char *wanted = qmp_schema_type_to_text(walk->schema, type);

    return refuse(walk, "%s where %s%s is wanted", kind_in_words(value),
                  article(wanted), wanted);
}

/* ---- one rule for each kind of type ---- */

static bool check_enum(Walk *walk, JsonObject *type, const char *value)
{
    g_autoptr(GPtrArray) values = qmp_schema_values(walk->schema, type);

    if (!values->len ||
        g_ptr_array_find_with_equal_func(values, value, g_str_equal, NULL)) {
        return true;
    }
    g_ptr_array_add(values, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)values->pdata);
    return refuse(walk, "'%s' is none of %s", value, list);
}

static bool check_list(Walk *walk, JsonObject *type, JsonArray *list)
{
    JsonObject *element = qmp_schema_element(walk->schema, type);
    size_t n = walk->path->len;

    for (guint i = 0; i < json_array_get_length(list); i++) {
        g_string_append_printf(walk->path, "[%u]", i);
        if (!check_value(walk, element, json_array_get_element(list, i))) {
            return false;
        }
        g_string_truncate(walk->path, n);
    }
    return true;
}

static const QmpSchemaMember *find_member(const GArray *members,
                                          const char *name)
{
    for (guint i = 0; i < members->len; i++) {
        const QmpSchemaMember *member =
            &g_array_index(members, QmpSchemaMember, i);
        if (strcmp(member->name, name) == 0) {
            return member;
        }
    }
    return NULL;
}

/* @member: NULL, if the schema has none of this name. */
static bool check_member(Walk *walk, const QmpSchemaMember *member,
                         const char *name, JsonObject *object)
{
    JsonNode *value = json_object_get_member(object, name);
    size_t n = walk->path->len;
    bool fits = true;

    g_string_append_printf(walk->path, "%s%s", n ? "." : "", name);
    if (!member) {
        fits = refuse(walk, "unknown");
    } else if (value) {
        fits = check_value(walk, member->type, value);
    } else if (!member->is_optional) {
        fits = refuse(walk, "missing");
    }
    g_string_truncate(walk->path, n);
    return fits;
}

/* What is unknown comes first: it is what the missing one was meant to be. */
static bool check_members(Walk *walk, const GArray *members, JsonObject *object,
                          bool is_open)
{
    g_autoptr(GList) names = json_object_get_members(object);
    bool fits = true;

    for (GList *at = names; at && fits; at = at->next) {
        const QmpSchemaMember *member = find_member(members, at->data);
        fits = (!member && is_open) ||
               check_member(walk, member, at->data, object);
    }
    for (guint i = 0; i < members->len && fits; i++) {
        const QmpSchemaMember *member =
            &g_array_index(members, QmpSchemaMember, i);
        fits = json_object_has_member(object, member->name) ||
               check_member(walk, member, member->name, object);
    }
    return fits;
}

/* Those that no tag decides about. */
static void add_members(const Walk *walk, JsonObject *type, GArray *members)
{
    /* No value is empty, so this one adds nothing. */
    g_autoptr(GArray) own = qmp_schema_members(walk->schema, type, "");

    if (own->len) {
        g_array_append_vals(members, own->data, own->len);
    }
}

static bool check_tag(Walk *walk, const GArray *members, const char *tag,
                      JsonObject *object)
{
    const QmpSchemaMember *member = find_member(members, tag);

    return !member || check_member(walk, member, tag, object);
}

/*
 * The tag first: it decides which others there may be, and one of those may be a
 * tag again.
 */
static bool check_object(Walk *walk, JsonObject *type, JsonObject *object,
                         bool is_open)
{
    g_autoptr(GArray) members =
        g_array_new(FALSE, FALSE, sizeof(QmpSchemaMember));

    for (unsigned i = 0; type && i < QMP_DEPTH_MAX; i++) {
        const char *tag = qmp_schema_tag(type);
        add_members(walk, type, members);
        if (tag && !check_tag(walk, members, tag, object)) {
            return false;
        }
        const char *value = tag ? qmp_json_string(object, tag) : NULL;
        type = value ? qmp_schema_variant(walk->schema, type, value) : NULL;
    }
    return check_members(walk, members, object, is_open);
}

/* As QEMU does, by what the value is alone. */
static bool check_alternatives(Walk *walk, JsonObject *type, JsonNode *value)
{
    g_autoptr(GPtrArray) types = qmp_schema_alternatives(walk->schema, type);

    for (guint i = 0; i < types->len; i++) {
        if (qmp_schema_is_kind(value, qmp_schema_kind(types->pdata[i]))) {
            return check_value(walk, types->pdata[i], value);
        }
    }
    return !types->len || refuse_kind(walk, type, value);
}

static bool check_inside(Walk *walk, JsonObject *type, JsonNode *value)
{
    QmpSchemaKind kind = qmp_schema_kind(type);

    if (kind == QMP_SCHEMA_ALTERNATE) {
        return check_alternatives(walk, type, value);
    }
    if (!qmp_schema_is_kind(value, kind)) {
        return refuse_kind(walk, type, value);
    }
    switch ((int)kind) {
    case QMP_SCHEMA_ENUM:
        return check_enum(walk, type, json_node_get_string(value));
    case QMP_SCHEMA_ARRAY:
        return check_list(walk, type, json_node_get_array(value));
    case QMP_SCHEMA_OBJECT:
        return check_object(walk, type, json_node_get_object(value), false);
    }
    return true;
}

static bool check_value(Walk *walk, JsonObject *type, JsonNode *value)
{
    bool fits;

    if (walk->depth == QMP_DEPTH_MAX) {
        return refuse(walk, "more than %u deep", QMP_DEPTH_MAX);
    }
    walk->depth++;
    fits = check_inside(walk, type, value);
    walk->depth--;
    return fits;
}

/* ---- the command ---- */

static bool check_arguments(Walk *walk, JsonObject *entity,
                            JsonObject *arguments)
{
    g_autoptr(JsonObject) none = json_object_new();
    JsonObject *type = qmp_schema_arguments(walk->schema, entity);

    return qmp_schema_kind(type) != QMP_SCHEMA_OBJECT ||
           check_object(walk, type, arguments ? arguments : none,
                        qmp_schema_is_open(entity));
}

bool qmp_schema_validate(const QmpSchema *schema, const QmpCommand *command,
                         GError **error)
{
    JsonObject *entity = qmp_schema_command(schema, command->name);
    g_autoptr(GString) path = g_string_new(NULL);
    Walk walk = { schema, command->name, path, 0, error };

    if (!entity) {
        return refuse(&walk, "there is no such command");
    }
    if (command->oob && !qmp_schema_allows_oob(entity)) {
        return refuse(&walk, "it cannot be sent out of band");
    }
    return check_arguments(&walk, entity, command->arguments);
}
