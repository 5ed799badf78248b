/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Members of a result document by their path, "verify.memory".  Pure. */
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* NULL: there is none. */
JsonNode *document_find(JsonObject *result, const char *path);

/* A list counts by its length; "bandwidth" is reckoned.  false: it is null. */
bool document_number(JsonObject *result, const char *path, double *ret);

/* "none": it is null, or no string. */
const char *document_string(JsonObject *result, const char *path);
