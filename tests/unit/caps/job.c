/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which block jobs end a migration, from what real QEMUs answer and odd ones. */
#include "tests/lib/check.h"

#include "caps/job.h"
#include "tests/lib/recorded-pair.h"

#define S   SIDE_SOURCE
#define D   SIDE_DESTINATION
#define MIB "1048576"

/* One job, and its row of query-block-jobs ("": none). */
#define JOB(type, status, done, more)                                          \
    "[{\"current-progress\":" done ",\"status\":\"" status                     \
    "\",\"total-progress\":" MIB ",\"type\":\"" type "\",\"id\":\"j\"" more    \
    "}]"
#define FAILED ",\"error\":\"No space left on device\""
#define BLOCK_JOB(paused, io_status)                                           \
    "[{\"device\":\"j\",\"type\":\"x\",\"paused\":" paused                     \
    ",\"io-status\":\"" io_status "\"}]"

#define CANCEL                                                                 \
    "wait for its end, or cancel it: qmigrate qmp QMP job-cancel id=j"
#define READY                                                                  \
    "wait until query-block-jobs says that it is ready, or cancel it: "        \
    "qmigrate qmp QMP job-cancel id=j"
#define KEEP                                                                   \
    "cancel it at the end of the migration, which keeps the copy: qmigrate "   \
    "qmp QMP block-job-cancel device=j"
#define IN_USE "QEMU cannot hand over the disks while it runs"

static const struct {
    const char *what, *jobs, *block_jobs, *found;
    bool no_wait;
} cases[] = {
    { "none", "[]", "[]", "" },
    { "a mirror that copies", JOB("mirror", "running", "0", ""),
      BLOCK_JOB("false", "ok"),
      "error S block-job: the mirror job 'j' is not over (running, 0 B of 1.00 "
      "MiB): its target would be incomplete (" READY ")\n" },
    { "a mirror that is ready", JOB("mirror", "ready", MIB, ""),
      BLOCK_JOB("false", "ok"),
      "warning S block-job: the mirror job 'j' is ready, and nothing ends it "
      "when the guest leaves (" KEEP ")\n" },
    { "a mirror that nobody waits for", JOB("mirror", "ready", MIB, ""),
      BLOCK_JOB("false", "ok"),
      "warning S block-job: the mirror job 'j' is ready, and nothing ends it "
      "when the guest leaves; what the guest writes last may be missing from "
      "its target (" KEEP ")\n",
      .no_wait = true },
    { "a mirror that the block layer resumes",
      JOB("mirror", "standby", MIB, ""), BLOCK_JOB("false", "ok"),
      "warning S block-job: the mirror job 'j' is ready, and nothing ends it "
      "when the guest leaves (" KEEP ")\n" },
    { "a mirror that a person paused", JOB("mirror", "standby", MIB, ""),
      BLOCK_JOB("true", "ok"),
      "error S block-job: the mirror job 'j' is not over (standby, 1.00 MiB of "
      "1.00 MiB): its target would be incomplete (let it go on: qmigrate qmp "
      "QMP job-resume id=j)\n" },
    { "a mirror whose target is full", JOB("mirror", "ready", "0", ""),
      BLOCK_JOB("false", "nospace"),
      "error S block-job: the mirror job 'j' (ready, 0 B of 1.00 MiB) met an "
      "I/O error: nospace (" READY ")\n" },
    { "a mirror that failed", JOB("mirror", "concluded", "0", FAILED), "[]",
      "error S block-job: the mirror job 'j' failed: No space left on device; "
      "its target is incomplete (start it again, or remove it if its target "
      "is not used: qmigrate qmp QMP job-dismiss id=j)\n" },
    { "another that failed", JOB("backup", "concluded", "0", FAILED), "[]",
      "warning S block-job: the backup job 'j' failed: No space left on device "
      "(remove it: qmigrate qmp QMP job-dismiss id=j)\n" },
    { "a disk that was made", JOB("create", "concluded", MIB, ""), "[]",
      "warning S block-job: the create job 'j' is over and was not dismissed "
      "(remove it: qmigrate qmp QMP job-dismiss id=j)\n" },
    { "a disk that is being made", JOB("create", "running", "0", ""), "[]",
      "warning S block-job: the create job 'j' is not over (running, 0 B of "
      "1.00 MiB) (" CANCEL ")\n" },
    { "a commit that is ready", JOB("commit", "ready", MIB, ""),
      BLOCK_JOB("false", "ok"),
      "error S block-job: the commit job 'j' is not over (ready, 1.00 MiB of "
      "1.00 MiB): " IN_USE " (complete it: qmigrate qmp QMP job-complete "
      "id=j)\n" },
    { "a backup", JOB("backup", "running", "0", ""), "[]",
      "error S block-job: the backup job 'j' is not over (running, 0 B of 1.00 "
      "MiB): " IN_USE " (" CANCEL ")\n" },
    { "a stream that waits", JOB("stream", "pending", MIB, ""), "[]",
      "error S block-job: the stream job 'j' is not over (pending, 1.00 MiB of "
      "1.00 MiB): it would go on writing to a disk that the destination uses "
      "(finish it: qmigrate qmp QMP job-finalize id=j)\n" },
    { "one that is newer than us", JOB("teleport", "running", "0", ""), "[]",
      "error S block-job: the teleport job 'j' is not over (running, 0 B of "
      "1.00 MiB): what this type of job does to a disk is not known here "
      "(" CANCEL ")\n" },
    { "one that is gone", JOB("mirror", "null", "0", FAILED), "[]", "" },
    { "no answer about block jobs", JOB("mirror", "standby", MIB, ""), "",
      "error S block-job: the mirror job 'j' is not over (standby, 1.00 MiB of "
      "1.00 MiB): its target would be incomplete (let it go on: qmigrate qmp "
      "QMP job-resume id=j)\n" },
};

static JsonNode *json(const char *text)
{
    return *text ? json_from_string(text, NULL) : NULL;
}

static void tells_which_must_end(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonNode) rows = json(cases[i].jobs);
        g_autoptr(JsonNode) block_rows = json(cases[i].block_jobs);
        g_autoptr(GPtrArray) jobs = caps_jobs_parse(rows, block_rows);
        g_autoptr(GPtrArray) findings = findings_new();
        caps_jobs_judge(jobs, S, !cases[i].no_wait, findings);
        g_autofree char *found = recorded_findings_to_text(findings);
        if (!jobs || strcmp(found, cases[i].found) != 0) {
            fail_msg("%s: %s", cases[i].what, found);
        }
    }
}

static void an_odd_answer_is_none(void **state)
{
    static const char *const odd[] = { "", "{}", "[1]", "[null]",
                                       "[{\"id\":\"j\"}]" };
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autoptr(JsonNode) rows = json(odd[i]);
        g_autoptr(JsonNode) good = json(JOB("mirror", "ready", "0", ""));
        g_autoptr(GPtrArray) jobs = caps_jobs_parse(rows, NULL);
        g_autoptr(GPtrArray) known = caps_jobs_parse(good, rows);
        check_case(odd[i], !jobs);
        check_case(odd[i], known && known->len == 1);
    }
}

static void only_a_ready_mirror_is_behind(void **state)
{
    static const struct {
        const char *job;
        bool is_behind, is_alive;
    } rows[] = {
        { JOB("mirror", "ready", "0", ""), true, true },
        { JOB("mirror", "ready", MIB, ""), false, true },
        { JOB("mirror", "running", "0", ""), false, true },
        { JOB("stream", "ready", "0", ""), false, true },
        { JOB("mirror", "concluded", "0", ""), false, false },
        { JOB("mirror", "null", "0", ""), false, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonNode) node = json(rows[i].job);
        g_autoptr(GPtrArray) jobs = caps_jobs_parse(node, NULL);
        check_case(rows[i].job,
                   caps_job_is_behind(jobs->pdata[0]) == rows[i].is_behind);
        check_case(rows[i].job,
                   caps_job_is_alive(jobs->pdata[0]) == rows[i].is_alive);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_which_must_end),
        cmocka_unit_test(an_odd_answer_is_none),
        cmocka_unit_test(only_a_ready_mirror_is_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
