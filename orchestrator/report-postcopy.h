/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The member "postcopy" of a result. */
#include <json-glib/json-glib.h>

#include "orchestrator/migration.h"

/* A new object; NULL: there was no post-copy. */
JsonObject *report_postcopy(const Migration *m);
