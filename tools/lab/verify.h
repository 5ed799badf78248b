/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the guest told of itself, and what that proves.  Pure. */
#include <json-glib/json-glib.h>

#include "orchestrator/failure.h"
#include "tools/lab/beats.h"
#include "tools/lab/line.h"

typedef struct {
    /* how far it is */
    unsigned n_connected; /* serial lines */
    gboolean is_ready, is_verified;
    gboolean is_off;    /* nobody is there to be asked */
    gboolean is_asleep; /* it can be asked when it is awake */

    uint64_t n_cpus, memory_bytes, above_4g_bytes;
    unsigned n_rates_before, n_rates_after; /* one of each vCPU */
    double rate_before_bytes_per_s, rate_after_bytes_per_s;
    uint64_t pages, bad_pages, lost_writes;
    char first_bad[160]; /* the guest's words; "": none */
    uint64_t writes[LINE_BUCKETS];
} Verify;

/* @after: the migration is over. */
void verify_take(Verify *verify, const Line *line, gboolean after);
gboolean verify_has_rate_before(const Verify *verify);

/* FAILURE_NONE, or what is wrong, with *@ret_message in one phrase. */
FailureCode verify_judge(const Verify *verify, const Beats *beats,
                         char **ret_message);

/* The member "verify" of the result; free with json_object_unref(). */
JsonObject *verify_to_json(const Verify *verify, const Beats *beats);
