/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The words COMMAND NAME=VALUE... as a command, checked against what QEMU says
 * it has, so that a typing error is found before anything is sent.  Pure.
 */
#include "qmp/command.h"
#include "qmp/schema.h"

/*
 * A name may be a path, a.b=1, into an argument that is an object.  Without
 * @schema (NULL) any name goes.  @words ends in NULL.  Fails in
 * G_OPTION_ERROR_BAD_VALUE, with the nearest valid name.
 */
QmpCommand *arguments_parse(const QmpSchema *schema, char *const words[],
                            GError **error);

/*
 * A whole {"execute": ..., "arguments": ...} or {"exec-oob": ...}, which is not
 * checked against any schema.  An "id" in it is ignored.
 */
QmpCommand *arguments_parse_json(const char *text, GError **error);

/*
 * The value that @words give to @name, which is looked for behind @prefix; NULL
 * without one.
 */
const char *arguments_find(char *const words[], const char *prefix,
                           const char *name);
