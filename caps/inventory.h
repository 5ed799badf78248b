/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What one QEMU has: its capabilities with their state, its parameters with
 * their values, and whether a command knows an argument.  From QEMU's own
 * replies, so what is newer than this program is simply there.  Pure.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "qmp/command.h"

typedef struct {
    GHashTable *capabilities; /* name -> GINT_TO_POINTER(on); NULL: not told */
    JsonObject *parameters;   /* of query-migrate-parameters; NULL: not told */
    GHashTable *arguments;    /* set of "command/argument"; NULL: not told */
} CapsInventory;

void caps_inventory_clear(CapsInventory *inventory);

/* Each takes one reply; false: it is not of the shape that QEMU documents. */
bool caps_inventory_take_capabilities(CapsInventory *inventory,
                                      JsonNode *reply);
bool caps_inventory_take_parameters(CapsInventory *inventory, JsonNode *reply);
/* query-qmp-schema; keeps only the arguments of the commands named "migrate*". */
bool caps_inventory_take_schema(CapsInventory *inventory, JsonNode *reply);

/* QEMU took @command (migrate-set-capabilities or -parameters): so it is now. */
void caps_inventory_apply(CapsInventory *inventory, const QmpCommand *command);

bool caps_inventory_has(const CapsInventory *inventory, const char *capability);
bool caps_inventory_is_on(const CapsInventory *inventory,
                          const char *capability);
bool caps_inventory_has_argument(const CapsInventory *inventory,
                                 const char *command, const char *argument);

/*
 * The name among @inventory's capabilities, or parameters, that @name was
 * probably meant to be; NULL if none is near.  Owned by @inventory.
 */
const char *caps_inventory_nearest(const CapsInventory *inventory,
                                   const char *name, bool capability);
