/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What query-qmp-schema says: which commands there are and what they take.
 * Pure.  QEMU's answer is believed where it can be read and otherwise taken for
 * "anything goes": then QEMU itself judges.  All that is returned belongs to
 * the schema unless said otherwise; a type may be NULL, which is any value.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct Schema Schema;

typedef enum {
    SCHEMA_ANY,
    SCHEMA_STRING,
    SCHEMA_INT,
    SCHEMA_NUMBER,
    SCHEMA_BOOL,
    SCHEMA_NULL,
    SCHEMA_ENUM,
    SCHEMA_ARRAY,
    SCHEMA_OBJECT,
    SCHEMA_ALTERNATE, /* a value of one of several kinds */
} SchemaKind;

typedef struct {
    const char *name;
    JsonObject *type;
    bool is_optional;
} SchemaMember;

/* @reply: the value that query-qmp-schema returned; NULL if it is no list. */
Schema *schema_new(JsonNode *reply);
void schema_free(Schema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schema, schema_free)

/* Names (const char *), sorted. */
const GPtrArray *schema_commands(const Schema *schema);

/* NULL: there is no such command. */
JsonObject *schema_command(const Schema *schema, const char *name);
bool schema_allows_oob(JsonObject *command);

/* Does it take arguments that the schema does not list? */
bool schema_is_open(JsonObject *command);

/* The type of a command's arguments, an object. */
JsonObject *schema_arguments(const Schema *schema, JsonObject *command);

SchemaKind schema_kind(JsonObject *type);

/*
 * The object that @type is or may be, else NULL: a member's value whose own
 * members can be named.
 */
JsonObject *schema_object(const Schema *schema, JsonObject *type);

/* The member that decides which others there are; NULL: none does. */
const char *schema_tag(JsonObject *object);

/*
 * Of SchemaMember, those of every value first.  With @tag_value those which it
 * adds, with NULL those which any value would.  Free with g_array_unref().
 */
GArray *schema_members(const Schema *schema, JsonObject *object,
                       const char *tag_value);

/*
 * The alternatives' types (JsonObject *); for any other type itself alone.
 * Free with g_ptr_array_unref().
 */
GPtrArray *schema_alternatives(const Schema *schema, JsonObject *type);

/* The values (const char *) to choose from, or none.  g_ptr_array_unref(). */
GPtrArray *schema_values(const Schema *schema, JsonObject *type);

/* "string", "[int]", "enum", "string or null".  Free with g_free(). */
char *schema_type_to_text(const Schema *schema, JsonObject *type);
