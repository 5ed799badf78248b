/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/fact.h"

#include <string.h>

#include "orchestrator/failure.h"
#include "orchestrator/outcome.h"
#include "qmp/json.h"
#include "tools/scenario/document.h"
#include "tools/scenario/private.h"

typedef gboolean TakeFact(Cursor *cursor, Expectation *fact, GError **error);
typedef char *JudgeFact(const Expectation *fact, JsonObject *result);

struct FactRow {
    const char *name, *path;
    Unit unit; /* of a number */
    TakeFact *take;
    JudgeFact *judge;
    const char *filler; /* a word that stands behind it, only to be read */
    bool has_side;      /* source or destination stands before it */
};

/* ---- words ---- */

static gboolean take_one(Cursor *cursor, Expectation *fact, const char *kind,
                         const char *const *names, GError **error)
{
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);
    if (!word) {
        return spot_fail(spot, error, "what is expected is missing");
    }
    if (names && !g_strv_contains(names, word)) {
        return spot_unknown(spot, error, kind, word, names);
    }
    fact->words = g_new0(char *, 2);
    fact->words[0] = g_steal_pointer(&word);
    return TRUE;
}

static gboolean take_outcome(Cursor *cursor, Expectation *fact, GError **error)
{
    const char *names[N_OUTCOMES + 1] = { NULL };
    for (Outcome outcome = 0; outcome < N_OUTCOMES; outcome++) {
        names[outcome] = outcome_row(outcome)->name;
    }
    return take_one(cursor, fact, "outcome", names, error);
}

static gboolean take_guest(Cursor *cursor, Expectation *fact, GError **error)
{
    static const char *const names[] = { "source", "destination", "split",
                                         "none",   "unknown",     NULL };
    return take_one(cursor, fact, "place of a guest", names, error);
}

static gboolean take_guest_state(Cursor *cursor, Expectation *fact,
                                 GError **error)
{
    return take_one(cursor, fact, NULL, NULL, error);
}

static gboolean take_memory(Cursor *cursor, Expectation *fact, GError **error)
{
    static const char *const names[] = { "intact", "not-intact", "unknown",
                                         NULL };
    return take_one(cursor, fact, "state of the memory", names, error);
}

static gboolean take_error(Cursor *cursor, Expectation *fact, GError **error)
{
    const char *names[N_FAILURES + 1] = { NULL };
    for (FailureCode code = FAILURE_NONE; code < N_FAILURES; code++) {
        names[code] = code == FAILURE_NONE ? "none" : failure_row(code)->word;
    }
    return take_one(cursor, fact, "code of docs/errors.rst", names, error);
}

static char *judge_word(const Expectation *fact, JsonObject *result)
{
    const char *found = document_string(result, fact->row->path);
    return strcmp(found, fact->words[0]) == 0
               ? NULL
               : g_strdup_printf("it is %s", found);
}

/* ---- words without a value ---- */

static gboolean take_phrase(Cursor *cursor, Expectation *fact, GError **error)
{
    return TRUE;
}

/* "heartbeat whole": each came, once. */
static char *judge_heartbeat(const Expectation *fact, JsonObject *result)
{
    double lost = 0, repeated = 0;
    if (!document_number(result, "verify.heartbeats_lost", &lost) ||
        !document_number(result, "verify.heartbeats_repeated", &repeated)) {
        return g_strdup("the guest was not asked");
    }
    return lost + repeated == 0
               ? NULL
               : g_strdup_printf("%.0f are lost, %.0f came twice", lost,
                                 repeated);
}

static char *judge_settings(const Expectation *fact, JsonObject *result)
{
    const char *found = document_string(result, "script.changed");
    return strcmp(found, "none") == 0
               ? NULL
               : g_strdup_printf("they differ: %s", found);
}

/* ---- statuses ---- */

static gboolean take_statuses(Cursor *cursor, Expectation *fact, GError **error)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    fact->is_exact = cursor_accept(cursor, "exactly");
    do {
        g_autofree char *word = NULL;
        if (!status_parse(cursor, &word, error)) {
            return FALSE;
        }
        g_strv_builder_add(words, word);
    } while (!cursor_is_at_end(cursor));
    fact->words = g_strv_builder_end(words);
    return TRUE;
}

static char *join_array(JsonArray *array)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        g_string_append_printf(text, "%s%s", i ? " " : "",
                               json_array_get_string_element(array, i));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *judge_statuses(const Expectation *fact, JsonObject *result)
{
    g_autofree char *path =
        g_strdup_printf("script.statuses.%s", side_name(fact->side));
    JsonNode *node = document_find(result, path);
    JsonArray *array =
        node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint n = array ? json_array_get_length(array) : 0, at = 0;

    for (guint i = 0; i < n && fact->words[at]; i++) {
        bool is_it = strcmp(json_array_get_string_element(array, i),
                            fact->words[at]) == 0;
        at += is_it;
        if (!is_it && fact->is_exact) {
            break;
        }
    }
    if (!fact->words[at] && (!fact->is_exact || n == at)) {
        return NULL;
    }
    g_autofree char *all = join_array(array);
    return g_strdup_printf("they were: %s", *all ? all : "none");
}

/* ---- numbers ---- */

static gboolean take_number(Cursor *cursor, Expectation *fact, GError **error)
{
    return compare_parse(cursor, &fact->compare, error) &&
           cursor_quantity(cursor, fact->row->unit, &fact->number, error);
}

char *fact_text(double value, Unit unit)
{
    if (unit == UNIT_MICROSECONDS && value >= 10 * 1000) {
        return value >= 10 * G_USEC_PER_SEC
                   ? g_strdup_printf("%.1f s", value / G_USEC_PER_SEC)
                   : g_strdup_printf("%.0f ms", value / 1000);
    }
    return unit == UNIT_NONE ? g_strdup_printf("%g", value)
                             : unit_format((uint64_t)MAX(value, 0), unit);
}

static char *judge_number(const Expectation *fact, JsonObject *result)
{
    double found = 0;
    if (!document_number(result, fact->row->path, &found)) {
        return g_strdup("it is not known");
    }
    if (compare_holds(fact->compare, found, fact->number)) {
        return NULL;
    }
    g_autofree char *text = fact_text(found, fact->row->unit);
    return g_strdup_printf("it is %s", text);
}

/* ---- the table ---- */

#define NUMBER(name, path, unit)                                               \
    {                                                                          \
        name, path, unit, take_number, judge_number                            \
    }
/* clang-format off */
static const FactRow rows[] = {
    { "outcome", "outcome", UNIT_NONE, take_outcome, judge_word },
    { "guest", "guest", UNIT_NONE, take_guest, judge_word },
    { "guest-state", "guest_state", UNIT_NONE, take_guest_state, judge_word },
    { "memory", "verify.memory", UNIT_NONE, take_memory, judge_word },
    { "error", "error.code", UNIT_NONE, take_error, judge_word },
    { "heartbeat", NULL, UNIT_NONE, take_phrase, judge_heartbeat, "whole" },
    { "settings", NULL, UNIT_NONE, take_phrase, judge_settings, "back" },
    { "statuses", NULL, UNIT_NONE, take_statuses, judge_statuses, NULL, true },
    NUMBER("exit", "exit_code", UNIT_NONE),
    NUMBER("passes", "passes", UNIT_NONE),
    NUMBER("refused", "script.refused", UNIT_NONE),
    NUMBER("migrations", "script.migrations", UNIT_NONE),
    NUMBER("total", "time_us.total", UNIT_MICROSECONDS),
    NUMBER("setup", "time_us.setup", UNIT_MICROSECONDS),
    NUMBER("precopy", "time_us.precopy", UNIT_MICROSECONDS),
    NUMBER("switchover", "time_us.switchover", UNIT_MICROSECONDS),
    NUMBER("postcopy", "time_us.postcopy", UNIT_MICROSECONDS),
    NUMBER("downtime.qemu", "downtime_us.qemu", UNIT_MICROSECONDS),
    NUMBER("downtime.events", "downtime_us.events", UNIT_MICROSECONDS),
    NUMBER("downtime.guest", "downtime_us.guest", UNIT_MICROSECONDS),
    NUMBER("downtime.limit", "downtime_us.limit", UNIT_MICROSECONDS),
    NUMBER("stall", "verify.longest_stall_us", UNIT_MICROSECONDS),
    NUMBER("bandwidth", "bandwidth", UNIT_BYTES_PER_SECOND),
    NUMBER("dirty-rate", "verify.rate_before_bytes_per_s", UNIT_BYTES_PER_SECOND),
    NUMBER("sent", "bytes.transferred", UNIT_BYTES),
    NUMBER("mended", "postcopy.mended", UNIT_NONE),
    NUMBER("multifd-channels", "features.multifd_channels", UNIT_NONE),
    NUMBER("xbzrle-pages", "features.xbzrle_pages", UNIT_NONE),
    NUMBER("throttle", "features.throttle_percent", UNIT_PERCENT),
    NUMBER("compression", "features.compression_ratio", UNIT_NONE),
    NUMBER("postcopy-requests", "features.postcopy_requests", UNIT_NONE),
};
/* clang-format on */

const char *const *fact_number_names(void)
{
    static const char *names[G_N_ELEMENTS(rows) + 1];
    guint n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].judge == judge_number) {
            names[n++] = rows[i].name;
        }
    }
    return names;
}

static const FactRow *row_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

bool fact_number(const char *name, JsonObject *result, double *ret, Unit *unit)
{
    const FactRow *row = row_of(name);
    if (!row || row->judge != judge_number) {
        return false;
    }
    *unit = row->unit;
    return document_number(result, row->path, ret);
}

static gboolean take_filler(Cursor *cursor, const FactRow *row, GError **error)
{
    Spot spot = cursor_spot(cursor);
    return !row->filler || cursor_accept(cursor, row->filler)
               ? TRUE
               : spot_fail(spot, error, "'%s' needs '%s' behind it", row->name,
                           row->filler);
}

static gboolean take_fact(Cursor *cursor, Expectation *fact, GError **error)
{
    const char *names[G_N_ELEMENTS(rows) + 1] = { NULL };
    gboolean has_side = side_accept(cursor, &fact->side);
    Spot spot = cursor_spot(cursor);
    g_autofree char *word = cursor_word(cursor);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        names[i] = rows[i].name;
    }
    fact->row = word ? row_of(word) : NULL;
    if (!fact->row) {
        return spot_unknown(spot, error, "fact", word ? word : "", names);
    }
    if (has_side != fact->row->has_side) {
        return spot_fail(spot, error,
                         has_side ? "'%s' is not of one side"
                                  : "'%s' needs source or destination before "
                                    "it",
                         word);
    }
    return take_filler(cursor, fact->row, error) &&
           fact->row->take(cursor, fact, error) && cursor_finish(cursor, error);
}

Expectation *expectation_parse(Cursor *cursor, GError **error)
{
    Expectation *fact = g_new0(Expectation, 1);

    fact->spot = cursor_spot(cursor);
    fact->text = g_strchomp(g_strndup(cursor->at, cursor->end - cursor->at));
    if (!take_fact(cursor, fact, error)) {
        expectation_free(fact);
        return NULL;
    }
    return fact;
}

char *expectation_judge(const Expectation *expectation, JsonObject *result)
{
    return expectation->row->judge(expectation, result);
}

bool expectations_have(const GPtrArray *expectations, const char *name)
{
    for (guint i = 0; i < expectations->len; i++) {
        const Expectation *one = expectations->pdata[i];
        if (strcmp(one->row->name, name) == 0) {
            return true;
        }
    }
    return false;
}
