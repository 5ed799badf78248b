/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The document of qmigrate caps for programs, schema qmigrate.caps/1
 * (docs/result-format.rst): the tables, and what was inquired.  Pure.
 */
#include "tools/caps/inquiry.h"

/* Free with json_node_unref(). */
JsonNode *document_new(const Inquired *qemus);
