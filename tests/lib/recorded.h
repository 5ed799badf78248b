/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* JSON in tests: texts as values, and what real QEMUs once replied. */
#include <json-glib/json-glib.h>

#include "caps/inventory.h"

/* Any JSON value, parsed as the product does it; aborts if it is none. */
JsonNode *json_value(const char *text);

/* tests/data/replies/@name-@version.json, for example "query-qmp-schema". */
JsonNode *recorded_reply(const char *name, const char *version);

/* Capabilities and parameters; the schema is large and comes by itself. */
void recorded_inventory(CapsInventory *inventory, const char *version);
