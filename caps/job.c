/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/job.h"

#include <string.h>

#include "caps/units.h"
#include "qmp/json.h"

static void job_free(gpointer data)
{
    CapsJob *job = data;
    g_free(job->id);
    g_free(job->type);
    g_free(job->status);
    g_free(job->error);
    g_free(job->io_status);
    g_free(job);
}

static JsonArray *array_of(JsonNode *reply)
{
    return reply && JSON_NODE_HOLDS_ARRAY(reply) ? json_node_get_array(reply)
                                                 : NULL;
}

static JsonObject *row_of(JsonArray *rows, guint i)
{
    JsonNode *node = json_array_get_element(rows, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static CapsJob *parse_job(JsonObject *row)
{
    const char *id = row ? qmp_json_string(row, "id") : NULL;
    const char *type = row ? qmp_json_string(row, "type") : NULL;
    const char *status = row ? qmp_json_string(row, "status") : NULL;
    if (!id || !type || !status) {
        return NULL;
    }
    CapsJob *job = g_new0(CapsJob, 1);
    job->id = g_strdup(id);
    job->type = g_strdup(type);
    job->status = g_strdup(status);
    job->error = g_strdup(qmp_json_string(row, "error"));
    qmp_json_size(row, "current-progress", &job->done_bytes);
    qmp_json_size(row, "total-progress", &job->total_bytes);
    return job;
}

/* After the block layer has drained a job, the job is still in the status of a
 * paused one for a moment, and goes on by itself. */
static void take_resumed(CapsJob *job)
{
    bool is_ready = strcmp(job->status, "standby") == 0;
    if (is_ready || strcmp(job->status, "paused") == 0) {
        g_free(job->status);
        job->status = g_strdup(is_ready ? "ready" : "running");
    }
}

static void add_block_job(GPtrArray *jobs, JsonObject *row)
{
    const char *id = row ? qmp_json_string(row, "device") : NULL;
    for (guint i = 0; id && i < jobs->len; i++) {
        CapsJob *job = jobs->pdata[i];
        if (strcmp(job->id, id) == 0) {
            bool paused = true;
            g_free(job->io_status);
            job->io_status = g_strdup(qmp_json_string(row, "io-status"));
            qmp_json_bool(row, "paused", &paused);
            if (!paused) {
                take_resumed(job);
            }
        }
    }
}

GPtrArray *caps_jobs_parse(JsonNode *query_jobs, JsonNode *query_block_jobs)
{
    JsonArray *rows = array_of(query_jobs);
    JsonArray *block_rows = array_of(query_block_jobs);
    if (!rows) {
        return NULL;
    }
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        CapsJob *job = parse_job(row_of(rows, i));
        if (!job) {
            return NULL;
        }
        g_ptr_array_add(jobs, job);
    }
    for (guint i = 0; block_rows && i < json_array_get_length(block_rows);
         i++) {
        add_block_job(jobs, row_of(block_rows, i));
    }
    return g_steal_pointer(&jobs);
}

static bool is_of(const CapsJob *job, const char *type, const char *status)
{
    return strcmp(job->type, type) == 0 && strcmp(job->status, status) == 0;
}

static bool is_io_stopped(const CapsJob *job)
{
    return job->io_status && strcmp(job->io_status, "ok") != 0;
}

bool caps_job_is_alive(const CapsJob *job)
{
    return strcmp(job->status, "concluded") != 0 &&
           strcmp(job->status, "null") != 0;
}

bool caps_job_is_behind(const CapsJob *job)
{
    return is_of(job, "mirror", "ready") && job->done_bytes < job->total_bytes;
}

/*
 * What a job of each type does if the guest leaves while the job is alive.
 * Measured with 7.2, 10.0 and 11.1; a type that is not here is refused, too.
 */
/* clang-format off */
static const struct {
    const char *type, *why; /* NULL: no harm */
} types[] = {
    { "mirror", "its target would be incomplete" },
    { "commit", "QEMU cannot hand over the disks while it runs" },
    { "backup", "QEMU cannot hand over the disks while it runs" },
    { "stream", "it would go on writing to a disk that the destination uses" },
    { "create", NULL },
};

/* How to end a job by its status; NULL in @type: of any type. */
static const struct {
    const char *type, *status, *hint;
} hints[] = {
    { "commit", "ready", "complete it: qmigrate qmp QMP job-complete id=%s" },
    { "mirror", "standby", "let it go on: qmigrate qmp QMP job-resume id=%s" },
    { NULL, "paused", "let it go on: qmigrate qmp QMP job-resume id=%s" },
    { NULL, "pending", "finish it: qmigrate qmp QMP job-finalize id=%s" },
    { NULL, "concluded", "remove it: qmigrate qmp QMP job-dismiss id=%s" },
    { "mirror", NULL, "wait until query-block-jobs says that it is ready, or "
      "cancel it: qmigrate qmp QMP job-cancel id=%s" },
    { NULL, NULL, "wait for its end, or cancel it: qmigrate qmp QMP "
      "job-cancel id=%s" },
};
/* clang-format on */

static const char *why_not(const CapsJob *job)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i].type, job->type) == 0) {
            return types[i].why;
        }
    }
    return "what this type of job does to a disk is not known here";
}

static char *hint_for(const CapsJob *job)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hints); i++) {
        bool fits = (!hints[i].type || !strcmp(hints[i].type, job->type)) &&
                    (!hints[i].status || !strcmp(hints[i].status, job->status));
        if (fits) {
            g_auto(GStrv) parts = g_strsplit(hints[i].hint, "%s", 2);
            return g_strjoin(job->id, parts[0], parts[1], NULL);
        }
    }
    return NULL;
}

static char *progress_to_text(const CapsJob *job)
{
    if (job->total_bytes == 0) {
        return g_strdup("");
    }
    g_autofree char *done = unit_format(job->done_bytes, UNIT_BYTES);
    g_autofree char *total = unit_format(job->total_bytes, UNIT_BYTES);
    return g_strdup_printf(", %s of %s", done, total);
}

/* A job that is over harms nothing, but a mirror that failed leaves a target
 * that looks like a disk. */
static void judge_concluded(const CapsJob *job, Side side, GPtrArray *findings)
{
    bool is_error = job->error && strcmp(job->type, "mirror") == 0;
    findings_add(findings, FINDING_BLOCK_JOB,
                 is_error ? FINDING_ERROR : FINDING_WARNING, side,
                 is_error
                     ? g_strdup_printf("start it again, or remove it if its "
                                       "target is not used: qmigrate qmp QMP "
                                       "job-dismiss id=%s",
                                       job->id)
                     : hint_for(job),
                 "the %s job '%s' %s%s%s", job->type, job->id,
                 job->error ? "failed: " : "is over and was not dismissed",
                 job->error ? job->error : "",
                 is_error ? "; its target is incomplete" : "");
}

static void judge_alive(const CapsJob *job, Side side, bool waits,
                        GPtrArray *findings)
{
    const char *why = why_not(job);
    g_autofree char *progress = progress_to_text(job);
    bool is_ready = is_of(job, "mirror", "ready");
    if (is_io_stopped(job)) {
        findings_add(findings, FINDING_BLOCK_JOB, FINDING_ERROR, side,
                     hint_for(job),
                     "the %s job '%s' (%s%s) met an I/O error: %s", job->type,
                     job->id, job->status, progress, job->io_status);
    } else if (is_ready) {
        findings_add(findings, FINDING_BLOCK_JOB, FINDING_WARNING, side,
                     g_strdup_printf("cancel it at the end of the migration, "
                                     "which keeps the copy: qmigrate qmp QMP "
                                     "block-job-cancel device=%s",
                                     job->id),
                     "the mirror job '%s' is ready, and nothing ends it when "
                     "the guest leaves%s",
                     job->id,
                     waits ? ""
                           : "; what the guest writes last may be missing "
                             "from its target");
    } else if (why) {
        findings_add(findings, FINDING_BLOCK_JOB, FINDING_ERROR, side,
                     hint_for(job), "the %s job '%s' is not over (%s%s): %s",
                     job->type, job->id, job->status, progress, why);
    } else {
        findings_add(findings, FINDING_BLOCK_JOB, FINDING_WARNING, side,
                     hint_for(job), "the %s job '%s' is not over (%s%s)",
                     job->type, job->id, job->status, progress);
    }
}

void caps_jobs_judge(const GPtrArray *jobs, Side side, bool waits,
                     GPtrArray *findings)
{
    for (guint i = 0; jobs && i < jobs->len; i++) {
        const CapsJob *job = jobs->pdata[i];
        if (strcmp(job->status, "concluded") == 0) {
            judge_concluded(job, side, findings);
        } else if (caps_job_is_alive(job)) {
            judge_alive(job, side, waits, findings);
        }
    }
}
