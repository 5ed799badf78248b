/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/evidence.h"

#include <glib.h>

/* QEMU counts whole milliseconds, twice: when it begins and when it tells. */
#define ROUNDING_US 3000

/* From our migrate until QEMU begins, where it has not told yet. */
#define BEGIN_MAX_US (100 * 1000)

/*
 * CPU time of vCPU threads whose guest is stopped.  Measured on TCG (7.2, 10.0,
 * 11.1): 2 us in a second, 13 to 42 us from the STOP of a migration to its end,
 * up to 113 us for a whole migration of a stopped guest;
 * 801 us for an idle guest that was continued and migrated on.  KVM loads and stores
 * registers in those threads.
 */
#define STOPPED_MAX_NS  (200 * 1000)
#define STOPPED_VCPU_NS (50 * 1000)

void evidence_send(Evidence *evidence, int64_t now_us)
{
    evidence->began_min_us = now_us;
    evidence->began_max_us = 0;
    evidence->sent_bytes = 0;
}

void evidence_take_total(Evidence *evidence, const EvidenceNow *now)
{
    if (now->total_us < 0 || evidence->began_min_us == 0) {
        return;
    }
    int64_t latest_us = now->now_us - now->total_us;
    int64_t earliest_us = now->asked_us - now->total_us - ROUNDING_US;
    if (evidence->began_max_us == 0 || latest_us < evidence->began_max_us) {
        evidence->began_max_us = latest_us;
    }
    evidence->began_min_us = MAX(evidence->began_min_us, earliest_us);
    evidence->sent_bytes = MAX(evidence->sent_bytes, now->sent_bytes);
}

void evidence_look(Evidence *evidence, int64_t now_us, int64_t vcpu_ns,
                   bool is_stopped)
{
    if (vcpu_ns <= 0) {
        return;
    }
    if (!is_stopped) {
        evidence->stopped_ns = 0;
        evidence->looked_us = now_us;
        evidence->looked_ns = vcpu_ns;
    } else if (evidence->stopped_ns == 0) {
        evidence->stopped_ns = vcpu_ns;
    }
}

void evidence_resume(Evidence *evidence)
{
    evidence->stopped_ns = 0;
}

static int64_t latest_begin_us(const Evidence *evidence)
{
    return evidence->began_max_us ? evidence->began_max_us
                                  : evidence->began_min_us + BEGIN_MAX_US;
}

bool evidence_began_then(const Evidence *evidence, const EvidenceNow *now)
{
    return evidence->began_min_us > 0 && now->total_us >= 0 &&
           now->now_us - now->total_us + ROUNDING_US >=
               evidence->began_min_us &&
           now->asked_us - now->total_us - ROUNDING_US <=
               latest_begin_us(evidence);
}

static int64_t tolerance_ns(const EvidenceNow *now)
{
    return STOPPED_MAX_NS + STOPPED_VCPU_NS * (int64_t)now->n_vcpus;
}

/* Of two sums; a vCPU that was unplugged meanwhile makes it shrink. */
static bool is_within(int64_t before_ns, int64_t now_ns, int64_t most_ns)
{
    return before_ns > 0 && now_ns >= before_ns &&
           now_ns - before_ns <= most_ns;
}

bool evidence_stood(const Evidence *evidence, const EvidenceNow *now)
{
    return is_within(evidence->stopped_ns, now->vcpu_ns, tolerance_ns(now));
}

bool evidence_has_run(const Evidence *evidence, const EvidenceNow *now)
{
    return evidence->stopped_ns > 0 && now->vcpu_ns > 0 &&
           !evidence_stood(evidence, now);
}

bool evidence_fits(const Evidence *evidence, const EvidenceNow *now)
{
    if (evidence->stopped_ns > 0 || now->total_us < 0 ||
        evidence->began_min_us == 0) {
        return false;
    }
    /* It was in progress when the run looked, and it is over. */
    int64_t ended_us = latest_begin_us(evidence) + now->total_us + ROUNDING_US;
    bool is_possible =
        ended_us >= evidence->looked_us &&
        evidence->began_min_us + now->total_us - ROUNDING_US <= now->now_us &&
        now->sent_bytes >= evidence->sent_bytes;
    int64_t ran_us = ended_us - evidence->looked_us;
    return is_possible &&
           is_within(evidence->looked_ns, now->vcpu_ns,
                     ran_us * 1000 * (int64_t)now->n_vcpus + tolerance_ns(now));
}

/*
 * A guest that was paused before we came can be migrated elsewhere without being
 * continued: then its CPU time proves nothing by itself.  The same is true of one
 * that we stopped to save it, but of a file that is not complete nothing can be
 * loaded.
 */
static OursProof judge_completed(const EvidenceCase *what,
                                 const Evidence *evidence,
                                 const EvidenceNow *now)
{
    bool stood = evidence_stood(evidence, now);
    bool fits = evidence_fits(evidence, now);
    if (what->through_file) {
        return stood || fits ? OURS_DOUBTFUL : OURS_NO;
    }
    if (what->guest_ran && stood) {
        return OURS_PROVED;
    }
    return what->is_loaded && (stood || fits) ? OURS_PROVED : OURS_NO;
}

OursProof evidence_judge(FoundSource source, const EvidenceCase *what,
                         const Evidence *evidence, const EvidenceNow *now)
{
    bool is_ours = true;
    switch (source) {
    case FOUND_SENDS:
    case FOUND_HOLDS:
    case FOUND_ENDING:
        is_ours = evidence_began_then(evidence, now);
        break;
    case FOUND_HANDS:
    case FOUND_POSTCOPY:
    case FOUND_SPLIT:
        is_ours = evidence_began_then(evidence, now) ||
                  (what->guest_ran && evidence_stood(evidence, now));
        break;
    case FOUND_SENT:
        return judge_completed(what, evidence, now);
    case FOUND_GONE: /* what became of its guest nobody can tell any more */
        is_ours = what->is_half;
        break;
    case FOUND_SILENT:
        return OURS_NO;
    default: /* it has the guest */
        break;
    }
    return is_ours ? OURS_PROVED : OURS_NO;
}
