/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Typed access to the members of a QMP object.  Nearly every member in QMP is
 * optional and new ones come with each release, so absence is not an error:
 * each function says whether the member is there, has the type and is in
 * range, and leaves *@ret alone if not.  What is returned is owned by @object.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

const char *qmp_json_string(JsonObject *object, const char *name);
JsonObject *qmp_json_object(JsonObject *object, const char *name);
JsonArray *qmp_json_array(JsonObject *object, const char *name);
bool qmp_json_bool(JsonObject *object, const char *name, bool *ret);
bool qmp_json_int64(JsonObject *object, const char *name, int64_t *ret);

/* A whole or a broken number. */
bool qmp_json_double(JsonObject *object, const char *name, double *ret);

/* A count or a number of bytes: 0 to INT64_MAX, anything else is refused. */
bool qmp_json_size(JsonObject *object, const char *name, uint64_t *ret);

/*
 * QAPI's uint64 in its full range.  json-glib holds signed numbers only, so
 * what is above INT64_MAX lies in the node as n - 2^64, which is also what
 * QEMU takes for it; sending the node back is exact.
 */
bool qmp_json_uint64(JsonObject *object, const char *name, uint64_t *ret);

/* One line, no blanks.  Free with g_free(). */
char *qmp_json_to_text(JsonNode *node);
