/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What one QEMU has: its capabilities with their state, its parameters with
 * their types and values, and what its commands take.  From QEMU's own replies,
 * so what is newer than this program is simply there.  Pure.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "caps/version.h"
#include "qmp/command.h"
#include "qmp/schema.h"

typedef struct {
    GHashTable *capabilities; /* name -> GINT_TO_POINTER(on); NULL: not told */
    JsonObject *parameters;   /* of query-migrate-parameters; NULL: not told */
    QmpSchema *schema;        /* of query-qmp-schema; NULL: not told */
    char *version_text;       /* "10.0.2"; NULL: not told */
    CapsVersion version;      /* 0: not told */
    char *accel;              /* "kvm" or another; NULL: not told */
} CapsInventory;

typedef enum {
    CAPS_TYPE_UNKNOWN, /* neither the schema nor a value tells */
    CAPS_TYPE_BOOL,
    CAPS_TYPE_NUMBER,
    CAPS_TYPE_STRING,
    CAPS_TYPE_ENUM,
    CAPS_TYPE_OTHER, /* a list or an object */
} CapsType;

void caps_inventory_clear(CapsInventory *inventory);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CapsInventory, caps_inventory_clear)

/* A copy whose settings can be changed; the schema is shared. */
void caps_inventory_copy(const CapsInventory *inventory, CapsInventory *ret);

/* Each takes one reply; false: it is not of the shape that QEMU documents. */
bool caps_inventory_take_capabilities(CapsInventory *inventory,
                                      JsonNode *reply);
bool caps_inventory_take_parameters(CapsInventory *inventory, JsonNode *reply);
bool caps_inventory_take_schema(CapsInventory *inventory, JsonNode *reply);
bool caps_inventory_take_kvm(CapsInventory *inventory, JsonNode *reply);

/* As in QMP's greeting. */
void caps_inventory_take_version(CapsInventory *inventory, const char *text);

/* For texts: "10.0.2", or that it was not told. */
const char *caps_inventory_version(const CapsInventory *inventory);

/* QEMU took @command (migrate-set-capabilities or -parameters): so it is now. */
void caps_inventory_apply(CapsInventory *inventory, const QmpCommand *command);

/*
 * What is not as @command would have set it: "multifd-zlib-level is 1, not 9";
 * NULL: all of it is.  Free with g_free().
 */
char *caps_inventory_difference(const CapsInventory *inventory,
                                const QmpCommand *command);

bool caps_inventory_has(const CapsInventory *inventory, const char *capability);
bool caps_inventory_is_on(const CapsInventory *inventory,
                          const char *capability);
void caps_inventory_turn(CapsInventory *inventory, const char *capability,
                         bool on);

bool caps_inventory_has_parameter(const CapsInventory *inventory,
                                  const char *parameter);

/* NULL: not told; owned by @inventory. */
JsonNode *caps_inventory_parameter(const CapsInventory *inventory,
                                   const char *parameter);

/* As text: "300", "true", "none"; NULL: not told.  Free with g_free(). */
char *caps_inventory_value(const CapsInventory *inventory,
                           const char *parameter);

/* With CAPS_TYPE_ENUM also *@ret_values, for g_strfreev(). */
CapsType caps_inventory_type(const CapsInventory *inventory,
                             const char *parameter, char ***ret_values);

bool caps_inventory_has_command(const CapsInventory *inventory,
                                const char *command);
bool caps_inventory_has_argument(const CapsInventory *inventory,
                                 const char *command, const char *argument);

/* Names (char *), sorted, of what it has; for g_strfreev(). */
char **caps_inventory_names(const CapsInventory *inventory, bool capabilities);

/* What the schema says of a capability or parameter beside its type. */
typedef struct {
    bool is_told; /* else the others mean nothing */
    bool is_deprecated, is_unstable;
} CapsMarks;

CapsMarks caps_inventory_marks(const CapsInventory *inventory,
                               bool is_capability, const char *name);
