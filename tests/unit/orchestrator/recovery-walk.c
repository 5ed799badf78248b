/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `qmigrate recover` from every pair of states in which it can find two QEMUs,
 * with every record that an interrupted run can have left.  A model of both QEMUs
 * answers and obeys.  Whatever it finds, it must not start a second guest, must
 * not continue a guest that a person paused, and must end with an outcome that is
 * true of the model; where all is recorded, exactly one QEMU runs the guest.
 */
#include "tests/lib/check.h"

#include <stdio.h>
#include <string.h>

#include "orchestrator/recovery-record.h"
#include "tests/lib/recovery-world.h"

/* clang-format off */
static const Qemu sources[] = {
    { "none",            "running", true },
    { "none",            "paused", true },
    { "setup",           "running", true },
    { "active",          "running", true },
    { "active",          "paused", true },
    { "pre-switchover",  "finish-migrate", true },
    { "device",          "finish-migrate", true },
    { "completed",       "postmigrate", true },
    { "completed",       "running", true },
    { "cancelling",      "running", true },
    { "cancelled",       "running", true },
    { "failed",          "running", true },
    { "failed",          "postmigrate", true },
    { "postcopy-active", "finish-migrate", true },
    { "postcopy-paused", "finish-migrate", true },
    { "quite-new",       "running", true },
    { NULL, NULL, true },
};
static const Qemu destinations[] = {
    { "none",            "inmigrate", false },
    { "setup",           "inmigrate", false },
    { "active",          "inmigrate", false },
    { "completed",       "paused", false },
    { "completed",       "paused", true },
    { "completed",       "running", true },
    { "postcopy-active", "paused", false },
    { "postcopy-active", "running", true },
    { "postcopy-paused", "paused", false },
    { "postcopy-paused", "running", true },
    { "failed",          "inmigrate", false },
    { NULL, NULL, false },
    { NULL, NULL, true },
};
static const OwnerContext contexts[] = {
    { .guest_ran = true },
    { .guest_ran = true, .started = true },
    { .guest_ran = false, .started = true },
    { .guest_ran = true, .started = true, .handed_over = true },
    { .guest_ran = true, .started = true, .handed_over = true,
      .cont_sent = true },
    { .guest_ran = true, .started = true, .postcopy_sent = true },
    { .guest_ran = true, .through_file = true, .held = true },
    { .guest_ran = true, .through_file = true, .held = true, .started = true },
    { .guest_ran = true, .through_file = true, .held = true, .started = true,
      .handed_over = true },
};
/* clang-format on */

static void describe(World *world)
{
    char marks[RECOVERY_MARKS_MAX];
    RecoveryRecord record = { 0 };
    if (world->context) {
        record.context = *world->context;
    }
    recovery_record_marks(&record, marks);
    int n = world->context ? (int)strcspn(marks, " ") : 0;
    g_snprintf(world->what, sizeof(world->what),
               "source %s/%s, destination %s/%s%s, record %.*s%s%s%s%s",
               world->qemu[0].status ? world->qemu[0].status : "dead",
               world->qemu[0].run_state ? world->qemu[0].run_state : "",
               world->qemu[1].status ? world->qemu[1].status : "dead",
               world->qemu[1].run_state ? world->qemu[1].run_state : "",
               world->qemu[1].ran ? " ran" : "", n, marks,
               world->proves ? ", proves" : "",
               world->settings.adopt ? ", --adopt" : "",
               world->goes_on ? ", goes on" : "",
               world->past == PAST_ONWARD    ? ", moved on"
               : world->past == PAST_UNKNOWN ? ", no evidence"
                                             : "");
}

static unsigned n_worlds;

static bool is_sending(const Qemu *source)
{
    return g_strcmp0(source->status, "active") == 0 ||
           g_strcmp0(source->status, "setup") == 0;
}

/* The guest is, or goes, elsewhere: not on the source, and not in a half of which
 * the destination has the other one. */
static bool can_have_moved_on(const World *world)
{
    const char *const gone[] = { "setup",           "active",
                                 "pre-switchover",  "device",
                                 "completed",       "postcopy-active",
                                 "postcopy-paused", NULL };
    const Qemu *source = &world->qemu[SIDE_SOURCE];
    const Qemu *destination = &world->qemu[SIDE_DESTINATION];
    bool is_half = destination->status &&
                   g_str_has_prefix(destination->status, "postcopy");
    bool is_gone = !source->status || g_strv_contains(gone, source->status);
    return is_gone &&
           !(g_strcmp0(source->status, "completed") == 0 &&
             world_runs(world, SIDE_SOURCE)) &&
           !is_half && !destination->ran && !world->goes_on && world->context &&
           !world->settings.adopt && world->context->started;
}

static void try_records(World *world)
{
    const Qemu found[N_SIDES] = { world->qemu[0], world->qemu[1] };
    for (size_t i = 0; i <= G_N_ELEMENTS(contexts); i++) {
        for (int bits = 0; bits < 8; bits++) {
            world->qemu[0] = found[0];
            world->qemu[1] = found[1];
            world->context = i < G_N_ELEMENTS(contexts) ? &contexts[i] : NULL;
            world->proves = bits & 1;
            world->settings.adopt = bits & 2;
            world->goes_on = bits & 4;
            if (world->context && world->context->cont_sent == false &&
                !world->proves && found[1].ran) {
                continue; /* somebody else continued it, and nothing tells */
            }
            if (world->settings.adopt && !is_sending(&found[SIDE_SOURCE])) {
                continue; /* it makes no difference */
            }
            for (world->past = 0; world->past < N_PASTS; world->past++) {
                world->qemu[0] = found[0];
                world->qemu[1] = found[1];
                if (world->past == PAST_ONWARD && !can_have_moved_on(world)) {
                    continue;
                }
                describe(world);
                world_recover(world);
                n_worlds++;
            }
        }
    }
}

static void no_state_leads_to_two_guests_or_a_lie(void **state)
{
    for (size_t s = 0; s < G_N_ELEMENTS(sources); s++) {
        for (size_t d = 0; d < G_N_ELEMENTS(destinations); d++) {
            World world = { .qemu = { sources[s], destinations[d] },
                            .now_us = STARTED_US };
            try_records(&world);
        }
    }
    printf("%u worlds\n", n_worlds);
    assert_int_equal(world_n_broken(), 0);
}

/* ---- what must come of what a killed run leaves ---- */

static const struct {
    const char *what;
    Qemu source, destination;
    OwnerContext context;
    Outcome outcome;
    bool runs_there; /* else on the source */
} killed[] = {
    { "in prepare",
      { "none", "running", true },
      { "none", "inmigrate", false },
      { .guest_ran = true },
      OUTCOME_FAILED },
    { "in pre-copy",
      { "active", "running", true },
      { "active", "inmigrate", false },
      { .guest_ran = true, .started = true },
      OUTCOME_CANCELLED },
    { "before the switchover",
      { "pre-switchover", "finish-migrate", true },
      { "active", "inmigrate", false },
      { .guest_ran = true, .started = true },
      OUTCOME_MIGRATED,
      true },
    { "before cont",
      { "completed", "postmigrate", true },
      { "completed", "paused", false },
      { .guest_ran = true, .started = true, .handed_over = true },
      OUTCOME_MIGRATED,
      true },
    { "with a cont that was lost",
      { "completed", "postmigrate", true },
      { "completed", "paused", false },
      { .guest_ran = true,
        .started = true,
        .handed_over = true,
        .cont_sent = true },
      OUTCOME_MIGRATED,
      true },
    { "after cont",
      { "completed", "postmigrate", true },
      { "completed", "running", true },
      { .guest_ran = true,
        .started = true,
        .handed_over = true,
        .cont_sent = true },
      OUTCOME_MIGRATED,
      true },
    { "stopped, to be saved",
      { "none", "paused", true },
      { "none", "inmigrate", false },
      { .guest_ran = true, .through_file = true, .held = true },
      OUTCOME_FAILED },
    { "stopped, to be saved, and before migrate came",
      { "none", "paused", true },
      { "none", "inmigrate", false },
      { .guest_ran = true,
        .through_file = true,
        .held = true,
        .started = true },
      OUTCOME_FAILED },
    { "at the switch to post-copy, and pre-copy completed",
      { "active", "running", true },
      { "active", "inmigrate", false },
      { .guest_ran = true, .started = true, .postcopy_sent = true },
      OUTCOME_MIGRATED,
      true },
    { "while the last of it was saved",
      { "device", "finish-migrate", true },
      { "none", "inmigrate", false },
      { .guest_ran = true,
        .through_file = true,
        .held = true,
        .started = true },
      OUTCOME_MIGRATED,
      true },
    { "saved, not loaded",
      { "completed", "postmigrate", true },
      { "none", "inmigrate", false },
      { .guest_ran = true,
        .through_file = true,
        .held = true,
        .started = true },
      OUTCOME_MIGRATED,
      true },
    { "loaded",
      { "completed", "postmigrate", true },
      { "completed", "paused", false },
      { .guest_ran = true,
        .through_file = true,
        .held = true,
        .started = true,
        .handed_over = true },
      OUTCOME_MIGRATED,
      true },
    { "after it had failed",
      { "failed", "running", true },
      { "failed", "inmigrate", false },
      { .guest_ran = true, .started = true },
      OUTCOME_FAILED },
    { "and the destination died in pre-copy",
      { "failed", "running", true },
      { NULL, NULL, false },
      { .guest_ran = true, .started = true },
      OUTCOME_FAILED },
    { "and the destination died before the switchover",
      { "pre-switchover", "finish-migrate", true },
      { NULL, NULL, false },
      { .guest_ran = true, .started = true },
      OUTCOME_FAILED },
    /* The record says so before the command is sent. */
    { "at migrate-continue, which never came, and the destination died",
      { "pre-switchover", "finish-migrate", true },
      { NULL, NULL, false },
      { .guest_ran = true, .started = true, .handed_over = true },
      OUTCOME_FAILED },
};

static void the_guest_runs_again(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(killed); i++) {
        World world = { .qemu = { killed[i].source, killed[i].destination },
                        .context = &killed[i].context,
                        .proves = true,
                        .goes_on = true,
                        .now_us = STARTED_US };
        g_snprintf(world.what, sizeof(world.what), "killed %s", killed[i].what);
        Side side = killed[i].runs_there ? SIDE_DESTINATION : SIDE_SOURCE;
        Outcome outcome = world_recover(&world);
        world_hold(&world, world_runs(&world, side), "the guest does not run");
        world_hold(&world, outcome == killed[i].outcome, "another outcome");
    }
    assert_int_equal(world_n_broken(), 0);
}

/* The source cannot show any more that nobody continued the guest there. */
static void a_dead_source_proves_nothing(void **state)
{
    const OwnerContext context = { .guest_ran = true,
                                   .started = true,
                                   .handed_over = true };
    World world = { .qemu = { { NULL, NULL, true },
                              { "completed", "paused", false } },
                    .context = &context,
                    .proves = true,
                    .now_us = STARTED_US };
    g_snprintf(world.what, sizeof(world.what), "a dead source");
    assert_int_equal(world_recover(&world), OUTCOME_UNRESOLVED);
    assert_false(world_runs(&world, SIDE_DESTINATION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_state_leads_to_two_guests_or_a_lie),
        cmocka_unit_test(the_guest_runs_again),
        cmocka_unit_test(a_dead_source_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
