/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The forecast as documents show it, and beside what became of it. */
#include "orchestrator/forecast-private.h"
#include "orchestrator/saturate.h"

/* *@ret_n: the passes that it was made from; 0: none has ended. */
static Prediction predict_again(const Forecast *forecast, const Migration *m,
                                guint *ret_n)
{
    g_auto(PredictSpec) spec = { 0 };
    *ret_n = forecast_correct(forecast, m, &spec);
    return *ret_n > 0 ? predict(&spec) : (Prediction){ 0 };
}

static bool was_forced(const Migration *m)
{
    for (guint i = 0; i < m->decisions->len; i++) {
        PolicyAction action = g_array_index(m->decisions, Verdict, i).action;
        if (action == POLICY_STOP || action == POLICY_POSTCOPY) {
            return true;
        }
    }
    return false;
}

static bool has_converged(const Migration *m)
{
    return m->outcome == OUTCOME_MIGRATED && !was_forced(m);
}

/* -1: it has not come to the end. */
static int64_t actual_us(const Migration *m)
{
    return m->outcome == OUTCOME_MIGRATED && m->settled_us > m->migrate_us
               ? m->settled_us - m->migrate_us
               : -1;
}

/* 0 and less: not known. */
static void add(JsonObject *object, const char *name, double value)
{
    if (value > 0) {
        json_object_set_int_member(object, name, saturate_from_double(value));
    } else {
        json_object_set_null_member(object, name);
    }
}

static const char *method_name(MeasureMethod method)
{
    static const char *const names[] = {
        [MEASURED_MEMORY] = "memory",
        [MEASURED_QEMU] = "calc-dirty-rate",
        [MEASURED_PAUSED] = "paused",
    };
    return names[method];
}

static const char *end_name(ModelEnd end)
{
    static const char *const names[N_MODEL_ENDS] = {
        [MODEL_PRECOPY] = "precopy",     [MODEL_POSTCOPY] = "postcopy",
        [MODEL_STOPPED] = "stopped",     [MODEL_ABORTED] = "aborted",
        [MODEL_TIMED_OUT] = "timed-out", [MODEL_ENDLESS] = "endless",
    };
    return names[end];
}

static JsonArray *points_array(const GArray *points)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < points->len; i++) {
        const MeasurePoint *point = &g_array_index(points, MeasurePoint, i);
        JsonObject *object = json_object_new();
        json_object_set_int_member(object, "time_us",
                                   saturate_from_double(point->seconds * 1e6));
        json_object_set_int_member(object, "bytes",
                                   saturate_from_double(point->bytes));
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *inputs_object(const Forecast *forecast)
{
    const PredictSpec *spec = &forecast->spec;
    const PolicyTerms *terms = &spec->terms;
    JsonObject *inputs = json_object_new();
    json_object_set_string_member(inputs, "method",
                                  method_name(forecast->method));
    add(inputs, "memory_bytes", spec->memory_bytes);
    if (forecast->is_first_known) {
        json_object_set_int_member(inputs, "nonzero_bytes",
                                   saturate_from_double(spec->first_bytes));
    } else {
        json_object_set_null_member(inputs, "nonzero_bytes");
    }
    json_object_set_array_member(inputs, "dirtied", points_array(spec->points));
    add(inputs, "max_bandwidth_bytes_per_s", terms->max_bandwidth_bytes_per_s);
    add(inputs, "link_bytes_per_s", spec->link_bytes_per_s);
    json_object_set_string_member(inputs, "policy",
                                  policy_spec_name(spec->policy));
    add(inputs, "downtime_limit_us", forecast_start_us(spec));
    add(inputs, "max_downtime_us", forecast_most_us(spec));
    add(inputs, "timeout_us", terms->timeout_us);
    return inputs;
}

static JsonObject *needs_object(const Prediction *prediction)
{
    JsonObject *needs = json_object_new();
    g_autofree char *text = predict_needs(prediction);
    add(needs, "bandwidth_bytes_per_s",
        prediction->needs_bandwidth_bytes_per_s);
    add(needs, "downtime_us", prediction->needs_downtime_us);
    add(needs, "dirty_bytes_per_s", prediction->needs_dirty_bytes_per_s);
    json_object_set_string_member(needs, "text", text);
    return needs;
}

static void add_prediction(JsonObject *object, const char *name,
                           const Prediction *prediction)
{
    const ModelResult *model = &prediction->model;
    if (!prediction->is_known) {
        json_object_set_null_member(object, name);
        return;
    }
    JsonObject *member = json_object_new();
    json_object_set_boolean_member(member, "converges", prediction->converges);
    json_object_set_string_member(member, "end", end_name(model->end));
    add(member, "total_us", model->total_us);
    add(member, "downtime_us",
        predict_arrives(prediction) ? model->downtime_us : 0);
    json_object_set_int_member(member, "passes", model->passes);
    add(member, "sent_bytes", model->sent_bytes);
    add(member, "bandwidth_bytes_per_s", prediction->bandwidth_bytes_per_s);
    add(member, "dirty_bytes_per_s", prediction->dirty_bytes_per_s);
    if (predict_lacks(prediction)) {
        json_object_set_object_member(member, "needs",
                                      needs_object(prediction));
    } else {
        json_object_set_null_member(member, "needs");
    }
    json_object_set_object_member(object, name, member);
}

/* In percent of what it took; null where it went another way, or nowhere. */
static void add_error(JsonObject *object, const char *name,
                      const Prediction *prediction, const Migration *m)
{
    int64_t us = actual_us(m);
    if (predict_arrives(prediction) && us > 0 &&
        prediction->converges == has_converged(m)) {
        json_object_set_double_member(
            object, name, 100 * (prediction->model.total_us - us) / us);
    } else {
        json_object_set_null_member(object, name);
    }
}

static JsonObject *actual_object(const Migration *m)
{
    JsonObject *actual = json_object_new();
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    json_object_set_boolean_member(actual, "converged", has_converged(m));
    add(actual, "total_us", actual_us(m));
    add(actual, "downtime_us",
        source->stop_us > 0 ? destination->resume_us - source->stop_us : 0);
    add(actual, "passes", m->sample.pass);
    add(actual, "sent_bytes", m->sample.transferred_bytes);
    return actual;
}

static void add_comparison(JsonObject *object, const Forecast *forecast,
                           const Migration *m)
{
    guint n_passes;
    Prediction again = predict_again(forecast, m, &n_passes);
    JsonObject *error = json_object_new();
    add_prediction(object, "corrected", &again);
    json_object_set_int_member(object, "corrected_after_passes", n_passes);
    json_object_set_object_member(object, "actual", actual_object(m));
    add_error(error, "before", &forecast->before, m);
    add_error(error, "corrected", &again, m);
    json_object_set_object_member(object, "error_percent", error);
}

void forecast_add_json(const Forecast *forecast, const Migration *m,
                       JsonObject *object)
{
    json_object_set_object_member(object, "inputs", inputs_object(forecast));
    add_prediction(object, "before", &forecast->before);
    if (m && m->migrate_us > 0) {
        add_comparison(object, forecast, m);
    }
}
