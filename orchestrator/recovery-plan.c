/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/recovery-plan.h"

/* clang-format off */
static const RecoveryPlan plans[] = {
    /* Post-copy: each side has a part of the guest. */
    { .source = FOUND_POSTCOPY, .destination = FOUND_HALF | FOUND_RECEIVES,
      .needs_record = true, .needs_proof = true,
      .phase = PHASE_POSTCOPY,
      .found = "post-copy in progress",
      .does = "starts the guest on the destination if it never ran there, then "
              "waits until the migration completes" },
    { .source = FOUND_POSTCOPY | FOUND_SPLIT,
      .destination = FOUND_HALF | FOUND_CUT | FOUND_RECEIVES,
      .phase = PHASE_RECOVER,
      .found = "post-copy, interrupted or not moving",
      .does = "connects both sides again and sends the rest; starts the guest on "
              "the destination if it never ran there" },
    { .source = FOUND_POSTCOPY | FOUND_SPLIT, .destination = FOUND_WAITS | FOUND_LISTENS,
      .phase = PHASE_DONE, .failure = FAILURE_NOT_A_PAIR,
      .found = "post-copy, and the destination has no part of a guest",
      .does = "changes nothing; another QEMU has the other part" },
    { .source = FOUND_POSTCOPY | FOUND_SPLIT, .destination = FOUND_WHATEVER,
      .phase = PHASE_RESOLVE, .failure = FAILURE_POSTCOPY_BROKEN,
      .found = "post-copy, and the destination is gone, failed or does not "
               "answer",
      .does = "changes nothing; reports what runs where" },

    /* Somebody has it all already. */
    { .source = FOUND_SENT | FOUND_GONE, .destination = FOUND_LOADED,
      .runs_there = true,
      .phase = PHASE_RESOLVE, .failure = FAILURE_INTERRUPTED,
      .found = "migrated; the guest runs on the destination",
      .does = "restores settings" },

    /* Pre-copy. */
    { .source = FOUND_HOLDS, .destination = FOUND_RECEIVES | FOUND_LISTENS, .needs_record = true,
      .needs_proof = true, .phase = PHASE_SWITCHOVER,
      .found = "stopped before the switchover (pre-switchover)",
      .does = "lets the source continue, then starts the guest on the "
              "destination" },
    { .source = FOUND_HANDS, .destination = FOUND_WAITS | FOUND_RECEIVES,
      .needs_record = true, .needs_file = true, .needs_proof = true,
      .phase = PHASE_TRANSFER,
      .found = "the last of the guest is being saved to a file",
      .does = "waits until it is saved, loads the file, and starts the guest on "
              "the destination" },
    { .source = FOUND_HANDS, .destination = FOUND_WHATEVER, .needs_record = true,
      .needs_proof = true, .phase = PHASE_SWITCHOVER,
      .found = "switchover in progress",
      .does = "waits for it, then starts the guest on the destination" },
    { .source = FOUND_SENDS, .destination = FOUND_WAITS | FOUND_RECEIVES | FOUND_LISTENS,
      .needs_adopt = true,
      .phase = PHASE_TRANSFER,
      .found = "pre-copy in progress, with --adopt",
      .does = "waits until the migration completes, then starts the guest on "
              "the destination" },
    { .source = FOUND_SENDS | FOUND_HOLDS,
      .destination = FOUND_WAITS | FOUND_RECEIVES | FOUND_LISTENS | FOUND_FAILED | FOUND_DEAD,
      .needs_record = true, .needs_proof = true,
      .phase = PHASE_RESOLVE, .failure = FAILURE_INTERRUPTED,
      .found = "pre-copy in progress",
      .does = "cancels it; the guest stays on the source" },

    /* A file. */
    { .source = FOUND_SENT, .destination = FOUND_WAITS | FOUND_RECEIVES | FOUND_LISTENS,
      .needs_record = true, .needs_file = true, .needs_proof = true,
      .phase = PHASE_LOAD,
      .found = "saved to a file, not loaded",
      .does = "loads the file and starts the guest on the destination" },

    /* What else we began: who has the guest decides. */
    { .source = FOUND_SENT | FOUND_GONE, .destination = FOUND_LOADED,
      .needs_record = true,
      .phase = PHASE_RESOLVE, .failure = FAILURE_INTERRUPTED,
      .found = "all of the guest is on the destination, and was not started there",
      .does = "starts it on the destination, if nobody continued it on the "
              "source since; restores settings" },
    { .source = FOUND_KEEPS | FOUND_GONE | FOUND_SILENT,
      .destination = FOUND_WHATEVER, .needs_settings = true, .is_unsent = true,
      .phase = PHASE_RESOLVE, .failure = FAILURE_INTERRUPTED,
      .found = "settings changed, migrate not sent",
      .does = "starts the guest on the source if it was stopped to be saved; "
              "restores settings" },
    { .source = FOUND_KEEPS, .destination = FOUND_WHATEVER,
      .needs_settings = true,
      .phase = PHASE_RESOLVE, .failure = FAILURE_INTERRUPTED,
      .found = "the migration has ended, and the guest is on the source",
      .does = "starts the guest on the source if it was stopped to be saved; "
              "restores settings" },
    { .source = FOUND_GONE, .destination = FOUND_WHATEVER, .needs_settings = true,
      .phase = PHASE_RESOLVE, .failure = FAILURE_INTERRUPTED,
      .found = "the source has ended after migrate was sent",
      .does = "starts the guest on the destination if it is proved to have all "
              "of it; reports what is left" },
    { .source = FOUND_SILENT, .destination = FOUND_WHATEVER,
      .needs_settings = true,
      .phase = PHASE_RESOLVE, .failure = FAILURE_INTERRUPTED,
      .found = "the source does not answer, after migrate was sent",
      .does = "starts the guest where it is proved to be, and nowhere else" },
    { .source = FOUND_ANY, .destination = FOUND_WHATEVER, .needs_record = true,
      .phase = PHASE_RESOLVE, .failure = FAILURE_INTERRUPTED,
      .found = "anything else that this user's qmigrate began",
      .does = "starts the guest where it is proved to be, and nowhere else; "
              "restores settings; sends nothing if the guest may have run on "
              "the source since then, or another client migrates it" },

    /* Nothing is known of how it began. */
    { .source = FOUND_SENT | FOUND_GONE, .destination = FOUND_LOADED,
      .is_paused_there = true,
      .phase = PHASE_DONE, .failure = FAILURE_GUEST_STATE,
      .found = "migrated; the guest is paused on the destination, and no record "
               "says whether it was before",
      .does = "changes nothing; reports where the guest is" },
    { .source = FOUND_KEEPS,
      .destination = FOUND_WAITS | FOUND_RECEIVES | FOUND_LISTENS | FOUND_FAILED | FOUND_DEAD |
                     FOUND_MUTE,
      .phase = PHASE_DONE, .failure = FAILURE_NO_MIGRATION,
      .found = "no migration, and no record of one",
      .does = "changes nothing; the guest is on the source" },
    { .source = FOUND_SENDS | FOUND_ENDING,
      .destination = FOUND_WAITS | FOUND_RECEIVES | FOUND_LISTENS | FOUND_FAILED | FOUND_DEAD |
                     FOUND_MUTE,
      .phase = PHASE_DONE, .failure = FAILURE_NOT_RECORDED,
      .found = "a migration in progress that no record matches",
      .does = "changes nothing; ``--adopt`` follows it to its end, "
              "``qmigrate cancel`` stops it" },
    { .source = FOUND_ANY, .destination = FOUND_WHATEVER,
      .phase = PHASE_DONE, .failure = FAILURE_NOT_PROVED,
      .found = "anything else that no record matches",
      .does = "changes nothing; prints the commands to decide by hand" },
};
/* clang-format on */

/* A source that was continued since would have a guest too. */
static bool is_paused_there(const Facts facts[N_SIDES])
{
    const Facts *source = &facts[SIDE_SOURCE];
    return facts_run_state_is(&facts[SIDE_DESTINATION], "paused") &&
           (source->dead || facts_has_left(source));
}

static bool fits(const RecoveryPlan *plan, const Facts facts[N_SIDES],
                 const RecoveryRecord *record, bool is_proved, bool adopt)
{
    const Facts *destination = &facts[SIDE_DESTINATION];
    return plan->source & recovery_found_source(&facts[SIDE_SOURCE]) &&
           plan->destination & recovery_found_destination(destination) &&
           (!plan->needs_record || (record && record->context.started)) &&
           (!plan->needs_proof || is_proved) &&
           (!plan->needs_settings || record) &&
           (!plan->is_unsent || !record->context.started) &&
           (!plan->needs_file || record->context.through_file) &&
           (!plan->needs_adopt || adopt) &&
           (!plan->runs_there || facts_is_running(destination)) &&
           (!plan->is_paused_there || is_paused_there(facts));
}

const RecoveryPlan *recovery_plan(const Facts facts[N_SIDES],
                                  const RecoveryRecord *record, bool is_proved,
                                  bool adopt)
{
    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        if (fits(&plans[i], facts, record, is_proved, adopt)) {
            return &plans[i];
        }
    }
    g_assert_not_reached();
}

const RecoveryPlan *recovery_plans(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(plans);
    return plans;
}
