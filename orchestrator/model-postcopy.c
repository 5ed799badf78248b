/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Post-copy in the model: what is left comes by itself, and at once where the
 * guest touches it, which costs the guest a round trip.  A page that it touches
 * for the first time may be there already: how likely is that, of what it may
 * touch?  Later touches cost nothing.
 */
#include "orchestrator/model-qemu.h"

#define STEPS      500 /* that post-copy is cut into */
#define PAGE_BYTES 4096.0
#define LITTLE     0.01 /* of a step: to see how fast the guest touches pages */

typedef struct {
    const ModelSpec *spec;
    double bandwidth;     /* bytes/us */
    double fault_us;      /* of a page */
    double reach_bytes;   /* all that the guest ever touches */
    double guest_us;      /* it ran since the switchover */
    double missing_bytes; /* all */
    double wanted_bytes;  /* of them, where the guest touches */
} Postcopy;

/* Of the guest's full speed, now; *@ret_wanted are the bytes that a microsecond
 * of its own needs. */
static double speed(const Postcopy *postcopy, double step_us,
                    double *ret_wanted)
{
    const Curve *dirty = postcopy->spec->dirty;
    double little_us = step_us * LITTLE;
    double before = curve_bytes(dirty, postcopy->guest_us / 1e6);
    double after = curve_bytes(dirty, (postcopy->guest_us + little_us) / 1e6);
    double untouched = postcopy->reach_bytes - before;
    double share =
        untouched > 0 ? MIN(postcopy->wanted_bytes / untouched, 1) : 0;
    *ret_wanted = (after - before) / little_us * share;
    return 1 / (1 + *ret_wanted / PAGE_BYTES * postcopy->fault_us);
}

static void step(Postcopy *postcopy, ModelQemu *qemu, double step_us)
{
    double wanted_per_us;
    double share = speed(postcopy, step_us, &wanted_per_us);
    double sent = MIN(step_us * postcopy->bandwidth, postcopy->missing_bytes);
    double wanted = MIN(wanted_per_us * share * step_us, sent);
    double past_us = sent / postcopy->bandwidth;
    double among = postcopy->missing_bytes > 0
                       ? postcopy->wanted_bytes / postcopy->missing_bytes
                       : 0;

    postcopy->wanted_bytes -= wanted + (sent - wanted) * among;
    postcopy->wanted_bytes = MAX(postcopy->wanted_bytes, 0);
    postcopy->missing_bytes -= sent;
    postcopy->guest_us += past_us * share;
    qemu->now_us += past_us;
    qemu->sent_bytes += sent * qemu->wire_share;
    qemu->lost_us += past_us * (1 - share);
}

static double bandwidth(const ModelQemu *qemu)
{
    double cap = qemu->parameters.max_postcopy_bandwidth;
    double most = qemu->spec->postcopy_bandwidth_bytes_per_s > 0
                      ? qemu->spec->postcopy_bandwidth_bytes_per_s
                      : qemu->spec->bandwidth_bytes_per_s;
    double wire = cap > 0 ? MIN(cap, most) : most;
    return wire / 1e6 / MAX(qemu->wire_share, 1e-3);
}

void model_qemu_postcopy(ModelQemu *qemu)
{
    double missing = qemu->remaining_bytes;
    Postcopy postcopy = {
        .spec = qemu->spec,
        .bandwidth = bandwidth(qemu),
        .reach_bytes = qemu->reach_bytes,
        .missing_bytes = missing,
        .wanted_bytes = MIN(missing, qemu->reach_bytes),
    };
    postcopy.fault_us =
        MAX(qemu->spec->fault_us, PAGE_BYTES / postcopy.bandwidth);
    double step_us = missing / postcopy.bandwidth / STEPS;
    for (int i = 0; i < STEPS && postcopy.missing_bytes > 0; i++) {
        step(&postcopy, qemu, step_us);
    }
    qemu->remaining_bytes = 0;
}
