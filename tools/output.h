/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the program writes: the result for people and as JSON on standard
 * output or into a file, errors and progress on standard error.
 */
#include <json-glib/json-glib.h>

#include "orchestrator/migration.h"

/*
 * Known before the guest is touched: can @path, of --@option, be written?  "-"
 * always can.  Fails in G_FILE_ERROR.
 */
gboolean output_check(const char *option, const char *path, GError **error);

/* Atomically, where @path is a regular file; a link is followed, and a device is
 * written to. */
gboolean output_write_text(const char *path, const char *text, GError **error);
gboolean output_write_json(const char *path, JsonNode *node, GError **error);

/* False if something that was printed could not be written; this is reported
 * once, but not to a reader that has gone. */
gboolean output_flush(void);

/* @exit_code, or instead of 0 that of @unwritten if something could not be
 * written. */
int output_exit_code(int exit_code, Outcome unwritten);

/* The same, after it has written @document to @json, if that is not NULL. */
int output_conclude(int exit_code, Outcome unwritten, const char *json,
                    JsonNode *document);

/* Where the guest is, one phrase. */
const char *output_meaning(JsonNode *result);

/*
 * The result in a few lines: where the guest is, times, bytes, the downtimes
 * side by side, what a lab verified.  Reads the result document, so that both
 * forms say the same.
 */
void output_print_result(JsonNode *result);
