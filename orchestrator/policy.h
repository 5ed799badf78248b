/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * When to switch over, and what to do if it will not come to that.  Pure: a
 * policy, what it has seen, and a sample in; a verdict with its rule and its
 * reason in numbers out.  The same code judges a migration (phase-transfer.c),
 * a recorded trace and a model of one (model.h), so what a simulation shows is
 * what would have happened.
 *
 * QEMU itself switches over when pending < bandwidth x downtime-limit, so most
 * of what a policy can do is to set that limit.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "orchestrator/sample.h"

/* What adaptive does at the end of its ladder, if more downtime and less speed
 * of the guest do not help. */
typedef enum {
    ON_STALL_UNSAID, /* post-copy where it is armed, else abort */
    ON_STALL_ABORT,
    ON_STALL_POSTCOPY,
    ON_STALL_STOP, /* however long it takes */
    N_ON_STALLS,
} OnStall;

/* "abort", "postcopy", "stop"; NULL: unsaid. */
const char *on_stall_name(OnStall on_stall);

/* What the user allows, and what is armed. */
typedef struct {
    uint64_t start_downtime_us; /* --downtime-limit; 0: the policy's own */
    uint64_t max_downtime_us;  /* --max-downtime: holds for every policy; 0: the
                               * policy's own */
    uint64_t qemu_downtime_us; /* QEMU's downtime-limit as it was found */
    uint64_t timeout_us;       /* 0: none */
    uint64_t max_bandwidth_bytes_per_s;        /* 0: not capped */
    uint64_t switchover_bandwidth_bytes_per_s; /* avail-switchover-bandwidth;
                                                * 0: not set */
    bool has_postcopy;                         /* armed on both sides */
    bool has_auto_converge; /* armed: QEMU slows the guest down */
    bool has_dirty_limit;
    bool throttle_is_users; /* how these slow it down: that stays as it is */
    uint64_t max_throttle_percent; /* max-cpu-throttle; 0: not known */
    OnStall on_stall;
    unsigned postcopy_after_passes; /* 0: not asked for */
} PolicyTerms;

typedef enum {
    POLICY_WAIT,
    POLICY_SET,      /* the migration parameter to @value */
    POLICY_POSTCOPY, /* switch over to post-copy, now */
    POLICY_STOP,     /* stop and copy: downtime-limit to @value ms, which lets
                      * QEMU stop the guest at once */
    POLICY_ABORT,
    N_POLICY_ACTIONS,
} PolicyAction;

/* What a verdict was made from, as it was then.  -1: not known. */
typedef struct {
    int64_t time_us; /* since migrate was sent */
    int64_t pass;
    int64_t remaining_bytes;
    int64_t
        bandwidth_bytes_per_s; /* smoothed, what a switchover can count on */
    int64_t dirty_bytes_per_s;
    int64_t throttle_percent;
    int64_t downtime_limit_us; /* as it stands */
    int64_t estimate_us;       /* remaining at that bandwidth */
} PolicyInputs;

typedef struct {
    PolicyAction action;
    const char *parameter; /* SET, STOP: by QEMU's name; else NULL */
    uint64_t value;        /* of it, in QEMU's unit */
    const char *rule;      /* a short stable word; NULL with WAIT */
    char reason[240];      /* for people; "" with WAIT */
    PolicyInputs inputs;
} Verdict;

/* A policy as such: built in, or read from a file. */
typedef struct PolicySpec PolicySpec;

/* The built-in ones, in the order of the documents; NULL: there is no more. */
const PolicySpec *policy_spec_at(guint index);
/* NULL: there is none of that name. */
const PolicySpec *policy_spec_find(const char *name);
#define POLICY_DEFAULT "adaptive"

const char *policy_spec_name(const PolicySpec *spec);
const char *policy_spec_help(const PolicySpec *spec); /* one line */
/* Options of features that it is made for ("auto-converge", "postcopy"...), as
 * in caps/feature.h; NULL-terminated. */
const char *const *policy_spec_features(const PolicySpec *spec);
/* Does --on-stall say how it ends?  Others have an end of their own. */
bool policy_spec_heeds_on_stall(const PolicySpec *spec);
/* Of a file: is post-copy the only end that it has? */
bool policy_spec_needs_postcopy(const PolicySpec *spec);

/* What downtime-limit shall be before migrate is sent, in ms; 0: QEMU's own is
 * left as it is. */
uint64_t policy_spec_start_ms(const PolicySpec *spec, const PolicyTerms *terms);
/* Up to what it may raise it, in ms; 0: it says none, --max-downtime neither. */
uint64_t policy_spec_most_ms(const PolicySpec *spec, const PolicyTerms *terms);

/* A policy at work on one migration.  @spec must outlive it. */
typedef struct Policy Policy;
Policy *policy_new(const PolicySpec *spec, const PolicyTerms *terms);
void policy_free(Policy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Policy, policy_free)

/*
 * To be called for each sample, in order, at pass boundaries and between, until
 * the guest is stopped.  A policy that polls looks only when its time has come.
 * One verdict for a sample.
 * A verdict counts as carried out.
 */
Verdict policy_judge(Policy *policy, const Sample *sample);

const char *policy_action_name(PolicyAction action);
