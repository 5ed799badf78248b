/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a trace (docs/trace-format.rst) knows of a migration for a policy. */
#include <glib.h>

#include "orchestrator/sample.h"

typedef struct {
    GArray *samples;           /* of Sample, until the guest is stopped */
    uint64_t qemu_downtime_us; /* downtime-limit as it was found; 0: unknown */
    char *phase;               /* the last one */
    char *why;                 /* of its failure; NULL: none */
    int64_t end_us;            /* since migrate was sent */
} Recorded;

/* Each migration of the file, in order, one at least; free with
 * g_ptr_array_unref().  Fails in G_FILE_ERROR, and in G_OPTION_ERROR for what is
 * no trace. */
GPtrArray *recorded_read(const char *path, GError **error);
