/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose migration a source reports after a crash: by when it began, and by the CPU
 * time of its vCPUs. */
#include "tests/lib/check.h"

#include "orchestrator/evidence.h"

#define MS              INT64_C(1000)    /* in microseconds */
#define MS_NS           INT64_C(1000000) /* in nanoseconds */
#define SENT_US         (5000 * MS)
#define SEEN            .began_min_us = SENT_US, .began_max_us = SENT_US + 2 * MS
#define BEGAN_US        (SENT_US + MS)
#define NOW_US          (20000 * MS)
#define TIME            .asked_us = NOW_US, .now_us = NOW_US + 300
#define TOTAL(later_us) TIME, .total_us = NOW_US - BEGAN_US - (later_us)
#define PRECOPY         .guest_ran = true
#define LOADED          .guest_ran = true, .is_loaded = true
#define FILE_SAVED      .guest_ran = true, .through_file = true
#define STOPPED         SEEN, .stopped_ns = 900 * MS_NS
/* Seen running for the last time when it had used 900 ms, 1 s after the begin. */
#define LOOKED                                                                 \
    SEEN, .looked_us = BEGAN_US + 1000 * MS, .looked_ns = 900 * MS_NS,         \
          .sent_bytes = 4096
#define USED(ns)  .vcpu_ns = 900 * MS_NS + (ns), .n_vcpus = 1
#define AFTER(ns) TOTAL(0), USED(ns)
#define SENT(bytes, ms, ns)                                                    \
    TIME, .total_us = (ms)*MS, .sent_bytes = (bytes), USED(ns)
#define ENDED(ms, ns) SENT(9000, ms, ns)

/* clang-format off */
static const struct {
    const char *what;
    FoundSource source;
    EvidenceCase found;
    Evidence evidence;
    EvidenceNow now;
    OursProof proof;
} cases[] = {
    { "in progress, as the run saw it begin", FOUND_SENDS, { PRECOPY }, { SEEN }, { TOTAL(0) }, OURS_PROVED },
    { "the same, before the switchover", FOUND_HOLDS, { PRECOPY }, { SEEN }, { TOTAL(0) }, OURS_PROVED },
    { "the same, that is being cancelled", FOUND_ENDING, { PRECOPY }, { SEEN }, { TOTAL(0) }, OURS_PROVED },
    { "one that began 50 ms later", FOUND_HOLDS, { PRECOPY }, { SEEN }, { TOTAL(50 * MS) }, OURS_NO },
    { "one that began before", FOUND_SENDS, { PRECOPY }, { SEEN }, { TOTAL(-50 * MS) }, OURS_NO },
    { "QEMU does not tell when it began", FOUND_SENDS, { PRECOPY }, { SEEN }, { TIME, .total_us = -1 }, OURS_NO },
    { "it began after migrate, and the run never saw when", FOUND_SENDS, { PRECOPY }, { .began_min_us = SENT_US }, { TOTAL(0) }, OURS_PROVED },
    { "the same, 300 ms after migrate", FOUND_SENDS, { PRECOPY }, { .began_min_us = SENT_US }, { TOTAL(299 * MS) }, OURS_NO },
    { "nothing is recorded", FOUND_SENDS, { PRECOPY }, { 0 }, { TOTAL(0) }, OURS_NO },

    { "completed, and the guest stood since", FOUND_SENT, { PRECOPY }, { STOPPED }, { AFTER(120000) }, OURS_PROVED },
    { "the same, loaded", FOUND_SENT, { LOADED }, { STOPPED }, { AFTER(120000) }, OURS_PROVED },
    { "completed, and it ran since", FOUND_SENT, { LOADED }, { STOPPED }, { AFTER(2 * MS_NS) }, OURS_NO },
    { "a vCPU was unplugged", FOUND_SENT, { LOADED }, { STOPPED }, { AFTER(-1) }, OURS_NO },
    { "its vCPUs are not known now", FOUND_SENT, { LOADED }, { STOPPED }, { TOTAL(0) }, OURS_NO },
    { "nothing is recorded", FOUND_SENT, { LOADED }, { SEEN }, { AFTER(0) }, OURS_NO },
    { "a paused guest can be migrated without running", FOUND_SENT, { .guest_ran = false }, { STOPPED }, { AFTER(0) }, OURS_NO },
    { "the same, and the destination has it", FOUND_SENT, { .is_loaded = true }, { STOPPED }, { AFTER(0) }, OURS_PROVED },

    { "saved to a file", FOUND_SENT, { FILE_SAVED }, { STOPPED }, { AFTER(100000) }, OURS_DOUBTFUL },
    { "saved, and continued since", FOUND_SENT, { FILE_SAVED }, { STOPPED }, { AFTER(3 * MS_NS) }, OURS_NO },
    { "saved while it ran", FOUND_SENT, { FILE_SAVED }, { LOOKED }, { ENDED(3000, 1500 * MS_NS) }, OURS_DOUBTFUL },

    { "not stopped by us, and completed", FOUND_SENT, { LOADED }, { LOOKED }, { ENDED(3000, 1500 * MS_NS) }, OURS_PROVED },
    { "the same, and not loaded", FOUND_SENT, { PRECOPY }, { LOOKED }, { ENDED(3000, 1500 * MS_NS) }, OURS_NO },
    { "it ran for longer than it took", FOUND_SENT, { LOADED }, { LOOKED }, { ENDED(3000, 2500 * MS_NS) }, OURS_NO },
    { "it was over before the last look", FOUND_SENT, { LOADED }, { LOOKED }, { ENDED(900, 0) }, OURS_NO },
    { "it is not over yet, by its total-time", FOUND_SENT, { LOADED }, { LOOKED }, { ENDED(16000, MS_NS) }, OURS_NO },
    { "it has sent less than was seen", FOUND_SENT, { LOADED }, { LOOKED }, { SENT(4000, 3000, MS_NS) }, OURS_NO },

    { "post-copy, as the run saw it begin", FOUND_POSTCOPY, { PRECOPY }, { SEEN }, { TOTAL(0) }, OURS_PROVED },
    { "someone else's post-copy", FOUND_POSTCOPY, { PRECOPY }, { SEEN }, { TIME, .total_us = 300 * MS }, OURS_NO },
    { "post-copy, paused, and the guest stood since", FOUND_SPLIT, { PRECOPY }, { STOPPED }, { TIME, .total_us = -1, USED(0) }, OURS_PROVED },
    { "a source that is dead shows nothing", FOUND_GONE, { LOADED }, { STOPPED }, { 0 }, OURS_NO },
    { "but what is in halves is in halves", FOUND_GONE, { .guest_ran = true, .is_half = true }, { STOPPED }, { 0 }, OURS_PROVED },
    { "a source that is silent", FOUND_SILENT, { LOADED }, { STOPPED }, { AFTER(0) }, OURS_NO },
    { "a source that has the guest", FOUND_KEEPS, { LOADED }, { STOPPED }, { AFTER(0) }, OURS_PROVED },
};
/* clang-format on */

static void every_case_is_judged(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        OursProof proof = evidence_judge(cases[i].source, &cases[i].found,
                                         &cases[i].evidence, &cases[i].now);
        if (proof != cases[i].proof) {
            fail_msg("%s: %d, not %d", cases[i].what, proof, cases[i].proof);
        }
    }
}

static void a_begin_is_known_better_with_each_answer(void **state)
{
    Evidence evidence = { 0 };
    evidence_send(&evidence, SENT_US);
    for (int i = 0; i < 3; i++) {
        const EvidenceNow now = { .asked_us = SENT_US + (20 + i) * MS,
                                  .now_us = SENT_US + (30 - i) * MS,
                                  .total_us = 10 * MS };
        evidence_take_total(&evidence, &now);
    }
    assert_int_equal(evidence.began_min_us, SENT_US + 9 * MS);
    assert_int_equal(evidence.began_max_us, SENT_US + 18 * MS);
}

static void the_first_look_at_a_stopped_guest_counts(void **state)
{
    Evidence evidence = { 0 };
    evidence_look(&evidence, 1, 100, false);
    evidence_look(&evidence, 2, 200, true);
    evidence_look(&evidence, 3, 0, true);
    evidence_look(&evidence, 4, 300, true);
    assert_int_equal(evidence.stopped_ns, 200);
    assert_int_equal(evidence.looked_ns, 100);
    evidence_resume(&evidence);
    assert_int_equal(evidence.stopped_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_judged),
        cmocka_unit_test(a_begin_is_known_better_with_each_answer),
        cmocka_unit_test(the_first_look_at_a_stopped_guest_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
