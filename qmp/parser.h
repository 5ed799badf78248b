/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A JSON text to json-glib's objects.  Pure.  Strict RFC 8259, because the
 * parser of json-glib 1.6 wraps whole numbers beyond 64 bits, ends a string at
 * an escaped NUL, has no limit of depth, and aborts the program on half a
 * surrogate pair.  It also costs five times as much, which is half of what a QMP
 * round trip costs us.
 */
#include <json-glib/json-glib.h>
#include <stddef.h>

/*
 * The one object that @text is.  A whole number from 2^63 to 2^64 - 1 is held as
 * n - 2^64; see qmp_json_uint64().  Of members of the same name the last one
 * counts.  Fails with QMP_ERROR_PROTOCOL.  @text need not end in NUL.
 */
JsonObject *qmp_parse_object(const char *text, size_t n, GError **error);
