/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers out of query-migrate; what QEMU does not say is -1. */
#include "tests/lib/check.h"

#include <inttypes.h>

#include "orchestrator/sample.h"
#include "tests/lib/recorded.h"

#define FIELD(name)                                                            \
    {                                                                          \
#name, offsetof(Sample, name)                                          \
    }
static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    FIELD(pass),
    FIELD(total_bytes),
    FIELD(remaining_bytes),
    FIELD(transferred_bytes),
    FIELD(normal_pages),
    FIELD(zero_pages),
    FIELD(page_bytes),
    FIELD(dirty_bytes_per_s),
    FIELD(sent_bytes_per_s),
    FIELD(precopy_bytes),
    FIELD(downtime_bytes),
    FIELD(postcopy_bytes),
    FIELD(multifd_bytes),
    FIELD(postcopy_requests),
    FIELD(throttle_percent),
    FIELD(setup_us),
    FIELD(total_us),
    FIELD(downtime_us),
    FIELD(expected_downtime_us),
};

static int64_t value_of(const Sample *sample, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return *(const int64_t *)((const char *)sample + fields[i].offset);
        }
    }
    fail_msg("no field %s", name);
    return 0;
}

typedef struct {
    const char *name;
    int64_t value;
} Number;

static const struct {
    const char *name, *version;
    Number numbers[20];
} recorded[] = {
    { "query-migrate-setup", "10.0", { { "pass", -1 } } },
    { "query-migrate-active",
      "7.2",
      { { "pass", 2 },
        { "total_bytes", 67641344 },
        { "remaining_bytes", 41390080 },
        { "transferred_bytes", 27236623 },
        { "normal_pages", 6636 },
        { "zero_pages", 272 },
        { "page_bytes", 4096 },
        { "sent_bytes_per_s", 134242020 },
        /* 0 in QEMU's words: it has not measured for a second yet */
        { "dirty_bytes_per_s", -1 },
        { "precopy_bytes", 27236623 },
        { "downtime_bytes", 0 },
        { "postcopy_requests", 0 },
        { "throttle_percent", -1 },
        { "setup_us", 1000 },
        { "total_us", 201000 },
        { "downtime_us", -1 },
        { "expected_downtime_us", 300000 } } },
    { "query-migrate-active",
      "10.0",
      { { "pass", 2 },
        { "remaining_bytes", 28766208 },
        { "transferred_bytes", 39795088 },
        { "dirty_bytes_per_s", -1 },
        { "downtime_us", -1 } } },
    { "query-migrate-completed",
      "7.2",
      { { "pass", 4 },
        { "remaining_bytes", 0 },
        { "downtime_us", 24000 },
        { "downtime_bytes", 28999920 },
        { "expected_downtime_us", -1 } } },
    { "query-migrate-completed",
      "10.0",
      { { "pass", 4 },
        { "remaining_bytes", 0 },
        { "downtime_us", 60000 },
        { "total_us", 362000 },
        { "sent_bytes_per_s", 192168751 } } },
};

static void reads_what_real_ones_said(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autoptr(JsonNode) reply =
            recorded_reply(recorded[i].name, recorded[i].version);
        Sample sample = sample_from_query_migrate(reply, 77);

        assert_int_equal(sample.time_us, 77);
        for (const Number *number = recorded[i].numbers; number->name;
             number++) {
            if (value_of(&sample, number->name) != number->value) {
                fail_msg("%s %s: %s is %" PRId64 ", not %" PRId64,
                         recorded[i].name, recorded[i].version, number->name,
                         value_of(&sample, number->name), number->value);
            }
        }
    }
}

static const struct {
    const char *what, *reply, *field;
    int64_t value;
} cases[] = {
    { "an exbibyte", "{\"ram\":{\"total\":1152921504606846976}}", "total_bytes",
      INT64_C(1) << 60 },
    { "more than any QEMU has", "{\"ram\":{\"total\":1152921504606846977}}",
      "total_bytes", -1 },
    { "all that an int64 holds", "{\"ram\":{\"total\":9223372036854775807}}",
      "total_bytes", -1 },
    { "2^63", "{\"ram\":{\"total\":9223372036854775808}}", "total_bytes", -1 },
    { "2^64 - 1", "{\"ram\":{\"remaining\":18446744073709551615}}",
      "remaining_bytes", -1 },
    { "negative", "{\"ram\":{\"remaining\":-5}}", "remaining_bytes", -1 },
    { "a text", "{\"ram\":{\"remaining\":\"5\"}}", "remaining_bytes", -1 },
    { "null", "{\"ram\":{\"remaining\":null}}", "remaining_bytes", -1 },
    { "a broken count", "{\"ram\":{\"remaining\":5.5}}", "remaining_bytes",
      -1 },
    { "ram that is none", "{\"ram\":[]}", "remaining_bytes", -1 },
    { "no ram", "{\"status\":\"active\",\"remaining\":5}", "remaining_bytes",
      -1 },
    { "a dirty rate",
      "{\"ram\":{\"page-size\":4096,\"dirty-sync-count\":3,"
      "\"dirty-pages-rate\":1000}}",
      "dirty_bytes_per_s", 4096000 },
    { "a dirty rate without page size",
      "{\"ram\":{\"dirty-sync-count\":3,\"dirty-pages-rate\":1000}}",
      "dirty_bytes_per_s", -1 },
    { "a page size of 0",
      "{\"ram\":{\"page-size\":0,\"dirty-sync-count\":3,"
      "\"dirty-pages-rate\":1000}}",
      "dirty_bytes_per_s", -1 },
    { "a dirty rate beyond all",
      "{\"ram\":{\"page-size\":4096,\"dirty-sync-count\":3,"
      "\"dirty-pages-rate\":9223372036854775807}}",
      "dirty_bytes_per_s", -1 },
    { "8 Mbit are 1 MB", "{\"ram\":{\"mbps\":8}}", "sent_bytes_per_s",
      1000000 },
    { "a whole mbps", "{\"ram\":{\"mbps\":0}}", "sent_bytes_per_s", 0 },
    { "a negative mbps", "{\"ram\":{\"mbps\":-1.5}}", "sent_bytes_per_s", -1 },
    { "an absurd mbps", "{\"ram\":{\"mbps\":1e300}}", "sent_bytes_per_s", -1 },
    { "a throttle", "{\"cpu-throttle-percentage\":99}", "throttle_percent",
      99 },
    { "7.2's downtime in post-copy: absurd, but what it says",
      "{\"downtime\":1586376}", "downtime_us", 1586376000 },
    { "milliseconds beyond all", "{\"total-time\":9223372036854775807}",
      "total_us", -1 },
    { "negative milliseconds", "{\"total-time\":-1}", "total_us", -1 },
};

static void takes_no_absurd_number(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonNode) reply = json_value(cases[i].reply);
        Sample sample = sample_from_query_migrate(reply, 0);

        if (value_of(&sample, cases[i].field) != cases[i].value) {
            fail_msg("%s: %" PRId64, cases[i].what,
                     value_of(&sample, cases[i].field));
        }
    }
}

static void what_is_missing_is_unknown(void **state)
{
    static const char *const empty[] = {
        "{}", "[]", "null", "7", "{\"status\":\"setup\"}", "{\"ram\":{}}"
    };
    for (size_t i = 0; i <= G_N_ELEMENTS(empty); i++) {
        g_autoptr(JsonNode) reply =
            i < G_N_ELEMENTS(empty) ? json_value(empty[i]) : NULL;
        Sample sample = sample_from_query_migrate(reply, 5);

        assert_int_equal(sample.time_us, 5);
        for (size_t j = 0; j < G_N_ELEMENTS(fields); j++) {
            check_case(fields[j].name, value_of(&sample, fields[j].name) == -1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_real_ones_said),
        cmocka_unit_test(takes_no_absurd_number),
        cmocka_unit_test(what_is_missing_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
