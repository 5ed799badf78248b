/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * How a migration would go: the model of model.h fed with what was measured of a
 * real guest, and what would have to change if it does not come to an end.
 * Pure.
 */
#include "orchestrator/measure.h"
#include "orchestrator/model.h"

#define PREDICT_SETUP_US 1000.0 /* to connect, measured in labs */

typedef struct {
    double memory_bytes;
    double first_bytes;      /* of it, to be sent in the first pass */
    GArray *points;          /* of MeasurePoint */
    double link_bytes_per_s; /* 0: not known, so the cap is counted on */
    bool auto_converge;
    double throttle_initial, throttle_increment, throttle_max; /* percent */
    const PolicySpec *policy;
    PolicyTerms terms; /* with max-bandwidth, and QEMU's downtime-limit as it
                        * will be */
} PredictSpec;

void predict_spec_clear(PredictSpec *spec);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PredictSpec, predict_spec_clear)

typedef struct {
    bool is_known;  /* else nothing else holds: no bandwidth can be told */
    bool converges; /* it switches over by QEMU's rule, without being forced */
    ModelResult model;
    double bandwidth_bytes_per_s; /* that was counted on */
    /* If it lacks something: what would do, each alone; 0: nothing of the kind. */
    double needs_bandwidth_bytes_per_s;
    double needs_downtime_us;
    double
        needs_dirty_bytes_per_s; /* in a first second, instead of @dirty_... */
    double dirty_bytes_per_s;
} Prediction;

Prediction predict(const PredictSpec *spec);

/* The guest gets there, by whichever way. */
bool predict_arrives(const Prediction *prediction);

/* It comes to no end, or to one by force: neither converges nor ends by
 * post-copy, which lacks nothing. */
bool predict_lacks(const Prediction *prediction);

/* Without what it needs: that has to be searched for. */
Prediction predict_outcome(const PredictSpec *spec);

/* The model's samples on the way. */
ModelResult predict_play(const PredictSpec *spec, ModelTap *tap,
                         gpointer user_data);

/*
 * What the passes of a migration under way say of bandwidth and dirtying
 * instead, once @n_passes of @passes (of Sample, as in Migration) have ended.
 * false: they say nothing yet.
 */
bool predict_correct(PredictSpec *spec, const GArray *passes, guint n_passes);

/* "needs 340 MiB/s, or ...": of one that lacks something.  g_free(). */
char *predict_needs(const Prediction *prediction);
