/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands in the way of a migration, from all that two recorded QEMUs answer
 * in inspect, with one thing or another changed.
 */
#include "tests/lib/check.h"

#include "orchestrator/preflight.h"
#include "tests/lib/preflight-case.h"

#define S    SIDE_SOURCE
#define D    SIDE_DESTINATION
#define GBIT UINT64_C(1000000000)
#define MIB  (INT64_C(1) << 20)

/* ---- the QEMUs ---- */

#define JOB "[{\"id\":\"j\",\"type\":\"backup\",\"status\":\"running\"}]"

static const PreflightCase pairs[] = {
    { "7.2 to itself", { { "7.2", "7.2" } }, "", OURS },
    { "7.2 to 10.0", { { "7.2", "10.0" } }, "", OURS },
    { "10.0 to 7.2", { { "10.0", "7.2" } }, "", OURS },
    { "10.0 to itself", { { "10.0", "10.0" } }, "", OURS },
    { "through a file, nothing comes back",
      { { "10.0", "10.0" }, .uri = "file:/run/guest" },
      "",
      "S +events; D +events" },
    { "a file that 7.2 does not know",
      { { "7.2", "10.0" }, .uri = "file:/run/guest" },
      "error S missing: QEMU 7.2.22 does not know file: (QEMU has it since "
      "8.2, and both sides need it; choose unix: or tcp:)\n",
      NULL },
    { "a source that is migrated already",
      { { "10.0", "10.0" },
        .replies = { { S, ASK_MIGRATION, "{\"status\":\"active\"}" } } },
      "error S migrating-already: a migration is going on already (active)\n",
      NULL },
    { "one that waits for a guest itself",
      { { "10.0", "10.0" },
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"inmigrate\"}" } } },
      "error S source-state: has no guest to migrate: its run state is "
      "inmigrate\n",
      NULL },
    { "one whose guest went away",
      { { "10.0", "10.0" },
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"postmigrate\"}" },
                     { S, ASK_MIGRATION, "{\"status\":\"completed\"}" } } },
      "error S source-state: has no guest to migrate: its run state is "
      "postmigrate\n",
      NULL },
    { "a guest that stands still may be migrated",
      { { "10.0", "10.0" },
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"paused\"}" },
                     { S, ASK_MIGRATION, "{\"status\":\"failed\"}" } } },
      "",
      OURS },
    { "a guest that is suspended to RAM",
      { { "10.0", "10.0" },
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"suspended\"}" } } },
      "",
      OURS },
    { "and comes to an old QEMU",
      { { "10.0", "7.2" },
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"suspended\"}" } } },
      "",
      OURS },
    { "or from one, which loses that",
      { { "7.2", "10.0" },
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"suspended\"}" } } },
      "warning S source-state: the guest is suspended to RAM, and QEMU 7.2.22 "
      "loses that: it cannot be woken on the destination (wake it before the "
      "migration: qmigrate qmp QMP system_wakeup; on the destination only "
      "system_reset helps)\n",
      OURS },
    { "a block job",
      { { "10.0", "10.0" },
        .replies = { { S, ASK_JOBS, JOB }, { S, ASK_BLOCK_JOBS, "[]" } } },
      "error S block-job: the backup job 'j' is not over (running): QEMU "
      "cannot "
      "hand over the disks while it runs (wait for its end, or cancel it: "
      "qmigrate qmp QMP job-cancel id=j)\n",
      NULL },
    { "a device in the way",
      { { "10.0", "10.0" },
        .replies = { { S, ASK_MIGRATION,
                       "{\"blocked-reasons\":[\"no a\",\"no b\"]}" } } },
      "error S blocked: migration is blocked: no a; no b\n",
      NULL },
    { "a destination that runs",
      { { "10.0", "10.0" },
        .replies = { { D, ASK_RUN_STATE, "{\"status\":\"running\"}" } } },
      "error D not-waiting: does not wait for a migration: its run state is "
      "running (name a QEMU that was started with -S -incoming defer; this one "
      "has a guest)\n",
      NULL },
    { "swapped",
      { { "10.0", "10.0" },
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"inmigrate\"}" },
                     { D, ASK_RUN_STATE, "{\"status\":\"running\"}" } } },
      "error * source-state: source and destination are swapped: the source "
      "waits for a migration, and the destination has a guest (running) (give "
      "the QEMU that has the guest as --source)\n",
      NULL },
    { "one that was used",
      { { "10.0", "10.0" },
        .replies = { { D, ASK_MIGRATION, "{\"status\":\"failed\"}" } } },
      "error D not-waiting: was already used (its migration is failed)\n",
      NULL },
    { "an old one that was started with an address",
      { { "10.0", "7.2" },
        .replies = { { D, ASK_MIGRATION, "{\"socket-address\":[]}" } } },
      "error D not-waiting: listens at an address already (restart it with -S "
      "-incoming defer, not with an address)\n",
      NULL },
    { "one and the same",
      { { "10.0", "10.0" }, .pid = { 77, 77 } },
      "error * same-qemu: both addresses lead to process 77\n",
      NULL },
    { "two that are not known",
      { { "10.0", "10.0" }, .pid = { 0, 0 } },
      "",
      OURS },
    { "all at once",
      { { "7.2", "10.0" },
        .wishes = "+zero-copy-send +nonsense",
        .pid = { 77, 77 },
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"colo\"}" },
                     { D, ASK_RUN_STATE, "{\"status\":\"paused\"}" } } },
      "error * same-qemu: both addresses lead to process 77\n"
      "error S source-state: has no guest to migrate: its run state is colo\n"
      "error D not-waiting: does not wait for a migration: its run state is "
      "paused (name a QEMU that was started with -S -incoming defer; this one "
      "has "
      "a guest)\n"
      "error * unknown-name: there is no capability 'nonsense' (qmigrate caps "
      "lists what there is)\n"
      "error S missing: zero-copy-send needs multifd (add --multifd)\n"
      "note S locked-memory: how much memory its process may lock for "
      "zero-copy is not known\n",
      NULL },
};

static void looks_at_both_qemus(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        preflight_case_run(&pairs[i]);
    }
}

/* ---- the guests' machines ---- */

#define OTHER_UUID                                                             \
    {                                                                          \
        D, ASK_MACHINE + CAPS_MACHINE_UUID,                                    \
            "{\"UUID\":\"00000000-0000-4000-8000-000000000002\"}"              \
    }

static void compares_the_machines(void **state)
{
    const Inspection inspection = { { "10.0", "10.0" },
                                    .wishes = "+validate-uuid",
                                    .replies = { OTHER_UUID } };
    Inspection unchecked = inspection;
    g_autoptr(Inspected) compared = inspected_new(&inspection);
    unchecked.no_preflight = true;
    g_autoptr(Inspected) left_to_qemu = inspected_new(&unchecked);

    const Finding *first = findings_first(compared->m->findings, FINDING_ERROR);
    assert_non_null(first);
    assert_int_equal(first->code, FINDING_UUID);
    assert_int_equal(compared->m->failure.code, FAILURE_INCOMPATIBLE);
    assert_int_equal(left_to_qemu->m->findings->len, 0);
    assert_int_equal(left_to_qemu->m->failure.code, FAILURE_NONE);
}

/* ---- wishes ---- */

static const PreflightCase wished[] = {
    { "a wish of the user is set beside ours",
      { { "10.0", "10.0" }, .wishes = "downtime-limit=1s" },
      "",
      "S downtime-limit=1000; " OURS },
    { "and against it",
      { { "10.0", "10.0" }, .wishes = "-pause-before-switchover" },
      "",
      "S +events +return-path; D +events" },
    { "the link is what the user says, the vCPUs the machine",
      { { "10.0", "10.0" },
        .wishes = "--multifd=auto",
        .link_bits_per_s = 100 * GBIT },
      "note * chosen: --multifd=auto: 2 connections, with a link of 100 "
      "Gbit/s, 2 vCPUs\n",
      "S +events +multifd +pause-before-switchover +return-path; D +events "
      "+multifd" },
    { "a link that one connection fills",
      { { "10.0", "10.0" },
        .wishes = "--multifd=auto",
        .link_bits_per_s = GBIT },
      "note * chosen: --multifd=auto: no multifd, it gains nothing with a link "
      "of 1 Gbit/s, 2 vCPUs\n",
      OURS },
    { "the processors are the host's",
      { { "10.0", "10.0" },
        .wishes = "--multifd=auto",
        .link_bits_per_s = 100 * GBIT,
        .host = { { .known = true, .n_processors = 3 } },
        .replies = { { S, ASK_MACHINE + CAPS_MACHINE_CPUS, "" } } },
      "note * chosen: --multifd=auto: 3 connections, with a link of 100 "
      "Gbit/s, 3 processors\n"
      "note S not-compared: not compared, as not told: vCPUs\n",
      "S multifd-channels=3; S +events +multifd +pause-before-switchover "
      "+return-path; D multifd-channels=3; D +events +multifd" },
    { "no link, no number",
      { { "10.0", "10.0" }, .wishes = "--multifd" },
      "error * link: --multifd=auto: how fast the link is, is not known (give "
      "--link=RATE, for example --link=25Gbit/s, or --multifd=N)\n",
      NULL },
    { "over a unix socket nobody sends without copying",
      { { "10.0", "10.0" },
        .uri = "unix:/run/stream",
        .wishes = "--multifd=2 --zero-copy" },
      "error S missing: zero-copy-send needs a tcp: address (give --uri "
      "tcp:HOST:0)\n"
      "note S locked-memory: how much memory its process may lock for "
      "zero-copy is not known\n",
      NULL },
    { "QEMU may judge",
      { { "10.0", "10.0" },
        .wishes = "+multifd +xbzrle",
        .no_preflight = true },
      "warning S conflict: QEMU 10.0.2 does not take multifd with xbzrle "
      "(leave one of them out)\n",
      "S +events +multifd +pause-before-switchover +return-path +xbzrle; "
      "D +events +multifd" },
};

static void sets_what_is_wished_and_what_we_need(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wished); i++) {
        preflight_case_run(&wished[i]);
    }
}

static void knows_its_own_wishes(void **state)
{
    const Inspection inspection = { { "10.0", "10.0" },
                                    .wishes = "--xbzrle +validate-uuid" };
    const Inspection armed = { { "10.0", "10.0" }, .wishes = "--preempt" };
    const Inspection hasty = { { "10.0", "10.0" },
                               .wishes = "-pause-before-switchover" };
    g_autoptr(Inspected) inspected = inspected_new(&inspection);
    g_autoptr(Inspected) unpaused = inspected_new(&hasty);
    g_autoptr(Inspected) postcopy = inspected_new(&armed);

    assert_int_equal(inspected->m->n_own_wishes, 3);
    assert_int_equal(inspected->m->wishes->len, 5);
    assert_true(inspected->m->will_pause);
    assert_false(unpaused->m->will_pause);
    assert_int_equal(postcopy->m->n_own_wishes, 3);
    assert_int_equal(postcopy->m->wishes->len, 5);
    assert_false(postcopy->m->will_pause);
}

/* ---- what the caller found ---- */

static GPtrArray *one_found(void)
{
    GPtrArray *found = findings_new();

    findings_add(found, FINDING_ADDRESS, FINDING_ERROR, N_SIDES,
                 g_strdup("choose another --uri"), "100%%s is there already");
    return found;
}

#define IS_THERE " address: 100%s is there already (choose another --uri)\n"

static void takes_what_was_found(void **state)
{
    const PreflightCase cases[] = {
        { "on this host",
          { { "10.0", "10.0" }, .found = one_found() },
          "error *" IS_THERE,
          NULL },
        { "QEMU would not mind to destroy something",
          { { "10.0", "10.0" }, .found = one_found(), .no_preflight = true },
          "error *" IS_THERE,
          NULL },
        { "a path of other files than the destination's",
          { { "10.0", "10.0" },
            .uri = "unix:/run/stream",
            .found = one_found(),
            DESTINATION(.same_files = ANSWER_NO) },
          "",
          OURS },
        { "a port of another network than the destination's",
          { { "10.0", "10.0" },
            .found = one_found(),
            DESTINATION(.same_network = ANSWER_NO) },
          "",
          OURS },
        { "a port, and other files",
          { { "10.0", "10.0" },
            .found = one_found(),
            DESTINATION(.same_files = ANSWER_NO) },
          "error *" IS_THERE,
          NULL },
        { "a file, which the source writes",
          { { "10.0", "10.0" },
            .uri = "file:/run/guest",
            .found = one_found(),
            DESTINATION(.same_files = ANSWER_NO) },
          "error *" IS_THERE,
          NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        preflight_case_run(&cases[i]);
    }
}

/* ---- what comes of it ---- */

static void the_first_error_is_the_failure(void **state)
{
    const Inspection inspection = { { "10.0", "10.0" },
                                    .wishes = "+nonsense +zero-copy-send",
                                    .is_run = true };
    g_autoptr(Inspected) inspected = inspected_new(&inspection);
    const Migration *m = inspected->m;
    g_autofree char *text = failure_to_text(&m->failure);

    assert_int_equal(m->outcome, OUTCOME_REFUSED);
    assert_int_equal(m->phase, PHASE_DONE);
    assert_string_equal(
        text, "error: inspect: there is no capability 'nonsense'\n"
              "  hint: qmigrate caps lists what there is\n"
              "  also: source: zero-copy-send needs multifd (add --multifd)\n");
}

static void a_check_ends_where_a_run_goes_on(void **state)
{
    Inspection inspection = { { "10.0", "10.0" } };
    g_autoptr(Inspected) checked = inspected_new(&inspection);
    inspection.is_run = true;
    g_autoptr(Inspected) run = inspected_new(&inspection);

    assert_int_equal(checked->m->phase, PHASE_DONE);
    assert_int_equal(checked->m->n_sent, 0);
    assert_int_equal(run->m->phase, PHASE_PREPARE);
    assert_int_equal(run->m->n_sent, 1);
}

/* An error of the preflight is one of those that change nothing. */
static void every_finding_leads_to_a_refusal(void **state)
{
    for (FindingCode code = 0; code < N_FINDING_CODES; code++) {
        const FailureRow *row = failure_row(preflight_failure(code));
        const char *word = finding_row(code)->word;

        check_case(word, row->outcome == OUTCOME_REFUSED);
        for (FailureCode other = 0; other < N_FAILURES; other++) {
            bool is_its_word = strcmp(failure_row(other)->word, word) == 0;
            check_case(word, !is_its_word || failure_row(other) == row);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_at_both_qemus),
        cmocka_unit_test(compares_the_machines),
        cmocka_unit_test(sets_what_is_wished_and_what_we_need),
        cmocka_unit_test(knows_its_own_wishes),
        cmocka_unit_test(takes_what_was_found),
        cmocka_unit_test(the_first_error_is_the_failure),
        cmocka_unit_test(a_check_ends_where_a_run_goes_on),
        cmocka_unit_test(every_finding_leads_to_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
