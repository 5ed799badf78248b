/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A model of a guest, a link and QEMU between them: plays QEMU's passes under a
 * policy, sample by sample, and says how it would have ended.  Pure; checked
 * against real migrations (docs/policies.rst).
 */
#include "orchestrator/curve.h"
#include "orchestrator/policy.h"

typedef struct {
    double memory_bytes; /* all RAM */
    double first_bytes;  /* of it to be sent in the first pass: not zero */
    const Curve *dirty;  /* of the guest at full speed */
    double bandwidth_bytes_per_s;            /* while the guest runs */
    double switchover_bandwidth_bytes_per_s; /* while it stands still */
    double setup_us;                         /* to connect */
    double busy; /* share of its time that the guest needs for that: the rest
                  * is what a throttle takes first.  0: all of it */
    double resume_us; /* device state, and until the destination runs */
    double fault_us;  /* post-copy: what a page costs that is not there yet */
    double postcopy_bandwidth_bytes_per_s;
    bool
        auto_converge; /* QEMU's own throttle, with its defaults or @throttle_* */
    double throttle_initial, throttle_increment, throttle_max; /* percent */
} ModelSpec;

typedef enum {
    MODEL_PRECOPY, /* switched over by QEMU's rule */
    MODEL_POSTCOPY,
    MODEL_STOPPED,   /* stopped and copied, by the policy */
    MODEL_ABORTED,   /* by the policy */
    MODEL_TIMED_OUT, /* --timeout */
    MODEL_ENDLESS,   /* no end was seen in the time that it was played for */
    N_MODEL_ENDS,
} ModelEnd;

typedef struct {
    ModelEnd end;
    double total_us;    /* until the guest runs with all its memory */
    double downtime_us; /* it ran nowhere */
    double sent_bytes;
    int64_t passes;
    double lost_us; /* of the guest's time: throttled, standing, or waiting for
                     * pages */
} ModelResult;

/* After each sample, with what the policy said of it; more than once for a
 * sample if it said more. */
typedef void ModelTap(const Sample *sample, const Verdict *verdict,
                      gpointer user_data);

ModelResult model_run(const ModelSpec *spec, const PolicySpec *policy,
                      const PolicyTerms *terms, ModelTap *tap,
                      gpointer user_data);
