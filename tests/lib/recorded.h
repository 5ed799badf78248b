/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* JSON in tests: texts as values, and what real QEMUs once replied. */
#include <json-glib/json-glib.h>

#include "caps/inventory.h"
#include "caps/machine.h"
#include "qmp/schema.h"

/* Any JSON value, parsed as the product does it; aborts if it is none. */
JsonNode *json_value(const char *text);

/* tests/data/replies/@name-@version.json, for example "query-qmp-schema". */
JsonNode *recorded_reply(const char *name, const char *version);

/* Of that QEMU, "7.2" or "10.0"; read once, and there until the end. */
QmpSchema *recorded_schema(const char *version);

/*
 * Aborts if that QEMU does not take @command; NULL: if any of them does not, for
 * who knows no version may send only what all take.
 */
void recorded_check_command(const char *version, const QmpCommand *command);

/* All that QEMU "7.2" (7.2.22) or "10.0" (10.0.2) told of itself. */
void recorded_inventory(CapsInventory *inventory, const char *version);

/* What it told of its guest's machine. */
JsonNode *recorded_machine_reply(CapsMachineQuestion question,
                                 const char *version);

/*
 * As if that QEMU were newer than this program: it also has @capability, and
 * @parameter with a value of the schema's @type ("int", "str" or "bool").
 */
void recorded_inventory_add(CapsInventory *inventory, const char *version,
                            const char *capability, const char *parameter,
                            const char *type);
