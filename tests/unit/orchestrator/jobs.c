/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Block jobs that start, stop or fail while QEMU migrates: tables of what QEMU
 * says, each line with what has to follow.
 */
#include "tests/lib/check.h"

#include "orchestrator/phases.h"

#define S SIDE_SOURCE
#define D SIDE_DESTINATION

#define STATUS(status) "{\"id\":\"j\",\"status\":\"" status "\"}"
#define ENDED(type, more)                                                      \
    "{\"device\":\"j\",\"type\":\"" type "\",\"len\":9,\"offset\":0" more "}"
#define JOB(type, status, done)                                                \
    "[{\"id\":\"j\",\"type\":\"" type "\",\"status\":\"" status                \
    "\",\"current-progress\":" done ",\"total-progress\":9}]"

typedef struct {
    const char *event; /* a QMP event, or NULL: the answers */
    const char *value; /* its data, or query-jobs' answer */
    Side side;
    bool asks;      /* query-jobs is sent to @side */
    bool continues; /* migrate-continue is sent */
    PhaseId phase;
    const char *notes; /* NULL: none */
    int64_t wait_us;
} Line;

typedef struct {
    const char *what;
    PhaseId phase;
    bool no_pause, no_preflight, has_mirror;
    Line lines[5];
} Case;

#define PRE_SWITCHOVER "MIGRATION", "{\"status\":\"pre-switchover\"}", S
#define ASKS           .asks = true
#define CONTINUES      .continues = true
#define IN_TRANSFER    .phase = PHASE_TRANSFER
#define IN_SWITCHOVER  .phase = PHASE_SWITCHOVER
#define IN_POSTCOPY    .phase = PHASE_POSTCOPY
#define FAILS          .phase = PHASE_RESOLVE

static const Case cases[] = {
    { "without a job nothing is asked", PHASE_TRANSFER,
      .lines = { { PRE_SWITCHOVER, CONTINUES, IN_SWITCHOVER } } },
    { "a job that starts and must end", PHASE_TRANSFER,
      .lines = { { "JOB_STATUS_CHANGE", STATUS("created"), S, ASKS,
                   IN_TRANSFER },
                 { NULL, JOB("backup", "running", "0"), S, FAILS } } },
    { "one that does no harm", PHASE_TRANSFER,
      .lines = { { "JOB_STATUS_CHANGE", STATUS("created"), S, ASKS,
                   IN_TRANSFER },
                 { NULL, JOB("create", "concluded", "0"), S, IN_TRANSFER },
                 { PRE_SWITCHOVER, CONTINUES, IN_SWITCHOVER } } },
    { "one on the destination", PHASE_TRANSFER,
      .lines = { { "JOB_STATUS_CHANGE", STATUS("created"), D, ASKS,
                   IN_TRANSFER },
                 { NULL, JOB("stream", "running", "0"), D, FAILS } } },
    { "the user lets QEMU judge", PHASE_TRANSFER, .no_preflight = true,
      .lines = { { "JOB_STATUS_CHANGE", STATUS("created"), S, ASKS,
                   IN_TRANSFER },
                 { NULL, JOB("backup", "running", "0"), S, IN_TRANSFER,
                   .notes = "source: the backup job 'j' is not over" } } },
    { "a mirror that fails", PHASE_TRANSFER, .has_mirror = true,
      .lines = { { "BLOCK_JOB_COMPLETED", ENDED("mirror", ",\"error\":\"no\""),
                   S, FAILS } } },
    { "a mirror that is cancelled", PHASE_TRANSFER, .has_mirror = true,
      .lines = { { "BLOCK_JOB_CANCELLED", ENDED("mirror", ""), S, FAILS } } },
    { "a mirror that is completed", PHASE_TRANSFER, .has_mirror = true,
      .lines = { { "BLOCK_JOB_COMPLETED", ENDED("mirror", ""), S,
                   IN_TRANSFER } } },
    { "a backup that fails is over", PHASE_TRANSFER,
      .lines = { { "BLOCK_JOB_COMPLETED", ENDED("backup", ",\"error\":\"no\""),
                   S, IN_TRANSFER } } },
    { "a mirror that stops", PHASE_TRANSFER, .has_mirror = true,
      .lines = { { "JOB_STATUS_CHANGE", STATUS("standby"), S, ASKS,
                   IN_TRANSFER },
                 { NULL, JOB("mirror", "standby", "0"), S, FAILS } } },
    { "a target that is full", PHASE_TRANSFER, .has_mirror = true,
      .lines = { { "BLOCK_JOB_ERROR", ENDED("mirror", ""), S, ASKS,
                   IN_TRANSFER } } },
    { "the stop of the guest pauses a job, too", PHASE_TRANSFER,
      .has_mirror = true,
      .lines = { { "STOP", NULL, S, IN_TRANSFER },
                 { "JOB_STATUS_CHANGE", STATUS("standby"), S, IN_TRANSFER },
                 { "JOB_STATUS_CHANGE", STATUS("ready"), S, IN_TRANSFER } } },
    { "a mirror that is in step", PHASE_TRANSFER, .has_mirror = true,
      .lines = { { PRE_SWITCHOVER, ASKS, IN_SWITCHOVER },
                 { NULL, JOB("mirror", "ready", "9"), S, CONTINUES,
                   IN_SWITCHOVER } } },
    { "a mirror that gets into step", PHASE_TRANSFER, .has_mirror = true,
      .lines = { { PRE_SWITCHOVER, ASKS, IN_SWITCHOVER },
                 { NULL, JOB("mirror", "ready", "8"), S, ASKS, IN_SWITCHOVER },
                 { NULL, JOB("mirror", "ready", "9"), S, CONTINUES,
                   IN_SWITCHOVER } } },
    { "a mirror that does not", PHASE_TRANSFER, .has_mirror = true,
      .lines = { { PRE_SWITCHOVER, ASKS, IN_SWITCHOVER },
                 { NULL, JOB("mirror", "ready", "8"), S, FAILS,
                   .wait_us = 6 * G_USEC_PER_SEC } } },
    { "a mirror that fails when the guest is stopped", PHASE_TRANSFER,
      .has_mirror = true,
      .lines = { { PRE_SWITCHOVER, ASKS, IN_SWITCHOVER },
                 { "BLOCK_JOB_COMPLETED", ENDED("mirror", ",\"error\":\"no\""),
                   S, FAILS } } },
    { "a question that is open at the switchover", PHASE_TRANSFER,
      .lines = { { "JOB_STATUS_CHANGE", STATUS("created"), S, ASKS,
                   IN_TRANSFER },
                 { PRE_SWITCHOVER, IN_TRANSFER },
                 { NULL, JOB("backup", "running", "0"), S, FAILS } } },
    { "and answered well", PHASE_TRANSFER,
      .lines = { { "JOB_STATUS_CHANGE", STATUS("created"), S, ASKS,
                   IN_TRANSFER },
                 { PRE_SWITCHOVER, IN_TRANSFER },
                 { NULL, JOB("create", "running", "0"), S, ASKS,
                   IN_SWITCHOVER },
                 { NULL, JOB("create", "running", "0"), S, CONTINUES,
                   IN_SWITCHOVER } } },
    { "where QEMU does not wait", PHASE_SWITCHOVER, .no_pause = true,
      .has_mirror = true,
      .lines = { { "JOB_STATUS_CHANGE", STATUS("created"), S, IN_SWITCHOVER,
                   .notes = "source: the block job 'j' was started when" },
                 { "BLOCK_JOB_COMPLETED", ENDED("mirror", ",\"error\":\"no\""),
                   S, IN_SWITCHOVER,
                   .notes = "source: the block job 'j' failed when" } } },
    { "in post-copy there is no way back", PHASE_POSTCOPY, .has_mirror = true,
      .lines = { { "BLOCK_JOB_ERROR", ENDED("mirror", ""), S, IN_POSTCOPY,
                   .notes = "source: the block job 'j' met an I/O error when" },
                 { "JOB_STATUS_CHANGE", STATUS("aborting"), S,
                   IN_POSTCOPY } } },
};

/* ---- a migration that is under way ---- */

typedef struct {
    MigrationSettings settings;
    Migration *m;
} Transfer;

static void feed(Migration *m, Event event)
{
    event.time_us = m->now_us + 1000;
    g_ptr_array_set_size(m->actions, 0);
    migration_feed(m, &event);
}

static Transfer *transfer_new(const Case *one)
{
    Transfer *transfer = g_new0(Transfer, 1);
    transfer->settings.uri = g_strdup("unix:/run/stream");
    transfer->settings.no_preflight = one->no_preflight;
    Migration *m = transfer->m = migration_new(&transfer->settings);
    m->phase = one->phase;
    m->will_pause = !one->no_pause;
    m->now_us = m->migrate_us = m->moved_us = G_USEC_PER_SEC;
    m->context = (OwnerContext){ .started = true,
                                 .ours = { .proof = OURS_PROVED },
                                 .guest_ran = true,
                                 .postcopy = one->phase == PHASE_POSTCOPY };
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        m->facts[side].connected = true;
        m->facts[side].status =
            one->phase == PHASE_POSTCOPY ? STATUS_POSTCOPY : STATUS_ACTIVE;
    }
    if (one->has_mirror) {
        g_autoptr(JsonNode) rows =
            json_from_string(JOB("mirror", "ready", "0"), NULL);
        m->jobs[S] = caps_jobs_parse(rows, NULL);
    }
    return transfer;
}

static void transfer_free(Transfer *transfer)
{
    migration_free(transfer->m);
    migration_settings_clear(&transfer->settings);
    g_free(transfer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Transfer, transfer_free)

static bool is_sent(const Migration *m, Side side, Ask ask)
{
    for (guint i = 0; i < m->actions->len; i++) {
        const Action *action = m->actions->pdata[i];
        if (action->side == side && action->ask == ask) {
            return true;
        }
    }
    return false;
}

static void say(Migration *m, const Line *line)
{
    g_autoptr(JsonNode) value =
        line->value ? json_from_string(line->value, NULL) : NULL;
    g_autoptr(JsonNode) none = json_from_string("[]", NULL);
    m->now_us += line->wait_us;
    if (line->event) {
        feed(m, (Event){ .kind = EVENT_QMP,
                         .side = line->side,
                         .name = line->event,
                         .data = value ? json_node_get_object(value) : NULL,
                         .qemu_time_us = 1 });
        return;
    }
    feed(m, (Event){ .kind = EVENT_REPLY,
                     .side = line->side,
                     .ask = ASK_JOBS,
                     .value = value });
    feed(m, (Event){ .kind = EVENT_REPLY,
                     .side = line->side,
                     .ask = ASK_BLOCK_JOBS,
                     .value = none });
}

static bool has_note(const Migration *m, const char *beginning)
{
    for (guint i = 0; i < m->notes->len; i++) {
        if (g_str_has_prefix(m->notes->pdata[i], beginning)) {
            return true;
        }
    }
    return false;
}

static void check_line(const Case *one, const Migration *m, const Line *line)
{
    bool asks = is_sent(m, line->side, ASK_BLOCK_JOBS);
    FailureCode code =
        line->phase == PHASE_RESOLVE ? FAILURE_BLOCK_JOB : FAILURE_NONE;
    if (asks != line->asks || m->phase != line->phase ||
        m->failure.code != code ||
        is_sent(m, S, TELL_CONTINUE) != line->continues ||
        (line->notes && !has_note(m, line->notes))) {
        fail_msg("%s, line %d: asks %d, phase %s, failure %s", one->what,
                 (int)(line - one->lines), asks, phase_row(m->phase)->name,
                 failure_row(m->failure.code)->word);
    }
}

static void a_job_that_must_end_ends_the_migration(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *one = &cases[i];
        g_autoptr(Transfer) transfer = transfer_new(one);
        for (size_t l = 0; l < G_N_ELEMENTS(one->lines); l++) {
            const Line *line = &one->lines[l];
            if (line->event || line->value) {
                say(transfer->m, line);
                check_line(one, transfer->m, line);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_must_end_ends_the_migration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
