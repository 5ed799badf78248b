/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the passes of a migration say, instead of what was measured before: they
 * are held against those of the model, so that what a pass is has to be known
 * there only.
 */
#include "orchestrator/predict.h"
#include "orchestrator/saturate.h"

#define BANDWIDTH_DIP 0.95 /* of what it may: it is the link that holds it */
#define ALIKE         0.15 /* so much may passes differ, which windows cut */

static const Sample *pass_at(const GArray *passes, guint index)
{
    return &g_array_index(passes, Sample, index);
}

static double handled_bytes(const Sample *sample)
{
    return ((double)sample->normal_pages + MAX(sample->zero_pages, 0)) *
           sample->page_bytes;
}

static bool is_told(const Sample *sample)
{
    return sample->time_us > 0 && sample->remaining_bytes >= 0 &&
           sample->transferred_bytes > 0 && sample->normal_pages >= 0 &&
           sample->page_bytes > 0;
}

/* What was dirtied in the first passes: of each pass the last sample is known,
 * and what was not left or sent since that came on top of it.  -1: not told. */
static double dirtied_bytes(const GArray *passes, guint n_passes)
{
    double dirtied = 0;
    if (passes->len <= n_passes) {
        return -1;
    }
    for (guint i = 0; i < n_passes; i++) {
        const Sample *last = pass_at(passes, i), *next = pass_at(passes, i + 1);
        if (!is_told(last) || !is_told(next)) {
            return -1;
        }
        dirtied += (double)next->remaining_bytes - last->remaining_bytes +
                   handled_bytes(next) - handled_bytes(last);
    }
    return dirtied;
}

/* The last sample of each pass, as a migration keeps them. */
static void keep_pass(const Sample *sample, const Verdict *verdict,
                      gpointer user_data)
{
    GArray *passes = user_data;
    if (passes->len > 0 &&
        pass_at(passes, passes->len - 1)->pass == sample->pass) {
        g_array_index(passes, Sample, passes->len - 1) = *sample;
    } else {
        g_array_append_val(passes, *sample);
    }
}

/* Times as many bytes at any time. */
static void scale_points(GArray *points, double times)
{
    for (guint i = 0; i < points->len; i++) {
        g_array_index(points, MeasurePoint, i).bytes *= times;
    }
}

static void correct_bandwidth(PredictSpec *spec, const Sample *last)
{
    double cap = spec->terms.max_bandwidth_bytes_per_s;
    double bandwidth = last->transferred_bytes * 1e6 /
                       MAX(last->time_us - PREDICT_SETUP_US, 1);
    if (cap <= 0 || bandwidth < cap * BANDWIDTH_DIP) {
        spec->link_bytes_per_s = bandwidth;
    }
}

bool predict_correct(PredictSpec *spec, const GArray *passes, guint n_passes)
{
    double found = dirtied_bytes(passes, n_passes);
    if (n_passes == 0 || found < 0) {
        return false;
    }
    correct_bandwidth(spec, pass_at(passes, n_passes - 1));
    g_autoptr(GArray) expected_passes =
        g_array_new(FALSE, FALSE, sizeof(Sample));
    predict_play(spec, keep_pass, expected_passes);
    double expected = dirtied_bytes(expected_passes, n_passes);
    while (expected < 0 && n_passes > 1) {
        n_passes--; /* it was over sooner than it is */
        expected = dirtied_bytes(expected_passes, n_passes);
        found = dirtied_bytes(passes, n_passes);
    }
    if (expected > 0 && ABS(found / expected - 1) > ALIKE) {
        scale_points(spec->points, found / expected);
    }
    return true;
}
