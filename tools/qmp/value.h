/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A word that a user typed to the JSON value that QEMU wants.  Pure. */
#include "qmp/schema.h"

/*
 * By @type, as the schema has it; where that leaves it open, JSON if it is
 * JSON, else a string.  Fails in G_OPTION_ERROR_BAD_VALUE, naming @name.
 */
JsonNode *value_parse(const QmpSchema *schema, JsonObject *type,
                      const char *name, const char *text, GError **error);
