/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* All that was seen of a migration that goes on, for programs: schema
 * qmigrate.status/1 (docs/result-format.rst).  Pure. */
#include "tools/attach/options.h"

/* Free with json_node_unref(). */
JsonNode *attach_document_new(const Attached *a, const AttachOptions *options);
