/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What was found in TLS credentials: for people, and as qmigrate.tls-check/1. */
#include <json-glib/json-glib.h>
#include <stdio.h>

#include "tls/finding.h"

/* @quiet: the errors alone. */
void view_tls_findings(FILE *stream, const GPtrArray *findings, gboolean quiet);

/* @folders: the paths of those that were looked at.  Pure. */
JsonNode *view_tls_document(const GPtrArray *findings,
                            const GPtrArray *folders);
