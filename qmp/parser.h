/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A JSON text to json-glib's objects.  Pure.  Strict RFC 8259, because the
 * parser of json-glib 1.6 wraps whole numbers beyond 64 bits, ends a string at
 * an escaped NUL, lets half a surrogate pair through as text that is not UTF-8,
 * and has no limit of depth.  It is also what a QMP round trip would spend most
 * of our time in: with it the round trip measures 1.06 to 1.13 times a bare
 * loop, with this 1.00 to 1.05 (tests/bench/roundtrip, in turns).
 */
#include <json-glib/json-glib.h>
#include <stddef.h>

/*
 * The one object that @text is.  A whole number from 2^63 to 2^64 - 1 is held as
 * n - 2^64; see qmp_json_uint64().  Of members of the same name the last one
 * counts.  Fails with QMP_ERROR_PROTOCOL, also where the values would take more
 * than some 60 MB: QEMU's largest reply, its schema, takes 8.  @text need not
 * end in NUL.
 */
JsonObject *qmp_parse_object(const char *text, size_t n, GError **error);
