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

/* All that was printed to standard output: false if it could not be written,
 * with the error printed, unless nobody is there to read it any more. */
gboolean output_flush(void);

/*
 * The result in a few lines: where the guest is, times, bytes, the downtimes
 * side by side, what a lab verified.  Reads the result document, so that both
 * forms say the same.
 */
void output_print_result(JsonNode *result);
