/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy of our own.  At the end of each pass it reckons how long each lever
 * that the user allows would still take, and takes the one that costs the guest
 * least of those that take hardly longer than the fastest.  Between passes it
 * minds the link and the time that is left.
 */
#include "orchestrator/policy-adaptive.h"

#include <inttypes.h>
#include <math.h>

#include "orchestrator/saturate.h"

#define MIB 1048576.0

/* Another limit is set if it is so far off. */
#define LIMIT_NEAR 1.05
/* Pending swings: so near to the lowest of the last passes it is low, and it is
 * not worth while to wait for lower for more than so many passes, or so much of
 * the time. */
#define LOW_NEAR  1.1
#define LOW_WAITS 3u
#define LOW_WORTH 0.05
/* Against the first pass, so short is a second one that may just be seen. */
#define SHORT_PASS 0.21
/* Before it is said that all is in vain: the guest's load may change. */
#define PROOF_US (5 * G_USEC_PER_SEC)
/* What is told early may be wrong by that much. */
#define DOUBT   1.25
#define EARLY_S 5
/* What is decided in the end must be carried out in the time that is left. */
#define LAST_CALL_MARGIN 1.2
#define LAST_CALL_S      0.5

/* "pass 7 left 212 MiB, 1.8 s at 118 MiB/s" */
static char *situation(const Policy *policy)
{
    double bandwidth = policy->now.bandwidth_bytes_per_s;
    return g_strdup_printf("%s %" PRId64 " left %.0f MiB, %.2f s at %.0f MiB/s",
                           policy->is_boundary ? "pass" : "of pass",
                           policy->now.pass - (policy->is_boundary ? 1 : 0),
                           policy->now.remaining_bytes / MIB,
                           policy->now.remaining_bytes / bandwidth,
                           bandwidth / MIB);
}

static Verdict allow_downtime(Policy *policy, const Reckoning *r)
{
    double is_s = policy->now.downtime_limit_us / 1e6;
    if (r->pending <= is_s * r->switch_bytes_per_s) {
        return policy_wait(); /* QEMU is about to switch over */
    }
    uint64_t limit_ms =
        saturate_unsigned_from_double(ceil(r->limit_s * 1e3 - 1e-6));
    g_autofree char *now = situation(policy);
    if (r->limit_s < is_s / LIMIT_NEAR) {
        return policy_set_downtime(policy, limit_ms, "passes",
                                   "%s: with a lower limit QEMU ends passes "
                                   "later, and they leave less",
                                   now);
    }
    if (r->limit_s <= is_s * LIMIT_NEAR) {
        return policy_wait();
    }
    return policy_set_downtime(
        policy, limit_ms, "downtime",
        "%s; with %.2f s of downtime it is done in %.1f s; with less it would "
        "take over %.1f %% longer",
        now, r->limit_s, r->seconds[LEVER_WAIT], WORTH_LESS_DOWNTIME * 100);
}

/* There may be a better moment for what costs more the more is left. */
static bool is_low(Policy *policy, const Reckoning *r)
{
    Adaptive *own = policy->own;
    double pass_s = r->pending / r->outlook.bandwidth_bytes_per_s;
    if (r->pending <= adaptive_lowest(policy) * LOW_NEAR ||
        pass_s > LOW_WORTH * r->past_s || own->waited >= LOW_WAITS) {
        return true;
    }
    own->waited++;
    return false;
}

/* One pass does not tell a guest that goes on like this from one that stays in
 * a small place; a second one tells, and is short enough to be worth it. */
static bool is_first_and_short(const Policy *policy, const Reckoning *r)
{
    const Adaptive *own = policy->own;
    double pass_s = r->pending / r->outlook.bandwidth_bytes_per_s;
    return own->n_points == 1 && pass_s < SHORT_PASS * r->past_s;
}

static Verdict go_postcopy(Policy *policy, const Reckoning *r)
{
    if (is_first_and_short(policy, r) || !is_low(policy, r)) {
        return policy_wait();
    }
    g_autofree char *now = situation(policy);
    g_autofree char *otherwise =
        isinf(r->seconds[LEVER_WAIT])
            ? g_strdup_printf("passes do not come down to the %.2f s allowed",
                              r->most_s)
            : g_strdup_printf("passes would take %.1f s more to come down to "
                              "the %.2f s allowed",
                              r->seconds[LEVER_WAIT], r->most_s);
    return policy_act(policy, POLICY_POSTCOPY, "postcopy", "%s; %s: post-copy",
                      now, otherwise);
}

/* The ceiling: the bandwidth may be half of what it was. */
static uint64_t stop_ms(double needed_s)
{
    return saturate_unsigned_from_double(ceil(needed_s * 2 * 1e3));
}

static Verdict stop(Policy *policy, const Reckoning *r)
{
    if (!is_low(policy, r)) {
        return policy_wait();
    }
    g_autofree char *now = situation(policy);
    double needed_s = r->pending / r->switch_bytes_per_s;
    return policy_stop(policy, stop_ms(needed_s), "stop",
                       "%s; passes do not come down to the %.2f s allowed: the "
                       "guest is stopped for about %.1f s",
                       now, r->most_s, needed_s);
}

static Verdict give_up(Policy *policy, const Reckoning *r)
{
    g_autofree char *now = situation(policy);
    g_autofree char *needs = adaptive_needs(policy, r);
    return policy_act(policy, POLICY_ABORT, "hopeless",
                      "%s, and does not come down to the %.2f s allowed%s; it "
                      "needs %s",
                      now, r->most_s, isinf(r->left_s) ? "" : " in time",
                      needs);
}

/* It would fit, if QEMU was quick enough; there is nothing better to be had. */
static Verdict try_all_downtime(Policy *policy, const Reckoning *r)
{
    g_autofree char *now = situation(policy);
    return policy_set_downtime(
        policy,
        saturate_unsigned_from_double(floor(r->most_limit_s * 1e3 + 1e-6)),
        "downtime",
        "%s, and passes leave no less: all of the %.2f s "
        "allowed",
        now, r->most_s);
}

/* Nothing helps that costs the guest little, or nothing in time. */
static Verdict end_ladder(Policy *policy, const Reckoning *r)
{
    const Adaptive *own = policy->own;
    double most = r->most_s * r->switch_bytes_per_s;
    double seconds = outlook_seconds(&r->outlook, r->pending, most);
    if (r->pending <= most) {
        return try_all_downtime(policy, r);
    }
    bool too_slow = !isinf(seconds) && seconds > DOUBT * r->left_s &&
                    own->n_points >= 3 && r->past_s > EARLY_S;
    if (adaptive_may_slow_down(policy) ||
        (!adaptive_is_floor(policy, PROOF_US) && !too_slow)) {
        return allow_downtime(policy, r);
    }
    return policy->terms.on_stall == ON_STALL_STOP ? stop(policy, r)
                                                   : give_up(policy, r);
}

static Verdict end_of_pass(Policy *policy)
{
    Adaptive *own = policy->own;
    Reckoning r = adaptive_reckon(policy);
    switch (adaptive_choose(&r)) {
    case LEVER_WAIT:
        own->waited = 0;
        return allow_downtime(policy, &r);
    case LEVER_THROTTLE: {
        g_autofree char *now = situation(policy);
        return adaptive_slow_down(policy, &r, now);
    }
    case LEVER_POSTCOPY:
        return go_postcopy(policy, &r);
    case N_LEVERS:
        break;
    }
    return end_ladder(policy, &r);
}

/* Before the first pass is over it is known whether the link is fast enough. */
static Verdict check_first_pass(Policy *policy, const Sample *sample)
{
    double left_s = adaptive_left_s(policy);
    double past_s = sample->time_us / 1e6;
    double early_s = MIN(EARLY_S, policy->terms.timeout_us / 1e6 / 4);
    double sent = sample->total_bytes - sample->remaining_bytes;
    double bandwidth = MAX(policy->now.bandwidth_bytes_per_s, sent / past_s);
    double needs_s = sample->remaining_bytes / bandwidth;
    if (past_s < early_s || needs_s < DOUBT * left_s) {
        return policy_wait();
    }
    return policy_act(policy, POLICY_ABORT, "too-slow",
                      "the first pass has %.0f MiB to go, %.1f s at %.0f "
                      "MiB/s, and %.1f s are left; it needs %.0f MiB/s, or a "
                      "timeout of %.0f s at least",
                      sample->remaining_bytes / MIB, needs_s, bandwidth / MIB,
                      MAX(left_s, 0), sample->remaining_bytes / MIB / left_s,
                      ceil((past_s + needs_s) * DOUBT));
}

static Verdict do_last(Policy *policy, const Reckoning *r, double owed_s)
{
    g_autofree char *now = situation(policy);
    double left_s = MAX(r->left_s, 0);
    if (adaptive_may_postcopy(&policy->terms)) {
        return policy_act(policy, POLICY_POSTCOPY, "last-call",
                          "%s, and %.1f s are left: post-copy, as long as it "
                          "can be done in time",
                          now, left_s);
    }
    return policy_stop(policy, stop_ms(owed_s), "last-call",
                       "%s, and %.1f s are left: the guest is stopped for "
                       "about %.1f s, as long as it can be done in time",
                       now, left_s, owed_s);
}

/* What is decided must be carried out in the time that is left, so it cannot
 * wait for the end of a pass, nor for a better moment. */
static Verdict last_call(Policy *policy)
{
    const Adaptive *own = policy->own;
    Reckoning r = adaptive_look(policy);
    const Outlook *outlook = &r.outlook;
    double most = r.most_s * r.switch_bytes_per_s;
    double pass_s = r.pending / outlook->bandwidth_bytes_per_s;
    double dirtied = dirty_fit_bytes(&outlook->dirty, own->guest_s);
    double owed_s = pass_s + dirtied / outlook->bandwidth_bytes_per_s;
    double next = dirty_fit_bytes(&outlook->dirty,
                                  own->guest_s + outlook->share * pass_s);
    double needs_s = pass_s + outlook_seconds(outlook, next, most);

    if (r.left_s > owed_s * LAST_CALL_MARGIN + LAST_CALL_S ||
        (next <= most && needs_s < r.left_s)) {
        return policy_wait();
    }
    if (adaptive_may_postcopy(&policy->terms) ||
        policy->terms.on_stall == ON_STALL_STOP) {
        return do_last(policy, &r, owed_s);
    }
    return needs_s > DOUBT * r.left_s ? give_up(policy, &r) : policy_wait();
}

static Verdict judge(Policy *policy, const Sample *sample)
{
    const Adaptive *own = policy->own;
    Verdict made = policy_wait();
    adaptive_see(policy, sample);
    if (adaptive_can_judge(policy)) {
        if (policy->is_boundary && own->n_points > 0) {
            made = end_of_pass(policy);
        }
        if (made.action == POLICY_WAIT && policy->terms.timeout_us > 0) {
            made = own->n_points > 0 ? last_call(policy)
                                     : check_first_pass(policy, sample);
        }
    }
    return made.action == POLICY_WAIT ? adaptive_steer(policy) : made;
}

/* It takes what the user allows, and turns on nothing. */
static const char *const features[] = { NULL };

const PolicySpec policy_adaptive = {
    .name = "adaptive",
    .help = "the gentlest of what is allowed, as far as it costs little time: "
            "less downtime first",
    .features = features,
    .heeds_on_stall = true,
    .start_ms = adaptive_start_ms,
    .most_ms = adaptive_most_ms,
    .judge = judge,
    .own_bytes = sizeof(Adaptive),
};
