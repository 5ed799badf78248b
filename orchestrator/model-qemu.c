/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pass ends when less is left than QEMU may send while the guest stands still,
 * or nothing: it then syncs its bitmap, which begins the next pass, and switches
 * over if it is still so little.  It looks when it has sent what it may in a
 * window of 100 ms, or, on a link that it has for itself, for 50 ms.
 */
#include "orchestrator/model-qemu.h"

#include <stddef.h>
#include <string.h>

#include "orchestrator/saturate.h"

#define PAGE_BYTES      4096.0
#define ZERO_PAGE_BYTES 9.0 /* of a page that is zero, on the wire */
#define WINDOW_US       100000.0
#define LOOK_US         50000.0   /* on a link that nothing caps */
#define SYNC_US         1000.0    /* two syncs are not nearer */
#define PERIOD_US       999000.0  /* a second, of windows a bit over 100 ms */
#define FORCED_SYNC_US  5000000.0 /* with auto-converge, from pass 2 on */
#define LONG_S          1e9
#define MIB             1048576.0

static bool is_capped(const ModelQemu *qemu)
{
    double cap = qemu->parameters.max_bandwidth;
    return cap > 0 && cap < qemu->spec->bandwidth_bytes_per_s;
}

/* In bytes per microsecond. */
static double bandwidth(const ModelQemu *qemu)
{
    return (is_capped(qemu) ? qemu->parameters.max_bandwidth
                            : qemu->spec->bandwidth_bytes_per_s) /
           1e6;
}

void model_qemu_init(ModelQemu *qemu, const ModelSpec *spec,
                     const PolicyTerms *terms, uint64_t downtime_limit_ms)
{
    double zero_bytes = MAX(spec->memory_bytes - spec->first_bytes, 0);
    *qemu = (ModelQemu){
        .spec = spec,
        .parameters = { .downtime_limit_ms = downtime_limit_ms,
                        .max_bandwidth = terms->max_bandwidth_bytes_per_s,
                        .throttle_initial = 20,
                        .throttle_increment = 10,
                        .throttle_max = 99,
                        .throttle_trigger = 50,
                        .dirty_limit = 1 },
        .dirty_limit = terms->has_dirty_limit,
        .available = terms->switchover_bandwidth_bytes_per_s,
        .reach_bytes = curve_bytes(spec->dirty, LONG_S),
        .now_us = spec->setup_us,
        .look_us = spec->setup_us,
        .window_us = spec->setup_us + WINDOW_US,
        .sync_us = spec->setup_us,
        .remaining_bytes = spec->memory_bytes,
        .remaining_synced = spec->memory_bytes,
        .wire_share =
            (spec->first_bytes + zero_bytes / PAGE_BYTES * ZERO_PAGE_BYTES) /
            spec->memory_bytes,
        .pass = 1,
        .period = { .begin_us = spec->setup_us },
    };
    if (spec->throttle_initial > 0) {
        qemu->parameters.throttle_initial = spec->throttle_initial;
    }
    if (spec->throttle_increment > 0) {
        qemu->parameters.throttle_increment = spec->throttle_increment;
    }
    if (spec->throttle_max > 0) {
        qemu->parameters.throttle_max = spec->throttle_max;
    }
}

/* What the guest does of all it would do: who is not always busy has time to
 * make up for. */
static double guest_share(const ModelQemu *qemu)
{
    double busy = qemu->spec->busy > 0 ? qemu->spec->busy : 1;
    return MIN((1 - qemu->throttle) / busy, 1) * (1 - qemu->limited);
}

static void advance(ModelQemu *qemu, double until_us)
{
    double past_us = until_us - qemu->now_us;
    double sent = MIN(past_us * bandwidth(qemu),
                      qemu->remaining_bytes * qemu->wire_share);
    if (qemu->wire_share > 0) {
        qemu->remaining_bytes -= sent / qemu->wire_share;
    }
    /* what rounding leaves of a page is none */
    if (qemu->remaining_bytes < 1) {
        qemu->remaining_bytes = 0;
    }
    qemu->sent_bytes += sent;
    qemu->guest_us += past_us * guest_share(qemu);
    qemu->lost_us += past_us * (1 - guest_share(qemu));
    qemu->now_us = until_us;
}

static void slow_down(ModelQemu *qemu)
{
    const ModelParameters *p = &qemu->parameters;
    if (qemu->spec->auto_converge) {
        double percent = qemu->throttle > 0
                             ? qemu->throttle * 100 + p->throttle_increment
                             : p->throttle_initial;
        qemu->throttle = MIN(percent, p->throttle_max) / 100;
    } else if (qemu->dirty_limit) {
        double rate = curve_bytes(qemu->spec->dirty, 1);
        double share = rate > 0 ? p->dirty_limit * MIB / rate : 1;
        qemu->limited = 1 - MIN(share, 1);
    }
}

/* Once a second at most, as QEMU does. */
static void end_period(ModelQemu *qemu)
{
    ModelPeriod *period = &qemu->period;
    double past_us = qemu->now_us - period->begin_us;
    if (past_us <= PERIOD_US) {
        return;
    }
    double allowed = (qemu->sent_bytes - period->sent_bytes) *
                     qemu->parameters.throttle_trigger / 100;
    if (period->dirty_bytes > allowed && ++period->too_many >= 2) {
        period->too_many = 0;
        slow_down(qemu);
    }
    qemu->dirty_bytes_per_s = period->dirty_bytes * 1e6 / past_us;
    period->begin_us = qemu->now_us;
    period->sent_bytes = qemu->sent_bytes;
    period->dirty_bytes = 0;
}

/*
 * How much of what was dirtied since the last sync is left over from before it.
 * Of two spans of time the curve tells how many bytes are dirtied in both; and
 * what is left stands for all that the bitmap had.  In pass 1 that is the end of
 * the memory, where a guest dirties least.
 */
static double dirty_again(const ModelQemu *qemu, double dirty)
{
    const Curve *curve = qemu->spec->dirty;
    double before = curve_bytes(curve, qemu->span_us / 1e6);
    double both = curve_bytes(curve, (qemu->span_us + qemu->guest_us) / 1e6);
    double left = qemu->remaining_bytes;
    if (qemu->pass == 1) {
        double among = left - (qemu->spec->memory_bytes - qemu->reach_bytes);
        return among > 0 ? dirty * among / qemu->reach_bytes : 0;
    }
    return before > 0 ? left * MAX(before + dirty - both, 0) / before : 0;
}

static void sync_bitmap(ModelQemu *qemu)
{
    double left = qemu->remaining_bytes;
    double dirty = curve_bytes(qemu->spec->dirty, qemu->guest_us / 1e6);
    double added =
        MIN(dirty - dirty_again(qemu, dirty), qemu->spec->memory_bytes - left);
    if (left + added > 0) {
        /* of pass 1 zero pages may be left */
        qemu->wire_share = (left * qemu->wire_share + added) / (left + added);
    }
    qemu->span_us =
        qemu->guest_us + (qemu->remaining_synced > 0 && qemu->pass > 1
                              ? qemu->span_us * left / qemu->remaining_synced
                              : 0);
    qemu->remaining_bytes = left + added;
    qemu->remaining_synced = qemu->remaining_bytes;
    qemu->period.dirty_bytes += added;
    qemu->guest_us = 0;
    qemu->sync_us = qemu->now_us;
    qemu->pass++;
    end_period(qemu);
}

/* downtime-limit has its effect here, so not before the window is over. */
static void measure(ModelQemu *qemu)
{
    double expected = qemu->available / 1e3;
    qemu->sent_bytes_per_s =
        (qemu->sent_bytes - qemu->window_sent) * 1e6 / WINDOW_US;
    qemu->window_sent = qemu->sent_bytes;
    if (expected <= 0) {
        expected = qemu->sent_bytes_per_s / 1e3;
    }
    qemu->threshold_bytes = expected * qemu->parameters.downtime_limit_ms;
    qemu->window_us += WINDOW_US;
}

/* When something happens next: all is sent, or it is time to look. */
static double next_us(const ModelQemu *qemu)
{
    double next = MIN(qemu->look_us, qemu->window_us);
    double wire = qemu->remaining_bytes * qemu->wire_share;
    if (wire <= 0 || bandwidth(qemu) > 0) {
        double sent_us = qemu->now_us;
        if (wire > 0) {
            sent_us += wire / bandwidth(qemu);
        }
        sent_us = MAX(sent_us, qemu->sync_us + SYNC_US);
        next = MIN(next, sent_us);
    }
    return MAX(next, qemu->now_us);
}

/* Since 9.2 it does not wait for the end of a long pass to throttle. */
static bool is_sync_forced(const ModelQemu *qemu)
{
    return qemu->spec->auto_converge && qemu->pass >= 2 &&
           qemu->now_us - qemu->sync_us >= FORCED_SYNC_US;
}

static bool is_little(const ModelQemu *qemu)
{
    return qemu->remaining_bytes <= 0 ||
           qemu->remaining_bytes < qemu->threshold_bytes;
}

/* What QEMU does between two windows.  False: it goes on sending. */
static bool look(ModelQemu *qemu, ModelStep *ret_step)
{
    if (is_little(qemu)) {
        sync_bitmap(qemu);
        *ret_step = is_little(qemu) || qemu->threshold_bytes <= 0
                        ? MODEL_STEP_SWITCHOVER
                        : MODEL_STEP_PASS;
        return true;
    }
    if (qemu->postcopy_wanted) {
        sync_bitmap(qemu);
        *ret_step = MODEL_STEP_POSTCOPY;
        return true;
    }
    if (is_sync_forced(qemu)) {
        sync_bitmap(qemu);
        *ret_step = MODEL_STEP_PASS;
        return true;
    }
    return false;
}

ModelStep model_qemu_step(ModelQemu *qemu)
{
    for (;;) {
        advance(qemu, next_us(qemu));
        bool is_window = qemu->now_us >= qemu->window_us;
        bool is_look = qemu->now_us >= qemu->look_us;
        bool is_empty = qemu->remaining_bytes <= 0 &&
                        qemu->now_us >= qemu->sync_us + SYNC_US;
        ModelStep step;
        if (is_window) {
            measure(qemu);
        }
        if (is_look) {
            qemu->look_us =
                is_capped(qemu) ? qemu->window_us : qemu->look_us + LOOK_US;
        }
        if ((is_look || is_empty) && look(qemu, &step)) {
            return step;
        }
        if (is_window) {
            return MODEL_STEP_WINDOW;
        }
    }
}

Sample model_qemu_sample(const ModelQemu *qemu)
{
    Sample sample = sample_unknown();
    sample.time_us = saturate_from_double(qemu->now_us);
    sample.pass = qemu->pass;
    sample.total_bytes = saturate_from_double(qemu->spec->memory_bytes);
    sample.remaining_bytes = saturate_from_double(qemu->remaining_bytes);
    sample.transferred_bytes = saturate_from_double(qemu->sent_bytes);
    sample.normal_pages = saturate_from_double(qemu->sent_bytes / PAGE_BYTES);
    sample.page_bytes = saturate_from_double(PAGE_BYTES);
    if (qemu->dirty_bytes_per_s > 0) {
        sample.dirty_bytes_per_s =
            saturate_from_double(qemu->dirty_bytes_per_s);
    }
    sample.sent_bytes_per_s = saturate_from_double(qemu->sent_bytes_per_s);
    sample.precopy_bytes = saturate_from_double(qemu->sent_bytes);
    if (qemu->throttle > 0) {
        sample.throttle_percent =
            saturate_from_double(qemu->throttle * 100 + 0.5);
    }
    sample.setup_us = saturate_from_double(qemu->spec->setup_us);
    sample.total_us = sample.time_us;
    if (qemu->sent_bytes_per_s > 0) {
        sample.expected_downtime_us = saturate_from_double(
            qemu->remaining_synced * 1e6 / qemu->sent_bytes_per_s);
    }
    return sample;
}

void model_qemu_set(ModelQemu *qemu, const char *parameter, uint64_t value)
{
    ModelParameters *p = &qemu->parameters;
    const struct {
        const char *name;
        double *place;
    } places[] = {
        { "downtime-limit", &p->downtime_limit_ms },
        { "max-bandwidth", &p->max_bandwidth },
        { "max-postcopy-bandwidth", &p->max_postcopy_bandwidth },
        { "cpu-throttle-initial", &p->throttle_initial },
        { "cpu-throttle-increment", &p->throttle_increment },
        { "max-cpu-throttle", &p->throttle_max },
        { "throttle-trigger-threshold", &p->throttle_trigger },
        { "vcpu-dirty-limit", &p->dirty_limit },
        { "avail-switchover-bandwidth", &qemu->available },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (strcmp(places[i].name, parameter) == 0) {
            *places[i].place = value;
        }
    }
}
