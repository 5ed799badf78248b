/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/simulate/recorded.h"

#include <string.h>

#include "qmp/json.h"
#include "qmp/parser.h"

typedef struct {
    GPtrArray *all;     /* of Recorded */
    Recorded *recorded; /* the last of them */
    int64_t migrate_us; /* 0: not sent yet */
    bool is_over;       /* the guest is stopped */
} Reader;

static void recorded_free(Recorded *recorded)
{
    g_array_unref(recorded->samples);
    g_free(recorded->phase);
    g_free(recorded->why);
    g_free(recorded);
}

static void begin(Reader *reader)
{
    Recorded *recorded = g_new0(Recorded, 1);
    recorded->samples = g_array_new(FALSE, FALSE, sizeof(Sample));
    g_ptr_array_add(reader->all, recorded);
    reader->recorded = recorded;
    reader->migrate_us = 0;
    reader->is_over = false;
}

static bool is(JsonObject *line, const char *member, const char *value)
{
    return g_strcmp0(qmp_json_string(line, member), value) == 0;
}

/* The guest is stopped, or runs on without all of its memory. */
static bool is_under_way(const char *phase)
{
    static const char *const phases[] = { "transfer", "switchover", "postcopy",
                                          "recover",  "load",       NULL };
    return phase && g_strv_contains(phases, phase);
}

static void take_phase(Reader *reader, JsonObject *line, int64_t time_us)
{
    Recorded *recorded = reader->recorded;
    const char *phase = qmp_json_string(line, "to");
    const char *why = qmp_json_string(line, "why");
    g_free(recorded->phase);
    recorded->phase = g_strdup(phase);
    if (why) {
        g_free(recorded->why);
        recorded->why = g_strdup(why);
    }
    if (g_strcmp0(phase, "transfer") == 0) {
        reader->migrate_us = time_us;
    } else if (reader->migrate_us > 0) {
        reader->is_over = true;
        if (recorded->end_us == 0 && !is_under_way(phase)) {
            recorded->end_us = time_us - reader->migrate_us;
        }
    }
}

static void take_sample(Reader *reader, JsonObject *line, int64_t time_us)
{
    JsonObject *value = qmp_json_object(line, "value");
    if (reader->migrate_us == 0 || reader->is_over || !value ||
        !is(value, "status", "active") || !qmp_json_object(value, "ram")) {
        return;
    }
    Sample sample = sample_from_query_migrate(
        json_object_get_member(line, "value"), time_us - reader->migrate_us);
    g_array_append_val(reader->recorded->samples, sample);
}

static void take_event(Reader *reader, JsonObject *line, int64_t time_us)
{
    if (is(line, "event", "start")) {
        begin(reader);
    }
    if (!reader->recorded || !is(line, "event", "reply") ||
        !is(line, "side", "source")) {
        return;
    }
    JsonObject *value = qmp_json_object(line, "value");
    uint64_t limit_ms;
    if (is(line, "ask", "query-migrate")) {
        take_sample(reader, line, time_us);
    } else if (is(line, "ask", "query-migrate-parameters") && value &&
               reader->recorded->qemu_downtime_us == 0 &&
               qmp_json_size(value, "downtime-limit", &limit_ms) &&
               limit_ms <= G_MAXUINT32) {
        reader->recorded->qemu_downtime_us = limit_ms * 1000;
    }
}

static void take_line(Reader *reader, JsonObject *line)
{
    int64_t time_us = 0;
    qmp_json_int64(line, "time_us", &time_us);
    if (is(line, "kind", "event")) {
        take_event(reader, line, time_us);
    } else if (is(line, "kind", "phase") && reader->recorded) {
        take_phase(reader, line, time_us);
    }
}

static gboolean refuse(const char *path, const char *why, GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "%s %s; a trace is what --trace of run or lab writes", path,
                why);
    return FALSE;
}

static bool has_samples(const Reader *reader)
{
    for (guint i = 0; i < reader->all->len; i++) {
        const Recorded *recorded = reader->all->pdata[i];
        if (recorded->samples->len > 0) {
            return true;
        }
    }
    return false;
}

static gboolean read_lines(Reader *reader, const char *path, const char *text,
                           GError **error)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        g_autoptr(JsonObject) line =
            n > 0 ? qmp_parse_object(text, n, NULL) : NULL;
        bool is_last = text[n] == '\0';
        if (line) {
            take_line(reader, line);
        } else if (n > 0 && !is_last) { /* the last one may have been cut */
            return refuse(path, "has a line that is no JSON object", error);
        }
        text += n + !is_last;
    }
    if (reader->all->len == 0) {
        return refuse(path, "has no migration in it", error);
    }
    return has_samples(reader) ||
           refuse(path,
                  "has nothing to judge in it: no sample of a migration "
                  "that sends memory",
                  error);
}

GPtrArray *recorded_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    Reader reader = { .all = g_ptr_array_new_with_free_func(
                          (GDestroyNotify)recorded_free) };
    if (!g_file_get_contents(path, &text, NULL, error) ||
        !read_lines(&reader, path, text, error)) {
        g_ptr_array_unref(reader.all);
        return NULL;
    }
    return reader.all;
}
