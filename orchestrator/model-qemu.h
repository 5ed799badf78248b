/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * QEMU's part of the model: passes, the rule for the switchover, auto-converge.
 * Only model.c includes this.  Times in microseconds, sizes in bytes.
 */
#include "orchestrator/model.h"

/* A parameter that a policy may set, under QEMU's name. */
typedef struct {
    double downtime_limit_ms;
    double max_bandwidth, max_postcopy_bandwidth; /* bytes/s; 0: not capped */
    double throttle_initial, throttle_increment, throttle_max; /* percent */
    double throttle_trigger;                                   /* percent */
    double dirty_limit; /* MiB/s, of a vCPU */
} ModelParameters;

/* What there is to see at a bitmap sync that ends a period, and in it. */
typedef struct {
    double begin_us, sent_bytes, dirty_bytes;
    unsigned too_many; /* times that more was dirtied than the trigger lets */
} ModelPeriod;

typedef struct {
    const ModelSpec *spec;
    ModelParameters parameters;
    double available;        /* avail-switchover-bandwidth; 0: measured */
    bool dirty_limit;        /* armed */
    bool postcopy_wanted;    /* migrate-start-postcopy was sent */
    double reach_bytes;      /* all that the guest ever dirties */
    double now_us;           /* since migrate was sent */
    double look_us;          /* when QEMU next compares pending and threshold */
    double window_us;        /* when it next measures its bandwidth */
    double sync_us;          /* when it last did */
    double guest_us;         /* what the guest ran since that */
    double span_us;          /* in which it dirtied what the bitmap had then */
    double window_sent;      /* at the begin of the window */
    double remaining_bytes;  /* in the bitmap */
    double remaining_synced; /* at the sync */
    double wire_share;       /* bytes sent for a byte of it */
    double threshold_bytes;
    double sent_bytes;
    double sent_bytes_per_s; /* in the last window */
    double dirty_bytes_per_s;
    double throttle; /* 0 to 0.99 */
    double limited;  /* by dirty-limit, likewise */
    double lost_us;
    int64_t pass;
    ModelPeriod period;
} ModelQemu;

typedef enum {
    MODEL_STEP_WINDOW,     /* 100 ms are over */
    MODEL_STEP_PASS,       /* a pass began */
    MODEL_STEP_SWITCHOVER, /* the guest stands still, @remaining_bytes is all
                            * that there is to send */
    MODEL_STEP_POSTCOPY,   /* likewise, and it will be sent later */
} ModelStep;

/* @terms: what is armed, and the cap of bandwidth. */
void model_qemu_init(ModelQemu *qemu, const ModelSpec *spec,
                     const PolicyTerms *terms, uint64_t downtime_limit_ms);

/* On to the next thing that a policy might want to see. */
ModelStep model_qemu_step(ModelQemu *qemu);

/* What query-migrate would say now. */
Sample model_qemu_sample(const ModelQemu *qemu);

/* A parameter that the model does not know changes nothing in it. */
void model_qemu_set(ModelQemu *qemu, const char *parameter, uint64_t value);

/* Sends what is left while the guest runs and waits for pages; time, lost_us and
 * sent_bytes go on. */
void model_qemu_postcopy(ModelQemu *qemu);
