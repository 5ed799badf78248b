/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Would QEMU read this command?  Its name, its arguments and what is inside
 * them are held against the schema.  Pure.  What the schema leaves open passes,
 * and what QEMU checks later, ranges above all, is not known here.
 */
#include "qmp/command.h"
#include "qmp/schema.h"

/*
 * Fails in QMP_ERROR_USAGE, with the place and the first thing that is wrong
 * there: "balloon: value: a string where an int is wanted".
 */
bool qmp_schema_validate(const QmpSchema *schema, const QmpCommand *command,
                         GError **error);
