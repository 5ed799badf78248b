/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/simulate/simulated.h"

#include "orchestrator/decision.h"

static JsonObject *begin(const char *what)
{
    JsonObject *document = json_object_new();
    json_object_set_string_member(document, "schema", "qmigrate.simulation/1");
    json_object_set_string_member(document, "qmigrate", QMIGRATE_VERSION);
    json_object_set_string_member(document, "of", what);
    return document;
}

static JsonNode *end(JsonObject *document)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, document);
    return node;
}

static void add_us(JsonObject *object, const char *name, uint64_t us)
{
    if (us > 0) {
        json_object_set_int_member(object, name, (int64_t)us);
    } else {
        json_object_set_null_member(object, name);
    }
}

static JsonObject *scene_object(const Scene *scene)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "memory_bytes", scene->memory_bytes);
    json_object_set_int_member(object, "dirty_bytes_per_s",
                               scene->dirty_bytes_per_s);
    json_object_set_int_member(object, "working_set_bytes",
                               scene->working_set_bytes);
    json_object_set_double_member(object, "busy", scene->busy);
    json_object_set_string_member(object, "pattern",
                                  scene_pattern_name(scene->pattern));
    json_object_set_int_member(object, "bandwidth_bytes_per_s",
                               scene->bandwidth_bytes_per_s);
    json_object_set_int_member(object, "fault_us", scene->fault_us);
    add_us(object, "max_downtime_us", scene->terms.max_downtime_us);
    add_us(object, "timeout_us", scene->terms.timeout_us);
    json_object_set_boolean_member(object, "postcopy",
                                   scene->terms.has_postcopy);
    return object;
}

static void add_result(JsonObject *object, const ModelResult *result)
{
    json_object_set_string_member(object, "outcome",
                                  scene_end_name(result->end));
    json_object_set_int_member(object, "total_us", result->total_us);
    if (scene_has_migrated(result)) {
        json_object_set_int_member(object, "downtime_us", result->downtime_us);
    } else {
        json_object_set_null_member(object, "downtime_us");
    }
    json_object_set_int_member(object, "sent_bytes", result->sent_bytes);
    json_object_set_int_member(object, "passes", result->passes);
    json_object_set_int_member(object, "lost_us", result->lost_us);
    json_object_set_double_member(object, "slowdown", scene_slowdown(result));
}

/* What a plot needs: the course of what is left, and of what is allowed. */
static JsonObject *sample_object(const Said *said)
{
    const PolicyInputs *inputs = &said->verdict.inputs;
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "time_us", inputs->time_us);
    json_object_set_int_member(object, "pass", inputs->pass);
    json_object_set_int_member(object, "remaining_bytes",
                               inputs->remaining_bytes);
    json_object_set_int_member(object, "bandwidth_bytes_per_s",
                               MAX(inputs->bandwidth_bytes_per_s, 0));
    json_object_set_int_member(object, "downtime_limit_us",
                               inputs->downtime_limit_us);
    json_object_set_int_member(object, "throttle_percent",
                               MAX(inputs->throttle_percent, 0));
    return object;
}

static JsonObject *play_object(const Play *play)
{
    JsonObject *object = json_object_new();
    JsonArray *decisions = json_array_new(), *samples = json_array_new();
    for (guint i = 0; i < play->said->len; i++) {
        const Said *said = &g_array_index(play->said, Said, i);
        json_array_add_object_element(samples, sample_object(said));
        if (said->verdict.action != POLICY_WAIT) {
            json_array_add_object_element(decisions,
                                          decision_to_json(&said->verdict));
        }
    }
    json_object_set_string_member(object, "policy",
                                  policy_spec_name(play->policy));
    json_object_set_array_member(object, "decisions", decisions);
    json_object_set_array_member(object, "samples", samples);
    return object;
}

JsonNode *simulated_model(const Scene *scene, const GPtrArray *plays)
{
    JsonObject *document = begin("model");
    JsonArray *array = json_array_new();
    for (guint i = 0; i < plays->len; i++) {
        const Play *play = plays->pdata[i];
        JsonObject *object = play_object(play);
        add_result(object, &play->result);
        json_array_add_object_element(array, object);
    }
    json_object_set_object_member(document, "scene", scene_object(scene));
    json_object_set_array_member(document, "runs", array);
    return end(document);
}

static JsonObject *recorded_object(const Recorded *recorded,
                                   const GPtrArray *plays)
{
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();
    for (guint i = 0; i < plays->len; i++) {
        json_array_add_object_element(array, play_object(plays->pdata[i]));
    }
    json_object_set_int_member(object, "samples", recorded->samples->len);
    json_object_set_string_member(object, "phase",
                                  recorded->phase ? recorded->phase : "");
    if (recorded->why) {
        json_object_set_string_member(object, "why", recorded->why);
    } else {
        json_object_set_null_member(object, "why");
    }
    add_us(object, "total_us", recorded->end_us);
    json_object_set_array_member(object, "runs", array);
    return object;
}

JsonNode *simulated_trace(const GPtrArray *recorded, const GPtrArray *all)
{
    JsonObject *document = begin("trace");
    JsonArray *array = json_array_new();
    for (guint i = 0; i < recorded->len; i++) {
        json_array_add_object_element(
            array, recorded_object(recorded->pdata[i], all->pdata[i]));
    }
    json_object_set_array_member(document, "migrations", array);
    return end(document);
}

static JsonObject *cell_object(const Cell *cell, guint n_policies)
{
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();
    for (guint i = 0; i < n_policies; i++) {
        const Run *run = &cell->runs[i];
        JsonObject *row = json_object_new();
        json_object_set_string_member(row, "policy",
                                      policy_spec_name(policy_spec_at(i)));
        json_object_set_boolean_member(row, "kept", run->kept);
        add_result(row, &run->result);
        json_array_add_object_element(array, row);
    }
    json_object_set_string_member(object, "name", cell->name);
    json_object_set_object_member(object, "scene", scene_object(&cell->scene));
    json_object_set_array_member(object, "runs", array);
    return object;
}

static JsonObject *figures_object(const Figures *figures)
{
    JsonObject *object = json_object_new();
    json_object_set_boolean_member(object, "hold", figures_hold(figures));
    json_object_set_int_member(object, "missed", figures->missed->len);
    json_object_set_int_member(object, "compared", figures->n_compared);
    json_object_set_double_member(object, "near_share", figures->near_share);
    json_object_set_double_member(object, "ratio_worst", figures->ratio_worst);
    json_object_set_double_member(object, "slowdown_over",
                                  figures->slowdown_over);
    json_object_set_double_member(object, "slowdown_ratio",
                                  figures->slowdown_ratio);
    json_object_set_double_member(object, "slowdown_over_all",
                                  figures->slowdown_over_all);
    json_object_set_int_member(object, "torn", figures->n_torn);
    return object;
}

JsonNode *simulated_grid(const Cells *cells)
{
    JsonObject *document = begin("grid");
    JsonArray *array = json_array_new();
    g_auto(Figures) figures =
        cells_figures(cells, cells_policy(POLICY_DEFAULT));
    for (guint i = 0; i < cells->cells->len; i++) {
        json_array_add_object_element(
            array, cell_object(cells->cells->pdata[i], cells->n_policies));
    }
    json_object_set_object_member(document, "figures",
                                  figures_object(&figures));
    json_object_set_array_member(document, "cells", array);
    return end(document);
}
