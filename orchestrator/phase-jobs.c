/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Block jobs while QEMU migrates.  A copy that is not complete, or a job that
 * keeps writing, must not be left behind by the guest: as long as the source
 * still has the guest, such a job ends the migration.  Afterwards it can only
 * be noted.
 */
#include "orchestrator/phases.h"

#include <string.h>

#include "qmp/json.h"

/* ---- what QEMU says ---- */

static void take_rows(Migration *m, Side side, JsonNode *rows)
{
    g_clear_pointer(&m->job_rows[side], json_node_unref);
    m->job_rows[side] = rows ? json_node_ref(rows) : NULL;
}

static void take_jobs(Migration *m, Side side, JsonNode *block_jobs)
{
    g_clear_pointer(&m->jobs[side], g_ptr_array_unref);
    m->jobs[side] = caps_jobs_parse(m->job_rows[side], block_jobs);
    take_rows(m, side, NULL);
}

/* Can the migration still be ended because of a job? */
static bool is_in_time(const Migration *m)
{
    return m->phase == PHASE_TRANSFER ||
           (m->phase == PHASE_SWITCHOVER && m->will_pause && !m->continue_sent);
}

static bool is_too_late(const Migration *m)
{
    static const PhaseId late[] = { PHASE_SWITCHOVER, PHASE_POSTCOPY,
                                    PHASE_RECOVER, PHASE_LOAD, PHASE_SETTLE };
    for (size_t i = 0; i < G_N_ELEMENTS(late); i++) {
        if (m->phase == late[i]) {
            return !is_in_time(m);
        }
    }
    return false;
}

static const char *word_of(const Event *event, const char *member)
{
    const char *word =
        event->data ? qmp_json_string(event->data, member) : NULL;
    return word ? word : "";
}

/* What happened to a job; NULL: nothing of interest. */
static const char *bad_news(const Event *event)
{
    if (strcmp(event->name, "BLOCK_JOB_ERROR") == 0) {
        return "met an I/O error";
    }
    if (strcmp(event->name, "BLOCK_JOB_COMPLETED") == 0 &&
        *word_of(event, "error")) {
        return "failed";
    }
    if (strcmp(event->name, "JOB_STATUS_CHANGE") == 0 &&
        strcmp(word_of(event, "status"), "created") == 0) {
        return "was started";
    }
    return NULL;
}

static void note_late(Migration *m, const Event *event)
{
    const char *what = bad_news(event);
    const char *id = word_of(event, "id");
    if (what && is_too_late(m)) {
        phase_note(m,
                   "%s: the block job '%s' %s when the guest was already being "
                   "handed over: compare the disks",
                   side_name(event->side), *id ? id : word_of(event, "device"),
                   what);
    }
}

void phase_absorb_jobs(Migration *m, const Event *event)
{
    bool is_reply = event->kind == EVENT_REPLY;
    if (event->kind == EVENT_QMP) {
        note_late(m, event);
    } else if (event->ask == ASK_JOBS) {
        take_rows(m, event->side, is_reply ? event->value : NULL);
    } else if (event->ask == ASK_BLOCK_JOBS) {
        take_jobs(m, event->side, is_reply ? event->value : NULL);
    }
}

/* ---- what follows from it ---- */

#define IN_STEP_MAX_US (5 * G_USEC_PER_SEC) /* of a mirror, guest stopped */

/* QEMU forgets most jobs as soon as they are over, so only the event tells. */
static PhaseId check_mirror_end(Migration *m, const Event *event)
{
    bool is_cancelled = strcmp(event->name, "BLOCK_JOB_CANCELLED") == 0;
    const char *error = word_of(event, "error");
    bool is_failed = strcmp(event->name, "BLOCK_JOB_COMPLETED") == 0 && *error;
    if (strcmp(word_of(event, "type"), "mirror") != 0 ||
        !(is_cancelled || is_failed) || m->settings->no_preflight) {
        return m->phase;
    }
    return phase_fail(m, FAILURE_BLOCK_JOB, event->side,
                      "the mirror job '%s' %s%s; its target is incomplete",
                      word_of(event, "device"),
                      is_cancelled ? "was cancelled by another QMP client"
                                   : "failed: ",
                      error);
}

/*
 * The block layer pauses and resumes all jobs when the guest is stopped and at
 * other moments: that is no news, and nothing may be asked in the blackout
 * because of it.
 */
static bool is_news(const Migration *m, const Event *event)
{
    static const char *const always[] = { "created", "aborting", "concluded",
                                          NULL };
    static const char *const while_running[] = { "paused", "standby", NULL };
    if (strcmp(event->name, "BLOCK_JOB_ERROR") == 0) {
        return true;
    }
    const char *status = word_of(event, "status");
    return strcmp(event->name, "JOB_STATUS_CHANGE") == 0 &&
           (g_strv_contains(always, status) ||
            (!m->facts[event->side].stopped &&
             g_strv_contains(while_running, status)));
}

static void ask_jobs(Migration *m, Side side)
{
    phase_ask(m, side, ASK_JOBS, NULL);
    phase_ask(m, side, ASK_BLOCK_JOBS, NULL);
}

static bool is_answer(const Event *event)
{
    return (event->kind == EVENT_REPLY || event->kind == EVENT_REFUSED) &&
           event->ask == ASK_BLOCK_JOBS;
}

static PhaseId judge(Migration *m, Side side)
{
    g_autoptr(GPtrArray) findings = findings_new();
    caps_jobs_judge(m->jobs[side], side, m->will_pause, findings);
    const Finding *first = findings_first(findings, FINDING_ERROR);
    if (!first) {
        return m->phase;
    }
    if (m->settings->no_preflight) {
        phase_note(m, "%s: %s", side_name(side), first->text);
        return m->phase;
    }
    PhaseId next = phase_fail(m, FAILURE_BLOCK_JOB, side, "%s", first->text);
    if (m->failure.code == FAILURE_BLOCK_JOB && !m->failure.hint) {
        m->failure.hint = g_strdup(first->hint);
    }
    return next;
}

static bool has(const GPtrArray *jobs, bool (*is_so)(const CapsJob *job))
{
    for (guint i = 0; jobs && i < jobs->len; i++) {
        if (is_so(jobs->pdata[i])) {
            return true;
        }
    }
    return false;
}

/* The guest is stopped, so a mirror gets into step by itself. */
static PhaseId check_in_step(Migration *m)
{
    m->jobs_are_done = !has(m->jobs[SIDE_SOURCE], caps_job_is_behind);
    if (!m->jobs_are_done && m->now_us - m->switchover_us > IN_STEP_MAX_US) {
        return phase_fail(m, FAILURE_BLOCK_JOB, SIDE_SOURCE,
                          "a mirror job did not copy the last writes within "
                          "%d s",
                          (int)(IN_STEP_MAX_US / G_USEC_PER_SEC));
    }
    return m->phase;
}

PhaseId phase_check_jobs(Migration *m, const Event *event)
{
    PhaseId next = m->phase;
    if (!is_in_time(m)) {
        return next;
    }
    if (is_answer(event)) {
        next = judge(m, event->side);
        if (next == PHASE_SWITCHOVER && event->side == SIDE_SOURCE) {
            next = check_in_step(m);
        }
    } else if (event->kind == EVENT_QMP) {
        next = check_mirror_end(m, event);
        if (is_news(m, event)) {
            ask_jobs(m, event->side);
        }
    }
    return next;
}

bool phase_waits_for_jobs(const Migration *m)
{
    return m->will_pause &&
           (phase_is_waiting_for(m, SIDE_SOURCE, ASK_BLOCK_JOBS) ||
            phase_is_waiting_for(m, SIDE_DESTINATION, ASK_BLOCK_JOBS));
}

bool phase_jobs_are_done(Migration *m)
{
    if (phase_waits_for_jobs(m)) {
        return false;
    }
    if (m->jobs_are_done || !has(m->jobs[SIDE_SOURCE], caps_job_is_alive)) {
        return true;
    }
    ask_jobs(m, SIDE_SOURCE);
    return false;
}
