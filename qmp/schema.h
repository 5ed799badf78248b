/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What query-qmp-schema says: which commands and events there are, what they
 * take and what comes back.  Pure.  QEMU's answer is believed where it can be
 * read and otherwise taken for "anything goes": then QEMU itself judges.  All
 * that is returned belongs to the schema unless said otherwise; a type may be
 * NULL, which is any value.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct QmpSchema QmpSchema;

typedef enum {
    QMP_SCHEMA_ANY,
    QMP_SCHEMA_STRING,
    QMP_SCHEMA_INT,
    QMP_SCHEMA_NUMBER,
    QMP_SCHEMA_BOOL,
    QMP_SCHEMA_NULL,
    QMP_SCHEMA_ENUM,
    QMP_SCHEMA_ARRAY,
    QMP_SCHEMA_OBJECT,
    QMP_SCHEMA_ALTERNATE, /* a value of one of several kinds */
} QmpSchemaKind;

typedef struct {
    const char *name;
    JsonObject *type;
    bool is_optional;
    bool is_deprecated;
    bool is_unstable;
} QmpSchemaMember;

/* @reply: the value that query-qmp-schema returned; NULL if it is no list. */
QmpSchema *qmp_schema_new(JsonNode *reply);
QmpSchema *qmp_schema_ref(QmpSchema *schema);
void qmp_schema_unref(QmpSchema *schema); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpSchema, qmp_schema_unref)

/* Names (const char *), sorted. */
const GPtrArray *qmp_schema_commands(const QmpSchema *schema);

/* NULL: there is no such command, no such event. */
JsonObject *qmp_schema_command(const QmpSchema *schema, const char *name);
JsonObject *qmp_schema_event(const QmpSchema *schema, const char *name);
bool qmp_schema_allows_oob(JsonObject *command);

/* Of a command, an event or a type: "deprecated", "unstable", ... */
bool qmp_schema_has_feature(JsonObject *entity, const char *feature);

/* Does it take arguments that the schema does not list? */
bool qmp_schema_is_open(JsonObject *command);

/* The type of a command's arguments, or of an event's data, an object. */
JsonObject *qmp_schema_arguments(const QmpSchema *schema, JsonObject *command);

/* The type of what a command returns. */
JsonObject *qmp_schema_reply(const QmpSchema *schema, JsonObject *command);

/*
 * By name, whatever decides about it: does @command take @argument, has what it
 * returns @member?  If it returns a list, has one of its elements?
 */
bool qmp_schema_takes_argument(const QmpSchema *schema, const char *command,
                               const char *argument);
bool qmp_schema_returns_member(const QmpSchema *schema, const char *command,
                               const char *member);

QmpSchemaKind qmp_schema_kind(JsonObject *type);

/*
 * Is @node of this kind?  What is in it is not looked at; nothing is an
 * alternate, that is for qmp_schema_alternatives() to take apart.
 */
bool qmp_schema_is_kind(JsonNode *node, QmpSchemaKind kind);

/*
 * The object that @type is or may be, else NULL: a member's value whose own
 * members can be named.
 */
JsonObject *qmp_schema_object(const QmpSchema *schema, JsonObject *type);

/* The member that decides which others there are; NULL: none does. */
const char *qmp_schema_tag(JsonObject *object);

/* An object with those that this value of the tag adds, or NULL. */
JsonObject *qmp_schema_variant(const QmpSchema *schema, JsonObject *object,
                               const char *tag_value);

/*
 * Of QmpSchemaMember, those of every value first.  With @tag_value those which it
 * adds, with NULL those which any value would; what it adds may depend on further
 * tags, and is all there.  Those of an enum are its values, from QEMU 6.2 on;
 * their type is NULL.  Free with g_array_unref().
 */
GArray *qmp_schema_members(const QmpSchema *schema, JsonObject *object,
                           const char *tag_value);

/* Of a list, else NULL. */
JsonObject *qmp_schema_element(const QmpSchema *schema, JsonObject *type);

/*
 * The alternatives' types (JsonObject *); for any other type itself alone.
 * Free with g_ptr_array_unref().
 */
GPtrArray *qmp_schema_alternatives(const QmpSchema *schema, JsonObject *type);

/* The values (const char *) to choose from, or none.  g_ptr_array_unref(). */
GPtrArray *qmp_schema_values(const QmpSchema *schema, JsonObject *type);

/* "string", "[int]", "enum", "string or null".  Free with g_free(). */
char *qmp_schema_type_to_text(const QmpSchema *schema, JsonObject *type);
