/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The forecast in words. */
#include "caps/units.h"
#include "orchestrator/forecast-private.h"
#include "orchestrator/saturate.h"

static void add_measured(GString *text, const Forecast *forecast)
{
    const PredictSpec *spec = &forecast->spec;
    g_autofree char *memory = unit_format(
        saturate_unsigned_from_double(spec->memory_bytes), UNIT_BYTES);
    g_autofree char *first = unit_format(
        saturate_unsigned_from_double(spec->first_bytes), UNIT_BYTES);
    g_autofree char *rate = unit_format(
        saturate_unsigned_from_double(forecast->before.dirty_bytes_per_s),
        UNIT_BYTES_PER_SECOND);
    if (forecast->is_first_known) {
        g_string_append_printf(text, "  memory     %s, of it %s not zero\n",
                               memory, first);
    } else {
        g_string_append_printf(text,
                               "  memory     %s; how much of it is zero is not "
                               "known: %s\n",
                               memory, forecast->why_not_memory);
    }
    if (forecast->method == MEASURED_PAUSED) {
        g_string_append(text, "  dirtied    nothing: the guest is paused\n");
        return;
    }
    const MeasurePoint *last =
        &g_array_index(spec->points, MeasurePoint, spec->points->len - 1);
    g_autofree char *most =
        unit_format(saturate_unsigned_from_double(last->bytes), UNIT_BYTES);
    g_string_append_printf(
        text, "  dirtied    %s, %s different in %.1f s (%s)\n", rate, most,
        last->seconds,
        forecast->method == MEASURED_MEMORY ? "read from the process's memory"
                                            : "as calc-dirty-rate samples it");
}

static void add_assumed(GString *text, const Forecast *forecast)
{
    const PredictSpec *spec = &forecast->spec;
    g_autofree char *rate = unit_format(
        saturate_unsigned_from_double(forecast->before.bandwidth_bytes_per_s),
        UNIT_BYTES_PER_SECOND);
    double start_ms = forecast_start_us(spec) / 1e3;
    double most_ms = forecast_most_us(spec) / 1e3;
    g_autofree char *most = most_ms > start_ms
                                ? g_strdup_printf(" (up to %.0f ms)", most_ms)
                                : g_strdup("");
    if (!forecast->before.is_known) {
        g_string_append(text, "  bandwidth  not known: neither a limit nor a "
                              "link's speed\n");
        return;
    }
    g_string_append_printf(text,
                           "  bandwidth  %s%s, downtime-limit %.0f ms%s, "
                           "policy %s\n",
                           rate,
                           spec->link_bytes_per_s > 0
                               ? ""
                               : " (max-bandwidth; the link is not known)",
                           start_ms, most, policy_spec_name(spec->policy));
}

static void add_outcome(GString *text, const Prediction *prediction)
{
    static const char *const ends[N_MODEL_ENDS] = {
        [MODEL_PRECOPY] = "converges",
        [MODEL_POSTCOPY] = "ends by post-copy",
        [MODEL_STOPPED] = "does not converge; the policy stops and copies",
        [MODEL_ABORTED] = "does not converge; the policy gives up",
        [MODEL_TIMED_OUT] = "does not converge, and times out",
        [MODEL_ENDLESS] = "does not converge, and comes to no end",
    };
    const ModelResult *model = &prediction->model;
    g_autofree char *sent = unit_format(
        saturate_unsigned_from_double(model->sent_bytes), UNIT_BYTES);
    g_string_append_printf(
        text, "prediction: %s: %.1f s, %" G_GINT64_FORMAT " passes, %s sent",
        ends[model->end], model->total_us / 1e6, model->passes, sent);
    if (predict_arrives(prediction)) {
        g_string_append_printf(text, ", %.0f ms of downtime",
                               model->downtime_us / 1e3);
    }
    g_string_append_c(text, '\n');
}

static void add_needs(GString *text, const Prediction *prediction)
{
    if (predict_lacks(prediction)) {
        g_autofree char *needs = predict_needs(prediction);
        g_string_append_printf(text, "  to converge it %s\n", needs);
    }
}

char *forecast_to_text(const Forecast *forecast)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (forecast->before.is_known) {
        add_outcome(text, &forecast->before);
        add_needs(text, &forecast->before);
    } else {
        g_string_append(text, "prediction: none without a bandwidth\n");
    }
    add_measured(text, forecast);
    add_assumed(text, forecast);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *forecast_again_to_text(const Forecast *forecast, const Migration *m)
{
    g_auto(PredictSpec) spec = { 0 };
    g_autoptr(GString) text = g_string_new(NULL);
    if (m->passes->len <= FORECAST_PASSES ||
        forecast_correct(forecast, m, &spec) < FORECAST_PASSES) {
        return NULL;
    }
    Prediction again = predict_outcome(&spec);
    if (!again.is_known) {
        return NULL;
    }
    g_string_append_printf(text, "after %u passes, ", FORECAST_PASSES);
    add_outcome(text, &again);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
