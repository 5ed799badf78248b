/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/sample.h"

#include <stddef.h>

#include "qmp/json.h"

/* An exbibyte, or 36000 years: what is more is not known, so that a few of them
 * can be added. */
#define SAMPLE_MAX (1ull << 60)

/* Where each number comes from, and what makes it of its unit. */
/* clang-format off */
static const struct {
    const char *member;
    const char *in; /* the object that it stands in; NULL: the answer itself */
    double scale;
    size_t offset;
} numbers[] = {
#define FIELD(name) offsetof(Sample, name)
    { "dirty-sync-count",        "ram",  1,    FIELD(pass) },
    { "total",                   "ram",  1,    FIELD(total_bytes) },
    { "remaining",               "ram",  1,    FIELD(remaining_bytes) },
    { "transferred",             "ram",  1,    FIELD(transferred_bytes) },
    { "normal",                  "ram",  1,    FIELD(normal_pages) },
    { "duplicate",               "ram",  1,    FIELD(zero_pages) },
    { "page-size",               "ram",  1,    FIELD(page_bytes) },
    { "precopy-bytes",           "ram",  1,    FIELD(precopy_bytes) },
    { "downtime-bytes",          "ram",  1,    FIELD(downtime_bytes) },
    { "postcopy-bytes",          "ram",  1,    FIELD(postcopy_bytes) },
    { "multifd-bytes",           "ram",  1,    FIELD(multifd_bytes) },
    { "postcopy-requests",       "ram",  1,    FIELD(postcopy_requests) },
    { "dirty-sync-missed-zero-copy", "ram", 1, FIELD(zero_copy_fallbacks) },
    { "pages",      "xbzrle-cache", 1,         FIELD(xbzrle_pages) },
    { "bytes",      "xbzrle-cache", 1,         FIELD(xbzrle_bytes) },
    { "cache-miss", "xbzrle-cache", 1,         FIELD(xbzrle_cache_misses) },
    { "dirty-limit-throttle-time-per-round", NULL, 1, FIELD(dirty_limit_us) },
    { "mbps",                    "ram",  1e6 / 8, FIELD(sent_bytes_per_s) },
    { "cpu-throttle-percentage", NULL,  1,    FIELD(throttle_percent) },
    { "setup-time",              NULL,  1000, FIELD(setup_us) },
    { "total-time",              NULL,  1000, FIELD(total_us) },
    { "downtime",                NULL,  1000, FIELD(downtime_us) },
    { "expected-downtime",       NULL,  1000, FIELD(expected_downtime_us) },
#undef FIELD
};
/* clang-format on */

static int64_t *field(Sample *sample, size_t offset)
{
    return (int64_t *)((char *)sample + offset);
}

Sample sample_unknown(void)
{
    Sample sample = { 0 };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        *field(&sample, numbers[i].offset) = -1;
    }
    sample.dirty_bytes_per_s = -1;
    return sample;
}

Sample sample_from_query_migrate(JsonNode *reply, int64_t time_us)
{
    Sample sample = sample_unknown();
    sample.time_us = time_us;
    if (!reply || !JSON_NODE_HOLDS_OBJECT(reply)) {
        return sample;
    }

    JsonObject *info = json_node_get_object(reply);
    JsonObject *ram = qmp_json_object(info, "ram");
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        JsonObject *object =
            numbers[i].in ? qmp_json_object(info, numbers[i].in) : info;
        uint64_t whole;
        double broken;
        if (!object) {
            continue;
        }
        if (numbers[i].scale == 1 &&
            qmp_json_size(object, numbers[i].member, &whole) &&
            whole <= SAMPLE_MAX) {
            *field(&sample, numbers[i].offset) = (int64_t)whole;
        } else if (numbers[i].scale != 1 &&
                   qmp_json_double(object, numbers[i].member, &broken) &&
                   broken >= 0 && broken * numbers[i].scale < SAMPLE_MAX) {
            *field(&sample, numbers[i].offset) =
                (int64_t)(broken * numbers[i].scale + 0.5);
        }
    }

    uint64_t dirty_pages_per_s;
    if (ram && sample.page_bytes > 0 &&
        qmp_json_size(ram, "dirty-pages-rate", &dirty_pages_per_s) &&
        /* 0: QEMU has not measured for long enough, or is done */
        dirty_pages_per_s > 0 &&
        dirty_pages_per_s < SAMPLE_MAX / (uint64_t)sample.page_bytes) {
        sample.dirty_bytes_per_s =
            (int64_t)dirty_pages_per_s * sample.page_bytes;
    }
    return sample;
}
