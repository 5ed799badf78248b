/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The disks of one QEMU, from what "query-block" replies: only what the guest
 * sees of them, not where their data is.  Pure.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *backend; /* of -drive; "" for -blockdev */
    char *node;    /* the medium's; NULL: there is no medium */
    char *device;  /* id or QOM path of the device; NULL: none has it */
    bool is_removable;
    bool read_only;
    uint64_t bytes;
} CapsDisk;

/* An array of CapsDisk that owns them; NULL: @reply has another shape. */
GPtrArray *caps_disks_parse(JsonNode *reply);

/*
 * The disk that "info qtree" calls @drive.  While a block job runs, that is the
 * name of the job's filter, so it is also found by the id of the device or of
 * the device it is part of (NULL: it has none).  NULL: there is no such disk.
 */
const CapsDisk *caps_disks_find(const GPtrArray *disks, const char *drive,
                                const char *id);
