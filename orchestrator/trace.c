/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/trace.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "orchestrator/decision.h"
#include "orchestrator/report.h"
#include "qmp/json.h"

struct Trace {
    FILE *file;
    char *path;
    GString *lines; /* not written yet */
    gboolean held;  /* in the blackout */
    int error;      /* errno of the first failed write */
};

Trace *trace_open(const char *path, GError **error)
{
    struct stat st;
    /* A pipe whose reader sleeps would hold us up, with the guest stopped. */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "cannot write the trace %s: it is no plain file", path);
        return NULL;
    }
    FILE *file = g_fopen(path, "we");
    if (!file) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot write the trace %s: %s", path, g_strerror(errno));
        return NULL;
    }
    Trace *trace = g_new0(Trace, 1);
    trace->file = file;
    trace->path = g_strdup(path);
    trace->lines = g_string_new(NULL);
    return trace;
}

static void flush(Trace *trace)
{
    /* After an error nothing more: a trace with a hole would be believed. */
    if (trace->error == 0 && trace->lines->len > 0 &&
        (fwrite(trace->lines->str, trace->lines->len, 1, trace->file) != 1 ||
         fflush(trace->file) != 0)) {
        trace->error = errno;
    }
    g_string_truncate(trace->lines, 0);
}

gboolean trace_close(Trace *trace, GError **error)
{
    flush(trace);
    if (fclose(trace->file) != 0 && trace->error == 0) {
        trace->error = errno;
    }
    int code = trace->error;
    if (code != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
                    "the trace %s is not complete: %s", trace->path,
                    g_strerror(code));
    }
    g_string_free(trace->lines, TRUE);
    g_free(trace->path);
    g_free(trace);
    return code == 0;
}

static void end_line(Trace *trace)
{
    g_string_append(trace->lines, "}\n");
    if (!trace->held) {
        flush(trace);
    }
}

static void start_line(Trace *trace, int64_t time_us, const char *kind)
{
    g_string_append_printf(trace->lines,
                           "{\"time_us\":%" G_GINT64_FORMAT ",\"kind\":\"%s\"",
                           time_us, kind);
}

static void add_string(Trace *trace, const char *name, const char *value)
{
    if (value) {
        g_autoptr(JsonNode) node =
            json_node_init_string(json_node_alloc(), value);
        g_autofree char *text = qmp_json_to_text(node);
        g_string_append_printf(trace->lines, ",\"%s\":%s", name, text);
    }
}

static void add_int(Trace *trace, const char *name, int64_t value)
{
    g_string_append_printf(trace->lines, ",\"%s\":%" G_GINT64_FORMAT, name,
                           value);
}

static bool has_side(EventKind kind)
{
    return kind != EVENT_START && kind != EVENT_TICK &&
           kind != EVENT_DEADLINE && kind != EVENT_CANCEL &&
           kind != EVENT_DETACH;
}

static bool has_ask(EventKind kind)
{
    return kind == EVENT_REPLY || kind == EVENT_REFUSED || kind == EVENT_SILENT;
}

void trace_settings(Trace *trace, const MigrationSettings *settings)
{
    if (!trace) {
        return;
    }
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, report_requested(settings));
    g_autofree char *text = qmp_json_to_text(node);
    start_line(trace, g_get_monotonic_time(), "settings");
    g_string_append_printf(trace->lines, ",\"requested\":%s", text);
    end_line(trace);
}

void trace_event(Trace *trace, const Migration *m, const Event *event)
{
    if (!trace) {
        return;
    }
    trace->held = migration_is_in_blackout(m);
    start_line(trace, event->time_us, "event");
    add_string(trace, "event", event_name(event->kind));
    if (has_side(event->kind)) {
        add_string(trace, "side", side_name(event->side));
    }
    if (has_ask(event->kind)) {
        add_string(trace, "ask", ask_name(event->ask));
    }
    add_string(trace, "text", event->text);
    if (event->kind == EVENT_LOST) {
        add_string(trace, "code", failure_row(event->code)->word);
    }
    if (event->kind == EVENT_CONNECTED) {
        add_int(trace, "pid", event->pid);
        add_string(trace, "version", event->version);
    }
    if (event->kind == EVENT_QMP) {
        add_string(trace, "name", event->name);
        add_int(trace, "qemu_time_us", event->qemu_time_us);
    }
    /* The schema is large and always the same: the qmp line has it. */
    if (event->value && event->ask != ASK_SCHEMA) {
        g_autofree char *text = qmp_json_to_text(event->value);
        g_string_append_printf(trace->lines, ",\"value\":%s", text);
    }
    if (event->data) {
        g_autoptr(JsonNode) node =
            json_node_init_object(json_node_alloc(), event->data);
        g_autofree char *text = qmp_json_to_text(node);
        g_string_append_printf(trace->lines, ",\"data\":%s", text);
    }
    end_line(trace);
}

void trace_decision(Trace *trace, const Migration *m, const Verdict *verdict)
{
    if (!trace) {
        return;
    }
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, decision_to_json(verdict));
    g_autofree char *text = qmp_json_to_text(node);
    start_line(trace, m->now_us, "decision");
    g_string_append_printf(trace->lines, ",\"decision\":%s", text);
    end_line(trace);
}

void trace_phase(Trace *trace, const Migration *m, PhaseId from)
{
    if (!trace) {
        return;
    }
    start_line(trace, m->now_us, "phase");
    add_string(trace, "from", phase_row(from)->name);
    add_string(trace, "to", phase_row(m->phase)->name);
    add_string(trace, "why", m->failure.message);
    end_line(trace);

    trace->held = migration_is_in_blackout(m);
    if (!trace->held) {
        flush(trace);
    }
}

void trace_qmp(Trace *trace, Side side, gboolean sent, const char *line,
               size_t n, int64_t time_us)
{
    if (!trace) {
        return;
    }
    while (n > 0 && g_ascii_isspace(line[n - 1])) {
        n--;
    }
    start_line(trace, time_us, "qmp");
    add_string(trace, "side", side_name(side));
    add_string(trace, "direction", sent ? "sent" : "received");
    g_string_append(trace->lines, ",\"message\":");
    /* pretty=on puts line feeds between its tokens; strings have none. */
    for (size_t i = 0; i < n; i++) {
        if (line[i] != '\n' && line[i] != '\r') {
            g_string_append_c(trace->lines, line[i]);
        }
    }
    end_line(trace);
}
