/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/predict.h"

#include <math.h>

#include "caps/units.h"
#include "orchestrator/saturate.h"

/* Measured in labs, docs/policies.rst: a page has 8 bytes before it; to connect,
 * and the device state and cont behind the last page. */
#define PAGE_BYTES   4096.0
#define HEADER_BYTES 8.0
#define PAYLOAD      (PAGE_BYTES / (PAGE_BYTES + HEADER_BYTES))
#define RESUME_US    1500.0
#define FAULT_US     500.0 /* of a page that the guest waits for */

/* How far it is looked for what would do, and how near. */
#define TIMES_MAX   1024.0
#define TIMES_STEPS 12
#define SURELY      1.02 /* also when it is rounded */
#define DOWNTIME_US 2e9  /* QEMU takes no longer limit */

void predict_spec_clear(PredictSpec *spec)
{
    g_clear_pointer(&spec->points, g_array_unref);
}

/* Instead of what is: times as much bandwidth, as fast a guest. */
typedef struct {
    double bandwidth, dirty, downtime_us;
} Change;

static const Change as_it_is = { 1, 1, 0 };

static GArray *faster(const GArray *points, double times)
{
    GArray *changed = g_array_new(FALSE, FALSE, sizeof(MeasurePoint));
    for (guint i = 0; i < points->len; i++) {
        MeasurePoint point = g_array_index(points, MeasurePoint, i);
        point.seconds /= times;
        g_array_append_val(changed, point);
    }
    return changed;
}

/* A cap that is all that is known holds while the guest stands still too, as far
 * as anybody can tell. */
static ModelSpec model_of(const PredictSpec *spec, const Change *change,
                          const Curve *dirty)
{
    double cap = spec->terms.max_bandwidth_bytes_per_s;
    double link = spec->link_bytes_per_s;
    double times = change->bandwidth * PAYLOAD;
    return (ModelSpec){
        .memory_bytes = spec->memory_bytes,
        .first_bytes = spec->first_bytes,
        .dirty = dirty,
        .bandwidth_bytes_per_s = (link > 0 ? link : 2 * cap) * times,
        .switchover_bandwidth_bytes_per_s = (link > 0 ? link : cap) * times,
        .setup_us = PREDICT_SETUP_US,
        .resume_us = RESUME_US,
        .fault_us = FAULT_US,
        .postcopy_bandwidth_bytes_per_s = (link > 0 ? link : cap) * times,
        .auto_converge = spec->auto_converge,
        .throttle_initial = spec->throttle_initial,
        .throttle_increment = spec->throttle_increment,
        .throttle_max = spec->throttle_max,
    };
}

static PolicyTerms terms_of(const PredictSpec *spec, const Change *change)
{
    PolicyTerms terms = spec->terms;
    terms.max_bandwidth_bytes_per_s *= change->bandwidth * PAYLOAD;
    terms.switchover_bandwidth_bytes_per_s *= change->bandwidth * PAYLOAD;
    if (change->downtime_us > 0) {
        terms.qemu_downtime_us = terms.start_downtime_us = change->downtime_us;
        terms.max_downtime_us =
            MAX(terms.max_downtime_us, terms.start_downtime_us);
    }
    return terms;
}

static ModelResult play(const PredictSpec *spec, const Change *change,
                        ModelTap *tap, gpointer user_data)
{
    g_autoptr(GArray) points = faster(spec->points, change->dirty);
    g_autoptr(Curve) dirty = measure_curve(points, spec->memory_bytes);
    const ModelSpec model = model_of(spec, change, dirty);
    const PolicyTerms terms = terms_of(spec, change);
    return model_run(&model, spec->policy, &terms, tap, user_data);
}

ModelResult predict_play(const PredictSpec *spec, ModelTap *tap,
                         gpointer user_data)
{
    return play(spec, &as_it_is, tap, user_data);
}

static bool would_do(const PredictSpec *spec, const Change *change)
{
    ModelEnd end = play(spec, change, NULL, NULL).end;
    return end == MODEL_PRECOPY || end == MODEL_POSTCOPY;
}

typedef enum { BY_BANDWIDTH, BY_DOWNTIME, BY_DIRTYING } Lever;

static Change pull(Lever lever, double times, double limit_us)
{
    Change change = as_it_is;
    if (lever == BY_BANDWIDTH) {
        change.bandwidth = times;
    } else if (lever == BY_DIRTYING) {
        change.dirty = 1 / times;
    } else {
        change.downtime_us = MIN(limit_us * times, DOWNTIME_US);
    }
    return change;
}

/* The least that does, as a multiple of what is; 0: not even the most. */
static double search(const PredictSpec *spec, Lever lever, double limit_us)
{
    double low = 1, high = 1;
    Change change;
    do {
        low = high;
        high *= 2;
        if (low >= TIMES_MAX) {
            return 0;
        }
        change = pull(lever, high, limit_us);
    } while (!would_do(spec, &change));
    for (int i = 0; i < TIMES_STEPS && high / low > 1.01; i++) {
        double middle = sqrt(low * high);
        change = pull(lever, middle, limit_us);
        if (would_do(spec, &change)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high * SURELY;
}

static double limit_us(const PredictSpec *spec)
{
    uint64_t start_us =
        saturate_us_from_ms(policy_spec_start_ms(spec->policy, &spec->terms));
    double limit = MAX(start_us, spec->terms.qemu_downtime_us);
    return MAX(MAX(limit, spec->terms.max_downtime_us), 1000);
}

static void find_needs(const PredictSpec *spec, Prediction *prediction)
{
    double limit = limit_us(spec);
    double by_bandwidth = search(spec, BY_BANDWIDTH, limit);
    double by_downtime = search(spec, BY_DOWNTIME, limit);
    double by_dirtying = search(spec, BY_DIRTYING, limit);
    prediction->needs_bandwidth_bytes_per_s =
        prediction->bandwidth_bytes_per_s * by_bandwidth;
    prediction->needs_downtime_us = MIN(limit * by_downtime, DOWNTIME_US);
    prediction->needs_dirty_bytes_per_s =
        by_dirtying > 0 ? prediction->dirty_bytes_per_s / by_dirtying : 0;
}

Prediction predict_outcome(const PredictSpec *spec)
{
    double cap = spec->terms.max_bandwidth_bytes_per_s;
    double link = spec->link_bytes_per_s;
    g_autoptr(Curve) dirty = measure_curve(spec->points, spec->memory_bytes);
    Prediction prediction = {
        .is_known = cap > 0 || link > 0,
        .bandwidth_bytes_per_s =
            cap > 0 && link > 0 ? MIN(cap, link) : MAX(cap, link),
        .dirty_bytes_per_s = curve_bytes(dirty, 1),
    };
    if (!prediction.is_known) {
        return prediction;
    }
    prediction.model = predict_play(spec, NULL, NULL);
    prediction.model.sent_bytes /= PAYLOAD;
    prediction.converges = prediction.model.end == MODEL_PRECOPY;
    return prediction;
}

bool predict_arrives(const Prediction *prediction)
{
    ModelEnd end = prediction->model.end;
    return prediction->is_known &&
           (end == MODEL_PRECOPY || end == MODEL_POSTCOPY ||
            end == MODEL_STOPPED);
}

bool predict_lacks(const Prediction *prediction)
{
    return prediction->is_known && !prediction->converges &&
           prediction->model.end != MODEL_POSTCOPY;
}

Prediction predict(const PredictSpec *spec)
{
    Prediction prediction = predict_outcome(spec);
    if (predict_lacks(&prediction)) {
        find_needs(spec, &prediction);
    }
    return prediction;
}

static void add_need(GString *text, char *phrase)
{
    g_string_append_printf(text, "%s%s", text->len > 0 ? ", or " : "needs ",
                           phrase);
    g_free(phrase);
}

static char *rate_text(double bytes_per_s)
{
    return unit_format(saturate_unsigned_from_double(bytes_per_s),
                       UNIT_BYTES_PER_SECOND);
}

char *predict_needs(const Prediction *prediction)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (prediction->needs_bandwidth_bytes_per_s > 0) {
        add_need(text, rate_text(prediction->needs_bandwidth_bytes_per_s));
    }
    if (prediction->needs_downtime_us > 0) {
        uint64_t ms = saturate_unsigned_from_double(
                          prediction->needs_downtime_us / 1000) +
                      1;
        g_autofree char *time = unit_format(ms, UNIT_MILLISECONDS);
        add_need(text, g_strdup_printf("%s of downtime", time));
    }
    if (prediction->needs_dirty_bytes_per_s > 0) {
        g_autofree char *rate = rate_text(prediction->needs_dirty_bytes_per_s);
        g_autofree char *now = rate_text(prediction->dirty_bytes_per_s);
        add_need(text, g_strdup_printf("a guest that dirties %s instead of %s",
                                       rate, now));
    }
    add_need(text, g_strdup("post-copy"));
    return g_string_free(g_steal_pointer(&text), FALSE);
}
