/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/verify.h"

#define PAGE_BYTES 4096.0

static double rate_of(const Line *line)
{
    return line->time_us ? line->pages * PAGE_BYTES * 1e6 / line->time_us : 0;
}

void verify_take(Verify *verify, const Line *line, gboolean after)
{
    switch (line->kind) {
    case LINE_HELLO:
        verify->n_cpus = line->n_cpus;
        verify->memory_bytes = line->memory_bytes;
        verify->above_4g_bytes = line->above_4g_bytes;
        break;
    case LINE_READY:
        verify->is_ready = TRUE;
        break;
    case LINE_RATE:
        if (after) {
            verify->n_rates_after++;
            verify->rate_after_bytes_per_s += rate_of(line);
        } else {
            verify->n_rates_before++;
            verify->rate_before_bytes_per_s += rate_of(line);
        }
        break;
    case LINE_WRITES:
        for (int i = 0; i < LINE_BUCKETS; i++) {
            verify->writes[i] = line->writes[i];
        }
        break;
    case LINE_BAD:
        if (verify->first_bad[0] == '\0') {
            g_strlcpy(verify->first_bad, line->text, sizeof(verify->first_bad));
        }
        break;
    case LINE_VERIFY:
        verify->is_verified = TRUE;
        verify->pages = line->pages;
        verify->bad_pages = line->bad;
        verify->lost_writes = line->lost_writes;
        break;
    case LINE_OFF:
        verify->is_off = TRUE;
        break;
    case LINE_SUSPENDED:
    case LINE_AWAKE:
        verify->is_asleep = line->kind == LINE_SUSPENDED;
        break;
    case LINE_BEAT:
    case LINE_PANIC:
    case LINE_OTHER:
        break;
    }
}

gboolean verify_has_rate_before(const Verify *verify)
{
    return verify->n_cpus > 0 && verify->n_rates_before >= verify->n_cpus;
}

static gboolean is_intact(const Verify *verify)
{
    return verify->pages > 0 && verify->bad_pages == 0 &&
           verify->lost_writes == 0;
}

FailureCode verify_judge(const Verify *verify, const Beats *beats,
                         char **ret_message)
{
    if (verify->is_off) {
        return FAILURE_NONE; /* by its own will */
    }
    if (!verify->is_verified) {
        *ret_message = g_strdup("the guest did not prove its memory");
        return FAILURE_MEMORY_NOT_INTACT;
    }
    if (!is_intact(verify)) {
        *ret_message = g_strdup_printf(
            "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            " pages are not what the guest wrote, %" G_GUINT64_FORMAT
            " writes are lost%s%s",
            verify->bad_pages, verify->pages, verify->lost_writes,
            verify->first_bad[0] ? "; first: " : "", verify->first_bad);
        return FAILURE_MEMORY_NOT_INTACT;
    }
    if (beats->n_lost > 0 || beats->n_repeated > 0) {
        *ret_message = g_strdup_printf("%" G_GUINT64_FORMAT
                                       " heartbeats lost, %" G_GUINT64_FORMAT
                                       " came twice",
                                       beats->n_lost, beats->n_repeated);
        return FAILURE_BEATS_LOST;
    }
    return FAILURE_NONE;
}

static void add_int(JsonObject *object, const char *name, int64_t value)
{
    if (value < 0) {
        json_object_set_null_member(object, name);
    } else {
        json_object_set_int_member(object, name, value);
    }
}

static JsonArray *writes_array(const Verify *verify)
{
    JsonArray *array = json_array_new();
    for (int i = 0; i < LINE_BUCKETS; i++) {
        if (verify->writes[i] > 0) {
            JsonObject *bucket = json_object_new();
            json_object_set_int_member(bucket, "from_ns",
                                       i < 63 ? G_GINT64_CONSTANT(1) << i
                                              : G_MAXINT64);
            json_object_set_int_member(bucket, "count", verify->writes[i]);
            json_array_add_object_element(array, bucket);
        }
    }
    return array;
}

JsonObject *verify_to_json(const Verify *verify, const Beats *beats)
{
    JsonObject *object = json_object_new();
    gboolean known = verify->is_verified;

    json_object_set_string_member(object, "memory",
                                  !known              ? "unknown"
                                  : is_intact(verify) ? "intact"
                                                      : "not-intact");
    add_int(object, "pages", known ? (int64_t)verify->pages : -1);
    add_int(object, "bad_pages", known ? (int64_t)verify->bad_pages : -1);
    add_int(object, "lost_writes", known ? (int64_t)verify->lost_writes : -1);
    add_int(object, "heartbeats", beats->n_beats);
    add_int(object, "heartbeats_lost", beats->n_lost);
    add_int(object, "heartbeats_repeated", beats->n_repeated);
    add_int(object, "beat_us", beats_median_us(beats));
    add_int(object, "jitter_us", beats_jitter_us(beats));
    add_int(object, "longest_stall_us", beats_longest_stall_us(beats));
    add_int(object, "rate_before_bytes_per_s",
            verify->n_rates_before ? (int64_t)verify->rate_before_bytes_per_s
                                   : -1);
    add_int(object, "rate_after_bytes_per_s",
            verify->n_rates_after ? (int64_t)verify->rate_after_bytes_per_s
                                  : -1);
    json_object_set_array_member(object, "write_times", writes_array(verify));
    return object;
}
