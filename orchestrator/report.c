/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/report.h"

#include "orchestrator/decision.h"
#include "orchestrator/effect.h"
#include "orchestrator/saturate.h"
#include "orchestrator/secure.h"
#include "orchestrator/preflight.h"
#include "orchestrator/rehearse.h"
#include "orchestrator/report-guest.h"
#include "orchestrator/report-postcopy.h"
#include "qmp/json.h"

/* -1 is how the rest of the program says "not known". */
static void add_int(JsonObject *object, const char *name, int64_t value)
{
    if (value < 0) {
        json_object_set_null_member(object, name);
    } else {
        json_object_set_int_member(object, name, value);
    }
}

static void add_string(JsonObject *object, const char *name, const char *value)
{
    if (value) {
        json_object_set_string_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
}

static void add_object(JsonObject *object, const char *name, JsonObject *value)
{
    if (value) {
        json_object_set_object_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
}

static int64_t span_us(int64_t from_us, int64_t to_us)
{
    return from_us > 0 && to_us >= from_us ? to_us - from_us : -1;
}

int64_t report_events_downtime_us(const Migration *m)
{
    return span_us(m->facts[SIDE_SOURCE].stop_us,
                   m->facts[SIDE_DESTINATION].resume_us);
}

int64_t report_handover_us(const Migration *m)
{
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    if (destination->resume_us > 0 && destination->completed_us > 0 &&
        destination->resume_us <= destination->completed_us) {
        return 0;
    }
    return span_us(destination->completed_us, destination->resume_us);
}

JsonObject *report_error(const Failure *failure)
{
    if (failure->code == FAILURE_NONE) {
        return NULL;
    }
    JsonObject *error = json_object_new();
    JsonObject *qemu = json_object_new();
    add_string(error, "code", failure_row(failure->code)->word);
    add_string(error, "phase", failure->phase);
    add_string(error, "side",
               failure->has_side ? side_name(failure->side) : NULL);
    add_string(error, "message", failure->message);
    add_string(error, "hint", failure_hint(failure));
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        add_string(qemu, side_name(side), failure->qemu_text[side]);
    }
    json_object_set_object_member(error, "qemu", qemu);
    add_string(error, "first",
               failure->has_first ? side_name(failure->first) : NULL);
    add_int(error, "lead_us", failure->has_first ? failure->lead_us : -1);
    return error;
}

static void add_ways(JsonObject *requested, const MigrationSettings *settings)
{
    add_string(requested, "uri", settings->uri);
    add_string(requested, "source_uri", settings->way_uri);
    json_object_set_boolean_member(requested, "channels",
                                   settings->as_channels);
    json_object_set_boolean_member(requested, "live", settings->is_live);
    add_int(requested, "link_bits_per_s",
            settings->link_bits_per_s ? (int64_t)settings->link_bits_per_s
                                      : -1);
}

/* What mends a post-copy steers nothing. */
static const char *policy_word(const MigrationSettings *settings)
{
    return settings->policy && !settings->recover_only
               ? policy_spec_name(settings->policy)
               : NULL;
}

JsonObject *report_requested(const MigrationSettings *settings)
{
    JsonObject *requested = json_object_new();
    JsonObject *capabilities = json_object_new();
    JsonObject *parameters = json_object_new();
    JsonObject *features = json_object_new();

    for (guint i = 0; settings->wishes && i < settings->wishes->len; i++) {
        const CapsWish *wish = settings->wishes->pdata[i];
        if (wish->value) {
            json_object_set_string_member(parameters, wish->name, wish->value);
        } else {
            json_object_set_boolean_member(capabilities, wish->name, wish->on);
        }
    }
    for (guint i = 0; settings->features && i < settings->features->len; i++) {
        const CapsFeatureWish *wish = settings->features->pdata[i];
        add_string(features, wish->feature->option,
                   wish->value ? wish->value : "");
    }
    add_ways(requested, settings);
    json_object_set_object_member(requested, "features", features);
    add_object(requested, "tls", secure_to_json(settings));
    add_int(requested, "timeout_us",
            settings->timeout_us ? (int64_t)settings->timeout_us : -1);
    add_string(requested, "policy", policy_word(settings));
    add_int(requested, "max_downtime_us",
            settings->terms.max_downtime_us
                ? (int64_t)settings->terms.max_downtime_us
                : -1);
    add_string(requested, "on_stall", on_stall_name(settings->terms.on_stall));
    add_int(requested, "postcopy_after_passes",
            settings->terms.postcopy_after_passes
                ? (int64_t)settings->terms.postcopy_after_passes
                : -1);
    add_string(requested, "destination_host", settings->destination_host);
    json_object_set_boolean_member(requested, "destination_is_dead",
                                   settings->destination_is_dead);
    json_object_set_boolean_member(requested, "no_preflight",
                                   settings->no_preflight);
    json_object_set_boolean_member(requested, "recover_only",
                                   settings->recover_only);
    add_string(requested, "recover_uri", settings->recover_uri);
    add_int(requested, "recover_attempts",
            settings->recover_attempts ? (int64_t)settings->recover_attempts
                                       : -1);
    add_int(requested, "recover_timeout_us",
            settings->recover_timeout_us ? (int64_t)settings->recover_timeout_us
                                         : -1);
    add_int(requested, "postcopy_stall_us",
            settings->postcopy_stall_us ? (int64_t)settings->postcopy_stall_us
                                        : -1);
    json_object_set_object_member(requested, "capabilities", capabilities);
    json_object_set_object_member(requested, "parameters", parameters);
    return requested;
}

static JsonObject *effective_object(const CapsInventory *inventory)
{
    if (!inventory->capabilities) {
        return NULL;
    }
    JsonObject *effective = json_object_new();
    JsonObject *capabilities = json_object_new();
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(inventory->capabilities),
                    (GCompareFunc)g_strcmp0);
    for (GList *at = names; at; at = at->next) {
        json_object_set_boolean_member(
            capabilities, at->data, caps_inventory_is_on(inventory, at->data));
    }
    json_object_set_object_member(effective, "capabilities", capabilities);
    add_object(effective, "parameters",
               inventory->parameters ? json_object_ref(inventory->parameters)
                                     : NULL);
    return effective;
}

/* When each part of a migration began; a recovery has not seen it. */
static void add_parts(JsonObject *time, const Migration *m, int64_t end_us)
{
    bool is_seen = !m->settings->recover_only;
    int64_t migrate_us = is_seen ? m->migrate_us : 0;
    int64_t switchover_us = is_seen ? m->switchover_us : 0;
    int64_t postcopy_us = is_seen ? m->postcopy_us : 0;
    add_int(time, "setup", span_us(migrate_us, m->active_us));
    add_int(time, "precopy",
            span_us(migrate_us, switchover_us ? switchover_us : end_us));
    add_int(time, "switchover",
            span_us(switchover_us, postcopy_us ? postcopy_us : end_us));
    add_int(time, "postcopy", span_us(postcopy_us, end_us));
    add_int(time, "prepare", span_us(is_seen ? m->start_us : 0, migrate_us));
}

static JsonObject *time_object(const Migration *m)
{
    JsonObject *time = json_object_new();
    int64_t end_us = m->settled_us ? m->settled_us : m->end_us;
    add_parts(time, m, end_us);
    add_int(time, "total", span_us(m->migrate_us, end_us));
    add_int(time, "qemu_total", m->sample.total_us);
    return time;
}

static JsonArray *passes_array(const Migration *m)
{
    JsonArray *passes = json_array_new();
    for (guint i = 0; i < m->passes->len; i++) {
        const Sample *sample = &g_array_index(m->passes, Sample, i);
        JsonObject *pass = json_object_new();
        add_int(pass, "pass", sample->pass);
        add_int(pass, "time_us", sample->time_us);
        add_int(pass, "remaining_bytes", sample->remaining_bytes);
        add_int(pass, "transferred_bytes", sample->transferred_bytes);
        add_int(pass, "dirty_bytes_per_s", sample->dirty_bytes_per_s);
        add_int(pass, "sent_bytes_per_s", sample->sent_bytes_per_s);
        add_int(pass, "expected_downtime_us", sample->expected_downtime_us);
        json_array_add_object_element(passes, pass);
    }
    return passes;
}

static JsonObject *downtime_object(const Migration *m,
                                   int64_t guest_downtime_us)
{
    JsonObject *downtime = json_object_new();
    JsonObject *parameters = m->inventories[SIDE_SOURCE].parameters;
    int64_t limit_ms = -1;
    qmp_json_int64(parameters, "downtime-limit", &limit_ms);
    add_int(downtime, "limit",
            limit_ms < 0 ? -1 : saturate_us_from_ms(limit_ms));
    add_int(downtime, "qemu", m->sample.downtime_us);
    add_int(downtime, "events", report_events_downtime_us(m));
    add_int(downtime, "guest", guest_downtime_us);
    add_int(downtime, "handover", report_handover_us(m));
    return downtime;
}

static JsonObject *bytes_object(const Sample *sample)
{
    JsonObject *bytes = json_object_new();
    add_int(bytes, "ram_total", sample->total_bytes);
    add_int(bytes, "transferred", sample->transferred_bytes);
    add_int(bytes, "remaining", sample->remaining_bytes);
    add_int(bytes, "normal",
            sample->normal_pages >= 0 && sample->page_bytes > 0
                ? saturate_multiply(sample->normal_pages, sample->page_bytes)
                : -1);
    add_int(bytes, "zero",
            sample->zero_pages >= 0 && sample->page_bytes > 0
                ? saturate_multiply(sample->zero_pages, sample->page_bytes)
                : -1);
    add_int(bytes, "precopy", sample->precopy_bytes);
    add_int(bytes, "downtime", sample->downtime_bytes);
    add_int(bytes, "postcopy", sample->postcopy_bytes);
    add_int(bytes, "multifd", sample->multifd_bytes);
    return bytes;
}

static void add_double(JsonObject *object, const char *name, double value)
{
    if (value < 0) {
        json_object_set_null_member(object, name);
    } else {
        json_object_set_double_member(object, name, value);
    }
}

static JsonArray *effects_array(const Migration *m)
{
    g_autoptr(GPtrArray) effects = effects_of(m);
    JsonArray *array = json_array_new();
    for (guint i = 0; i < effects->len; i++) {
        const Effect *effect = effects->pdata[i];
        JsonObject *row = json_object_new();
        add_string(row, "name", effect->name);
        add_string(row, "worked", effect_verdict_name(effect->verdict));
        add_string(row, "text", effect->text);
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonObject *features_object(const Migration *m)
{
    JsonObject *features = json_object_new();
    add_int(features, "zero_copy_fallbacks", effect_zero_copy_fallbacks(m));
    add_int(features, "multifd_channels", m->n_channels);
    add_double(features, "compression_ratio", effect_compression_ratio(m));
    add_int(features, "xbzrle_pages", m->sample.xbzrle_pages);
    add_int(features, "xbzrle_bytes", m->sample.xbzrle_bytes);
    add_int(features, "xbzrle_cache_misses", m->sample.xbzrle_cache_misses);
    add_int(features, "throttle_percent", m->throttle_max_percent);
    add_int(features, "dirty_limit_us", m->dirty_limit_max_us);
    add_int(features, "postcopy_requests", m->sample.postcopy_requests);
    json_object_set_array_member(features, "wishes", effects_array(m));
    return features;
}

const char *report_hint(const Finding *finding)
{
    return finding->hint || finding->severity != FINDING_ERROR
               ? finding->hint
               : failure_row(preflight_failure(finding->code))->hint;
}

JsonArray *report_findings(const GPtrArray *findings)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        JsonObject *row = json_object_new();
        add_string(row, "severity", severity_name(finding->severity));
        add_string(row, "code", finding->word);
        add_string(row, "side",
                   finding->side < N_SIDES ? side_name(finding->side) : NULL);
        add_string(row, "text", finding->text);
        add_string(row, "hint", report_hint(finding));
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonArray *decisions_array(const Migration *m)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < m->decisions->len; i++) {
        json_array_add_object_element(
            array, decision_to_json(&g_array_index(m->decisions, Verdict, i)));
    }
    return array;
}

static JsonArray *notes_array(const Migration *m)
{
    JsonArray *notes = json_array_new();
    for (guint i = 0; i < m->notes->len; i++) {
        json_array_add_string_element(notes, m->notes->pdata[i]);
    }
    return notes;
}

/* As given, with the address that was chosen. */
static JsonObject *requested(const Migration *m)
{
    JsonObject *object = report_requested(m->settings);
    if (m->uri) {
        add_string(object, "uri", m->uri);
    }
    add_string(object, "uri_reason", m->uri_reason);
    return object;
}

static void add_migration(JsonObject *result, const Migration *m,
                          int64_t guest_downtime_us)
{
    JsonObject *effective = json_object_new();
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        add_object(effective, side_name(side),
                   effective_object(&m->inventories[side]));
    }
    json_object_set_object_member(result, "requested", requested(m));
    json_object_set_object_member(result, "effective", effective);
    add_string(result, "policy",
               m->policy ? policy_spec_name(m->settings->policy) : "qemu");
    json_object_set_array_member(result, "decisions", decisions_array(m));
    json_object_set_object_member(result, "time_us", time_object(m));
    json_object_set_array_member(result, "passes", passes_array(m));
    json_object_set_object_member(result, "downtime_us",
                                  downtime_object(m, guest_downtime_us));
    json_object_set_object_member(result, "bytes", bytes_object(&m->sample));
    json_object_set_object_member(result, "features", features_object(m));
    add_object(result, "postcopy", report_postcopy(m));
    json_object_set_array_member(result, "findings",
                                 report_findings(m->findings));
    json_object_set_array_member(result, "notes", notes_array(m));
}

static void add_no_migration(JsonObject *result)
{
    static const char *const members[] = {
        "requested", "effective", "policy",      "decisions",
        "time_us",   "passes",    "downtime_us", "bytes",
        "features",  "postcopy",  "findings",    "notes",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        json_object_set_null_member(result, members[i]);
    }
}

static JsonObject *versions_object(const char *const version[])
{
    JsonObject *versions = json_object_new();
    add_string(versions, "qmigrate", QMIGRATE_VERSION);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        add_string(versions, side_name(side), version[side]);
    }
    return versions;
}

/* Takes @object over. */
static JsonNode *to_node(JsonObject *object)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

JsonNode *report_result(Outcome outcome, const Failure *failure,
                        const Migration *m, const ReportExtras *extras)
{
    const OutcomeRow *row = outcome_row(outcome);
    const char *guest = extras->no_guest ? "none" : report_guest(outcome, m);
    g_autofree char *text = report_text(outcome, failure, guest, m);
    JsonObject *result = json_object_new();

    add_string(result, "schema", "qmigrate.result/1");
    add_string(result, "outcome", row->name);
    add_int(result, "exit_code", row->exit_code);
    add_string(result, "guest", guest);
    add_string(result, "guest_state", report_guest_state(guest, m));
    add_string(result, "text", text);
    add_object(result, "error", report_error(failure));
    if (m) {
        add_migration(result, m, extras->guest_downtime_us);
    } else {
        add_no_migration(result);
    }
    add_object(result, "prediction",
               extras->prediction ? json_object_ref(extras->prediction) : NULL);
    add_object(result, "verify",
               extras->verify ? json_object_ref(extras->verify) : NULL);
    add_object(result, "host",
               extras->host ? json_object_ref(extras->host) : NULL);
    add_object(result, "lab",
               extras->lab ? json_object_ref(extras->lab) : NULL);
    if (extras->script) {
        add_object(result, "script", json_object_ref(extras->script));
    }
    json_object_set_object_member(result, "versions",
                                  versions_object(extras->version));
    return to_node(result);
}

JsonNode *report_check(const Migration *m, const char *const version[N_SIDES])
{
    JsonObject *check = json_object_new();
    add_string(check, "schema", "qmigrate.check/1");
    json_object_set_boolean_member(check, "ok",
                                   !findings_first(m->findings, FINDING_ERROR));
    json_object_set_array_member(check, "findings",
                                 report_findings(m->findings));
    json_object_set_object_member(check, "requested", requested(m));
    json_object_set_object_member(check, "versions", versions_object(version));
    return to_node(check);
}

/* As it goes over the wire, but for its id. */
static JsonObject *message_object(const QmpCommand *command)
{
    JsonObject *message = json_object_new();
    add_string(message, "execute", command->name);
    if (command->arguments) {
        json_object_set_object_member(message, "arguments",
                                      json_object_ref(command->arguments));
    }
    return message;
}

JsonNode *report_plan(const GPtrArray *commands, const GPtrArray *findings)
{
    JsonObject *plan = json_object_new();
    JsonArray *array = json_array_new();
    for (guint i = 0; commands && i < commands->len; i++) {
        const RehearsedCommand *command = commands->pdata[i];
        JsonObject *row = json_object_new();
        add_string(row, "side", side_name(command->side));
        json_object_set_object_member(row, "message",
                                      message_object(command->command));
        json_array_add_object_element(array, row);
    }
    add_string(plan, "schema", "qmigrate.plan/1");
    json_object_set_array_member(plan, "commands", array);
    json_object_set_array_member(plan, "findings", report_findings(findings));
    return to_node(plan);
}

JsonNode *report_results(GPtrArray *runs)
{
    JsonObject *results = json_object_new();
    JsonArray *array = json_array_new();
    add_string(results, "schema", "qmigrate.results/1");
    for (guint i = 0; i < runs->len; i++) {
        json_array_add_element(array, json_node_copy(runs->pdata[i]));
    }
    json_object_set_array_member(results, "runs", array);
    return to_node(results);
}
