/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What query-migrate on the source says at one moment, as plain numbers with
 * their units in the names.  Pure.  -1: QEMU did not say.
 */
#include <json-glib/json-glib.h>
#include <stdint.h>

typedef struct {
    int64_t time_us;         /* since migrate was sent, our monotonic clock */
    int64_t pass;            /* ram.dirty-sync-count */
    int64_t total_bytes;     /* ram.total: all RAM that takes part */
    int64_t remaining_bytes; /* ram.remaining; exact only at a pass boundary */
    int64_t transferred_bytes; /* ram.transferred: on the wire, headers too */
    int64_t normal_pages, zero_pages;
    int64_t page_bytes;
    int64_t dirty_bytes_per_s; /* unique pages since the last pass boundary: it
                                * saturates at the send rate (qemu-api, 5) */
    int64_t sent_bytes_per_s;  /* ram.mbps, a 100 ms window; spiky */
    int64_t precopy_bytes, downtime_bytes, postcopy_bytes;
    int64_t multifd_bytes;
    int64_t postcopy_requests;
    int64_t zero_copy_fallbacks; /* times that QEMU saw the kernel copy */
    int64_t xbzrle_pages, xbzrle_bytes, xbzrle_cache_misses;
    int64_t throttle_percent;
    int64_t dirty_limit_us;     /* what the vCPUs slept in the last round */
    int64_t setup_us, total_us; /* QEMU's own, from milliseconds */
    int64_t downtime_us;        /* known when completed */
    int64_t expected_downtime_us;
} Sample;

/* All unknown. */
#define SAMPLE_UNKNOWN sample_unknown()
Sample sample_unknown(void);

/* What @reply (of query-migrate) says; the rest is unknown. */
Sample sample_from_query_migrate(JsonNode *reply, int64_t time_us);
