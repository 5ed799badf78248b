/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the policies share; nobody outside of them includes this.  Each kind of
 * policy is a file of its own, the table that names them is in policy.c.
 */
#include "orchestrator/policy.h"

/* The end of a pass: what the next one has to send. */
typedef struct {
    int64_t time_us;
    int64_t pass; /* the one that begins */
    int64_t remaining_bytes;
} Boundary;

struct Policy {
    const PolicySpec *spec;
    PolicyTerms terms;
    PolicyInputs now;   /* of the sample at hand */
    Sample last;        /* the one before */
    bool is_boundary;   /* the sample at hand is the first of its pass */
    GArray *boundaries; /* of Boundary, oldest first */
    int64_t first_pass; /* QEMU may count on from an earlier migration */
    int64_t moved_us;   /* when bytes last moved */
    int64_t next_us;    /* when a policy that polls looks again */
    gpointer own;       /* what the kind of policy remembers */
};

typedef Verdict PolicyJudge(Policy *policy, const Sample *sample);
typedef uint64_t PolicyStart(const PolicySpec *spec, const PolicyTerms *terms);

struct PolicySpec {
    const char *name;
    const char *help;
    const char *const *features; /* as policy_spec_features() */
    unsigned poll_ms;            /* and waits as long first; 0: each sample */
    PolicyStart *start_ms;       /* NULL: QEMU's own limit is left */
    PolicyStart *most_ms;        /* NULL: --max-downtime, if that is there */
    PolicyJudge *judge;          /* NULL: never does a thing */
    size_t own_bytes;            /* of Policy.own, zeroed at the start */
    gconstpointer data;          /* what the kind goes by */
    bool heeds_on_stall;
    bool needs_postcopy;      /* as policy_spec_needs_postcopy() */
    GDestroyNotify own_clear; /* frees what own holds; NULL: nothing */
};

/* The table in policy.c is made of these. */
extern const PolicySpec policy_adaptive;
extern const PolicySpec policy_ovirt_legacy;
extern const PolicySpec policy_ovirt_minimal_downtime;
extern const PolicySpec policy_ovirt_suspend;
extern const PolicySpec policy_ovirt_postcopy;
extern const PolicySpec policy_ovirt_very_large;
extern const PolicySpec policy_kubevirt;
extern const PolicySpec policy_kubevirt_stall;
extern const PolicySpec policy_nova;
extern const PolicySpec policy_proxmox;
extern const PolicySpec policy_ganeti;

#define POLICY_STOP_MS 2000000u /* QEMU takes no more as downtime-limit */
#define POLICY_GIB     (1 << 30)

/* --max-downtime, or @own_ms of the policy itself if that was not said. */
uint64_t policy_most_ms(const PolicyTerms *terms, uint64_t own_ms);
/* What of @limit_ms --max-downtime leaves. */
uint64_t policy_cap_ms(const PolicyTerms *terms, uint64_t limit_ms);

/* How it stands, to begin a reason with: "pass 7 has 212 MiB to go; at 118 MiB/s
 * that is 1800 ms, over the 1000 ms allowed".  Free with g_free(). */
char *policy_plight(const Policy *policy);

/* Passes that have ended since the migration began. */
int64_t policy_passes(const Policy *policy);

/* What a stop-and-copy would take, were it now: the way QEMU reckons.  -1: not
 * known. */
int64_t policy_estimate_us(const Policy *policy);

/* Verdicts; the reason as by printf(). */
Verdict policy_wait(void);
G_GNUC_PRINTF(4, 5)
Verdict policy_act(Policy *policy, PolicyAction action, const char *rule,
                   const char *format, ...);
/* downtime-limit; never above --max-downtime, and no verdict if it is there
 * already. */
G_GNUC_PRINTF(4, 5)
Verdict policy_set_downtime(Policy *policy, uint64_t limit_ms, const char *rule,
                            const char *format, ...);
/* Stop and copy with such a ceiling, in ms. */
G_GNUC_PRINTF(4, 5)
Verdict policy_stop(Policy *policy, uint64_t ceiling_ms, const char *rule,
                    const char *format, ...);
G_GNUC_PRINTF(5, 6)
Verdict policy_set(Policy *policy, const char *parameter, uint64_t value,
                   const char *rule, const char *format, ...);
