/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy beside the modelled QEMU, until the migration has ended. */
#include "orchestrator/model.h"

#include "orchestrator/model-qemu.h"

#define QEMU_DOWNTIME_MS 300u /* QEMU's own */
#define PATIENCE_TIMES   100  /* what it takes to send all memory once */
#define PATIENCE_US      (600.0 * G_USEC_PER_SEC)
#define LOOKS_MAX        250000 /* seven hours of windows */

typedef struct {
    ModelQemu qemu;
    const PolicyTerms *terms;
    Policy *policy;
    ModelTap *tap;
    gpointer user_data;
    double end_us; /* it is not let go on for longer */
    unsigned n_looks;
    bool stopping; /* the policy said so */
    ModelResult result;
} Model;

static double patience_us(const ModelSpec *spec, const PolicyTerms *terms)
{
    if (terms->timeout_us > 0) {
        return terms->timeout_us;
    }
    double once_us =
        spec->bandwidth_bytes_per_s > 0
            ? spec->memory_bytes * 1e6 / spec->bandwidth_bytes_per_s
            : 0;
    return PATIENCE_US + PATIENCE_TIMES * once_us;
}

static uint64_t start_ms(const PolicySpec *policy, const PolicyTerms *terms)
{
    uint64_t own_ms = policy_spec_start_ms(policy, terms);
    uint64_t found_ms = terms->qemu_downtime_us / 1000;
    return own_ms > 0 ? own_ms : found_ms > 0 ? found_ms : QEMU_DOWNTIME_MS;
}

/* False: it has ended. */
static bool act(Model *model, const Verdict *verdict)
{
    switch (verdict->action) {
    case POLICY_STOP:
        model->stopping = true;
        model_qemu_set(&model->qemu, verdict->parameter, verdict->value);
        return true;
    case POLICY_SET:
        model_qemu_set(&model->qemu, verdict->parameter, verdict->value);
        return true;
    case POLICY_POSTCOPY:
        model->qemu.postcopy_wanted = model->terms->has_postcopy;
        return true;
    case POLICY_ABORT:
        model->result.end = MODEL_ABORTED;
        return false;
    case POLICY_WAIT:
    case N_POLICY_ACTIONS:
        break;
    }
    return true;
}

static bool is_over(Model *model)
{
    bool is_late = model->qemu.now_us >= model->end_us;
    if (!is_late && ++model->n_looks < LOOKS_MAX) {
        return false;
    }
    model->result.end = is_late && model->terms->timeout_us > 0
                            ? MODEL_TIMED_OUT
                            : MODEL_ENDLESS;
    return true;
}

static bool judge(Model *model)
{
    Sample sample = model_qemu_sample(&model->qemu);
    Verdict verdict = policy_judge(model->policy, &sample);
    if (model->tap) {
        model->tap(&sample, &verdict, model->user_data);
    }
    if (!act(model, &verdict)) {
        return false;
    }
    return !is_over(model);
}

/* The guest stands still for @us. */
static void stand(Model *model, double us)
{
    model->qemu.now_us += us;
    model->qemu.lost_us += us;
    model->result.downtime_us += us;
}

static void complete(Model *model)
{
    ModelQemu *qemu = &model->qemu;
    double wire = qemu->remaining_bytes * qemu->wire_share;
    double bandwidth = qemu->spec->switchover_bandwidth_bytes_per_s > 0
                           ? qemu->spec->switchover_bandwidth_bytes_per_s
                           : qemu->spec->bandwidth_bytes_per_s;
    model->result.end = model->stopping ? MODEL_STOPPED : MODEL_PRECOPY;
    qemu->pass++; /* its last look, when the guest stands still */
    stand(model,
          (bandwidth > 0 ? wire * 1e6 / bandwidth : 0) + qemu->spec->resume_us);
    qemu->sent_bytes += wire;
}

static void complete_later(Model *model)
{
    model->result.end = MODEL_POSTCOPY;
    stand(model, model->qemu.spec->resume_us);
    model_qemu_postcopy(&model->qemu);
}

static void play(Model *model)
{
    bool goes_on = judge(model);
    while (goes_on) {
        switch (model_qemu_step(&model->qemu)) {
        case MODEL_STEP_WINDOW:
        case MODEL_STEP_PASS:
            goes_on = judge(model);
            break;
        case MODEL_STEP_SWITCHOVER:
            complete(model);
            goes_on = false;
            break;
        case MODEL_STEP_POSTCOPY:
            complete_later(model);
            goes_on = false;
            break;
        }
    }
}

ModelResult model_run(const ModelSpec *spec, const PolicySpec *policy,
                      const PolicyTerms *terms, ModelTap *tap,
                      gpointer user_data)
{
    g_autoptr(Policy) judge_of = policy_new(policy, terms);
    Model model = {
        .terms = terms,
        .policy = judge_of,
        .tap = tap,
        .user_data = user_data,
        .end_us = patience_us(spec, terms),
    };
    model_qemu_init(&model.qemu, spec, terms, start_ms(policy, terms));
    play(&model);
    model.result.total_us = model.qemu.now_us;
    model.result.sent_bytes = model.qemu.sent_bytes;
    model.result.passes = model.qemu.pass;
    model.result.lost_us = model.qemu.lost_us;
    return model.result;
}
