/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/output.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps/units.h"
#include "qmp/json.h"
#include "tools/plain.h"

#define DECISIONS_MAX 8 /* that fit on a screen */

/* A device, a pipe, or a link to whatever: what a rename would put away. */
static gboolean is_special(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
           !S_ISDIR(st.st_mode);
}

gboolean output_check(const char *option, const char *path, GError **error)
{
    if (*path == '\0') {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "--%s: the name of the file is empty", option);
        return FALSE;
    }
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR,
                    "--%s: %s is a folder", option, path);
        return FALSE;
    }
    if (strcmp(path, "-") == 0 || is_special(path)) {
        return TRUE;
    }
    /* It will come by rename, so the folder is what must be writable. */
    g_autofree char *probe = g_strdup_printf("%s.XXXXXX", path);
    int fd = g_mkstemp(probe);
    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "--%s: cannot write %s: %s", option, path,
                    g_strerror(errno));
        return FALSE;
    }
    close(fd);
    g_unlink(probe);
    return TRUE;
}

/* @code is an errno, 0: it was written. */
static gboolean is_written(int code, const char *where, GError **error)
{
    if (code != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
                    "cannot write the result to %s: %s", where,
                    g_strerror(code));
    }
    return code == 0;
}

/* The caller of a failed write reports it; output_flush() need not again. */
static gboolean is_reported;

gboolean output_write_text(const char *path, const char *text, GError **error)
{
    if (strcmp(path, "-") == 0) {
        plain_print(stdout, "%s", text);
        int code = plain_flush(stdout);
        is_reported |= code != 0;
        return is_written(code, "standard output", error);
    }
    if (is_special(path)) {
        return is_written(plain_write(path, text), path, error);
    }
    return g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666, error);
}

gboolean output_write_json(const char *path, JsonNode *node, GError **error)
{
    g_autofree char *body = json_to_string(node, /* pretty= */ TRUE);
    g_autofree char *plain = plain_json(body);
    g_autofree char *text = g_strconcat(plain, "\n", NULL);
    return output_write_text(path, text, error);
}

/* A reader that stops early, as head does, does not want to read more. */
gboolean output_flush(void)
{
    int code = plain_flush(stdout);
    if (code != 0 && code != EPIPE && !is_reported) {
        is_reported = TRUE;
        plain_print(stderr, "error: cannot write to standard output: %s\n",
                    g_strerror(code));
    }
    return code == 0 && plain_flush(stderr) == 0;
}

int output_exit_code(int exit_code, Outcome unwritten)
{
    gboolean is_complete = output_flush();
    return exit_code != 0 || is_complete ? exit_code
                                         : outcome_row(unwritten)->exit_code;
}

int output_conclude(int exit_code, Outcome unwritten, const char *json,
                    JsonNode *document)
{
    g_autoptr(GError) error = NULL;
    if (json && !output_write_json(json, document, &error)) {
        plain_print(stderr, "error: %s\n", error->message);
        exit_code = exit_code ? exit_code : outcome_row(unwritten)->exit_code;
    }
    return output_exit_code(exit_code, unwritten);
}

/* Microseconds as people read them; "?" when not known. */
static const char *span(JsonObject *object, const char *name, char text[32])
{
    int64_t us;
    if (!object || !qmp_json_int64(object, name, &us)) {
        return "?";
    }
    if (us < 100000) {
        g_snprintf(text, 32, "%.1f ms", us / 1e3);
    } else if (us < 1000000) {
        g_snprintf(text, 32, "%.0f ms", us / 1e3);
    } else {
        g_snprintf(text, 32, "%.2f s", us / 1e6);
    }
    return text;
}

static int64_t number(JsonObject *object, const char *name)
{
    int64_t value = -1;
    if (object) {
        qmp_json_int64(object, name, &value);
    }
    return value;
}

/* All that a recovery knows: its own time, and what QEMU says of the whole. */
static void print_recovery(JsonObject *time, int64_t sent)
{
    int64_t qemu_us = number(time, "qemu_total");
    char text[32];
    plain_print(stdout, "  time       %s for the recovery",
                span(time, "total", text));
    if (qemu_us >= 0) {
        plain_print(stdout, "; the migration took %s, as QEMU says",
                    span(time, "qemu_total", text));
    }
    plain_print(stdout, "\n");
    if (sent >= 0) {
        g_autofree char *amount = unit_format(sent, UNIT_BYTES);
        plain_print(stdout, "  sent       %s\n", amount);
    }
}

static void print_transfer(JsonObject *result)
{
    static const struct {
        const char *member, *name;
    } parts[] = { { "setup", "setup" },
                  { "precopy", "pre-copy" },
                  { "switchover", "switchover" },
                  { "postcopy", "post-copy" } };
    JsonObject *time = qmp_json_object(result, "time_us");
    JsonObject *bytes = qmp_json_object(result, "bytes");
    JsonArray *passes = qmp_json_array(result, "passes");
    int64_t sent = number(bytes, "transferred");
    int64_t total_us = number(time, "total");
    char text[32];

    if (total_us < 0) {
        return;
    }
    if (number(time, "precopy") < 0) {
        print_recovery(time, sent);
        return;
    }
    plain_print(stdout, "  time       %s in all", span(time, "total", text));
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (number(time, parts[i].member) >= 0) {
            plain_print(stdout, "%s %s %s", i == 0 ? ":" : ",", parts[i].name,
                        span(time, parts[i].member, text));
        }
    }
    plain_print(stdout, "\n");
    if (sent >= 0) {
        guint n_passes = passes ? json_array_get_length(passes) : 0;
        g_autofree char *amount = unit_format(sent, UNIT_BYTES);
        g_autofree char *rate =
            unit_format(total_us > 0 ? (uint64_t)(sent * 1e6 / total_us) : 0,
                        UNIT_BYTES_PER_SECOND);
        plain_print(stdout, "  sent       %s in %u pass%s, %s\n", amount,
                    n_passes, n_passes == 1 ? "" : "es", rate);
    }
}

static void print_downtime(JsonObject *result)
{
    JsonObject *downtime = qmp_json_object(result, "downtime_us");
    JsonObject *verify = qmp_json_object(result, "verify");
    char a[32], b[32], c[32], d[32], e[32];

    if (!downtime || number(downtime, "events") < 0) {
        return;
    }
    plain_print(
        stdout,
        "  downtime   QEMU says %s, STOP to RESUME %s (%s of it our cont)",
        span(downtime, "qemu", a), span(downtime, "events", b),
        span(downtime, "handover", c));
    if (number(downtime, "guest") >= 0) {
        plain_print(stdout, ", the guest saw %s (jitter before: %s)",
                    span(downtime, "guest", d), span(verify, "jitter_us", e));
    }
    if (number(downtime, "limit") >= 0) {
        plain_print(stdout, "; limit %s", span(downtime, "limit", d));
    }
    plain_print(stdout, "\n");
}

static void print_verify(JsonObject *result)
{
    JsonObject *verify = qmp_json_object(result, "verify");
    const char *memory = verify ? qmp_json_string(verify, "memory") : NULL;
    int64_t lost = number(verify, "heartbeats_lost");
    char text[32];

    if (!memory) {
        return;
    }
    if (number(verify, "pages") < 0) {
        plain_print(stdout, "  memory     not checked\n");
        return;
    }
    plain_print(stdout,
                "  memory     %s: %" G_GINT64_FORMAT
                " pages checked, %" G_GINT64_FORMAT " bad, %" G_GINT64_FORMAT
                " writes lost\n",
                memory, number(verify, "pages"), number(verify, "bad_pages"),
                number(verify, "lost_writes"));
    plain_print(stdout,
                "  heartbeats %" G_GINT64_FORMAT " lost, %" G_GINT64_FORMAT
                " repeated, longest stall %s\n",
                lost, number(verify, "heartbeats_repeated"),
                span(verify, "longest_stall_us", text));
}

/* "4.71 s (+0.1 %)", or that it was said not to converge. */
static void print_said(JsonObject *prediction, const char *name)
{
    JsonObject *said = qmp_json_object(prediction, name);
    JsonObject *errors = qmp_json_object(prediction, "error_percent");
    double error;
    char text[32];
    if (!said) {
        return;
    }
    if (number(said, "downtime_us") >= 0) {
        plain_print(stdout, ", %s %s", name, span(said, "total_us", text));
    } else {
        plain_print(stdout, ", %s that it comes to no end", name);
    }
    if (errors && qmp_json_double(errors, name, &error)) {
        plain_print(stdout, " (%+.1f %%)", error);
    }
}

/* Beside what it took. */
static void print_prediction(JsonObject *result)
{
    JsonObject *prediction = qmp_json_object(result, "prediction");
    JsonObject *actual =
        prediction ? qmp_json_object(prediction, "actual") : NULL;
    char text[32];
    if (!actual) {
        return;
    }
    if (number(actual, "total_us") >= 0) {
        plain_print(stdout, "  predicted  of %s",
                    span(actual, "total_us", text));
    } else {
        plain_print(stdout, "  predicted  of what came to no end");
    }
    print_said(prediction, "before");
    print_said(prediction, "corrected");
    plain_print(stdout, "\n");
}

static void print_decision(JsonObject *decision, const char *policy)
{
    const char *parameter = qmp_json_string(decision, "parameter");
    g_autofree char *what =
        parameter ? g_strdup_printf("%s=%" G_GINT64_FORMAT, parameter,
                                    number(decision, "value"))
                  : g_strdup(qmp_json_string(decision, "action"));
    plain_print(stdout, "  policy     %s, %.1f s: %s: %s\n", policy,
                number(decision, "time_us") / 1e6, what,
                qmp_json_string(decision, "reason"));
}

/* What the policy did and why; of many, the first and the last. */
static void print_decisions(JsonObject *result)
{
    JsonArray *decisions = qmp_json_array(result, "decisions");
    const char *policy = qmp_json_string(result, "policy");
    guint n = decisions ? json_array_get_length(decisions) : 0;
    guint n_left_out = n > DECISIONS_MAX ? n - DECISIONS_MAX : 0;

    for (guint i = 0; i < n; i++) {
        if (n_left_out > 0 && i == DECISIONS_MAX / 2) {
            plain_print(stdout, "  policy     (%u more in --json)\n",
                        n_left_out);
            i += n_left_out;
        }
        print_decision(json_array_get_object_element(decisions, i), policy);
    }
}

/* Did it work, for each wish. */
static void print_wishes(JsonObject *result)
{
    static const struct {
        const char *worked, *words;
    } verdicts[] = { { "yes", "worked" },
                     { "no", "did NOT work" },
                     { "idle", "was not needed" },
                     { "set", "was set" },
                     { "unknown", "is not known to have worked" } };
    JsonObject *features = qmp_json_object(result, "features");
    JsonArray *wishes = features ? qmp_json_array(features, "wishes") : NULL;
    for (guint i = 0; wishes && i < json_array_get_length(wishes); i++) {
        JsonObject *wish = json_array_get_object_element(wishes, i);
        const char *worked = qmp_json_string(wish, "worked");
        for (size_t j = 0; j < G_N_ELEMENTS(verdicts); j++) {
            if (strcmp(verdicts[j].worked, worked) == 0) {
                plain_print(stdout, "  wish       %s %s: %s\n",
                            qmp_json_string(wish, "name"), verdicts[j].words,
                            qmp_json_string(wish, "text"));
            }
        }
    }
}

/* What was decided or is worth knowing: the preflight's notes, then the run's. */
static void print_notes(JsonObject *result)
{
    JsonArray *findings = qmp_json_array(result, "findings");
    for (guint i = 0; findings && i < json_array_get_length(findings); i++) {
        JsonObject *finding = json_array_get_object_element(findings, i);
        if (strcmp(qmp_json_string(finding, "severity"), "note") == 0) {
            plain_print(stdout, "  note       %s\n",
                        qmp_json_string(finding, "text"));
        }
    }
    JsonArray *notes = qmp_json_array(result, "notes");
    for (guint i = 0; notes && i < json_array_get_length(notes); i++) {
        plain_print(stdout, "  note       %s\n",
                    json_array_get_string_element(notes, i));
    }
}

const char *output_meaning(JsonNode *node)
{
    return qmp_json_string(json_node_get_object(node), "text");
}

void output_print_result(JsonNode *node)
{
    JsonObject *result = json_node_get_object(node);
    plain_print(stdout, "%s: %s\n", qmp_json_string(result, "outcome"),
                output_meaning(node));
    print_transfer(result);
    print_downtime(result);
    print_verify(result);
    print_prediction(result);
    print_decisions(result);
    if (number(qmp_json_object(result, "time_us"), "total") >= 0) {
        print_wishes(result);
    }
    print_notes(result);
    plain_flush(stdout);
}
