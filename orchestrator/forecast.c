/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what was measured and what is wished to what the model plays. */
#include "orchestrator/forecast-private.h"

#include "caps/feature.h"
#include "orchestrator/saturate.h"
#include "orchestrator/uri.h"

#define LOCAL_BYTES_PER_S 2e9 /* between two QEMUs of one host, measured */

static void apply(GPtrArray *wishes, CapsInventory *inventory)
{
    g_autoptr(GPtrArray) findings = findings_new(); /* a run tells of them */
    for (guint i = 0; wishes && i < wishes->len; i++) {
        if (caps_wish_is_known(wishes->pdata[i], inventory)) {
            caps_wish_apply(wishes->pdata[i], inventory, SIDE_SOURCE, findings);
        }
    }
}

static void apply_features(const MigrationSettings *settings,
                           CapsInventory *inventory)
{
    const CapsSurroundings unknown = { 0 };
    g_autoptr(GPtrArray) findings = findings_new();
    for (guint i = 0; settings->features && i < settings->features->len; i++) {
        g_autoptr(GPtrArray) wishes =
            g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
        caps_feature_expand(settings->features->pdata[i], &unknown, wishes,
                            findings);
        apply(wishes, inventory);
    }
}

static double number(const CapsInventory *inventory, const char *parameter)
{
    g_autofree char *text = caps_inventory_value(inventory, parameter);
    return text ? g_ascii_strtod(text, NULL) : 0;
}

/* 0: not known. */
static double link_of(const MigrationSettings *settings)
{
    g_auto(Uri) uri = { 0 };
    if (settings->link_bits_per_s > 0) {
        return settings->link_bits_per_s / 8.0;
    }
    return settings->uri && uri_parse(settings->uri, &uri, NULL) &&
                   uri.kind == URI_UNIX
               ? LOCAL_BYTES_PER_S
               : 0;
}

static PolicyTerms terms_of(const MigrationSettings *settings,
                            const CapsInventory *source)
{
    PolicyTerms terms = settings->terms;
    terms.timeout_us = settings->timeout_us;
    terms.qemu_downtime_us =
        saturate_from_double(number(source, "downtime-limit") * 1000);
    terms.max_bandwidth_bytes_per_s = number(source, "max-bandwidth");
    terms.switchover_bandwidth_bytes_per_s =
        number(source, "avail-switchover-bandwidth");
    terms.has_postcopy = caps_inventory_is_on(source, "postcopy-ram");
    terms.has_auto_converge = caps_inventory_is_on(source, "auto-converge");
    terms.has_dirty_limit = caps_inventory_is_on(source, "dirty-limit");
    return terms;
}

Forecast *forecast_new(const Measured *measured,
                       const MigrationSettings *settings)
{
    Forecast *forecast = g_new0(Forecast, 1);
    g_auto(CapsInventory) source = { 0 };
    caps_inventory_copy(&measured->inventory, &source);
    apply_features(settings, &source);
    apply(settings->wishes, &source);
    forecast->method = measured->method;
    forecast->why_not_memory = measured->why_not_memory;
    forecast->is_first_known = measured->is_first_known;
    forecast->spec = (PredictSpec){
        .memory_bytes = measured->memory_bytes,
        .first_bytes = measured->first_bytes,
        .points = g_array_copy(measured->points),
        .link_bytes_per_s = link_of(settings),
        .auto_converge = caps_inventory_is_on(&source, "auto-converge"),
        .throttle_initial = number(&source, "cpu-throttle-initial"),
        .throttle_increment = number(&source, "cpu-throttle-increment"),
        .throttle_max = number(&source, "max-cpu-throttle"),
        .policy =
            settings->policy ? settings->policy : policy_spec_find("qemu"),
        .terms = terms_of(settings, &source),
    };
    forecast->before = predict(&forecast->spec);
    return forecast;
}

void forecast_free(Forecast *forecast)
{
    predict_spec_clear(&forecast->spec);
    g_free(forecast);
}

const Prediction *forecast_before(const Forecast *forecast)
{
    return &forecast->before;
}

guint forecast_correct(const Forecast *forecast, const Migration *m,
                       PredictSpec *ret)
{
    guint n_ended = m->passes->len > 0 ? m->passes->len - 1 : 0;
    guint n = MIN(n_ended, FORECAST_PASSES);
    *ret = forecast->spec;
    ret->points = g_array_copy(forecast->spec.points);
    return predict_correct(ret, m->passes, n) ? n : 0;
}

uint64_t forecast_start_us(const PredictSpec *spec)
{
    uint64_t start_ms = policy_spec_start_ms(spec->policy, &spec->terms);
    return start_ms > 0 ? (uint64_t)saturate_us_from_ms(start_ms)
                        : spec->terms.qemu_downtime_us;
}

uint64_t forecast_most_us(const PredictSpec *spec)
{
    return saturate_us_from_ms(policy_spec_most_ms(spec->policy, &spec->terms));
}
