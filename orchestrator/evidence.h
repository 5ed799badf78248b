/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What proves, after a crash, that the migration which the source reports is the
 * recorded one (I14).  Two things do: when QEMU began it, and how much CPU time
 * the source's vCPUs used, which does not grow while the guest is stopped.
 * A run keeps both in its journal, `qmigrate recover` compares.  Pure; times are
 * of CLOCK_MONOTONIC, 0: not known.
 */
#include <stdbool.h>
#include <stdint.h>

#include "orchestrator/ours.h"
#include "orchestrator/recovery-found.h"

typedef struct {
    int64_t began_min_us; /* not earlier than our migrate was sent */
    int64_t began_max_us; /* 0: QEMU did not tell so far */
    int64_t stopped_ns;   /* CPU time when the guest was stopped */
    int64_t looked_us;    /* the last look at it while it ran, and the time */
    int64_t looked_ns;
    int64_t sent_bytes; /* that QEMU counted last */
} Evidence;

/* What the source shows now. */
typedef struct {
    int64_t asked_us, now_us; /* query-migrate was sent, and answered */
    int64_t total_us;         /* its total-time; -1: none was given */
    int64_t sent_bytes;       /* its ram.transferred; -1: the same */
    int64_t vcpu_ns;
    unsigned n_vcpus;
} EvidenceNow;

/* Our migrate is about to be sent. */
void evidence_send(Evidence *evidence, int64_t now_us);

/* QEMU told the total-time of our migration, which is in progress. */
void evidence_take_total(Evidence *evidence, const EvidenceNow *now);

/* The source's vCPUs have used @vcpu_ns; its guest runs, or is stopped. */
void evidence_look(Evidence *evidence, int64_t now_us, int64_t vcpu_ns,
                   bool is_stopped);
void evidence_resume(Evidence *evidence); /* somebody continued the guest */

/* The migration in progress is the one that was recorded. */
bool evidence_began_then(const Evidence *evidence, const EvidenceNow *now);

/* The guest did not run on the source since it was stopped for our migration. */
bool evidence_stood(const Evidence *evidence, const EvidenceNow *now);

/* Something ran it there since; not the same as !evidence_stood(). */
bool evidence_has_run(const Evidence *evidence, const EvidenceNow *now);

/* A migration that completed without a stop that we saw: nothing contradicts
 * that it is the recorded one, and that the guest did not run since. */
bool evidence_fits(const Evidence *evidence, const EvidenceNow *now);

/* All that matters for evidence_judge(). */
typedef struct {
    bool guest_ran, through_file; /* by the record */
    bool is_half;   /* the destination has a part of a post-copy */
    bool is_loaded; /* it has all of a guest */
} EvidenceCase;

/* Whose migration the source reports, by the record and what is found.  DOUBTFUL:
 * a file may be loaded, and nothing continued on the source. */
OursProof evidence_judge(FoundSource source, const EvidenceCase *what,
                         const Evidence *evidence, const EvidenceNow *now);
