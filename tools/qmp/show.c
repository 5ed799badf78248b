/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/qmp/show.h"

#include <stdio.h>
#include <string.h>

#include "orchestrator/failure.h"
#include "qmp/error.h"
#include "tools/plain.h"
#include "tools/qmp/raw-json.h"

static bool put_line(const char *json)
{
    plain_print_json(stdout, json);
    return plain_flush(stdout) == 0;
}

bool show_value(const char *value, size_t n)
{
    g_autofree char *text = raw_json_indent(value, n);
    return put_line(text);
}

bool show_line(const char *value, size_t n)
{
    g_autofree char *text = raw_json_line(value, n);
    return put_line(text);
}

static int64_t member_int(const char *text, size_t n, const char *name)
{
    size_t length = 0;
    const char *value = raw_json_member(text, n, name, &length);
    g_autofree char *digits = g_strndup(value ? value : "-1", length);
    return g_ascii_strtoll(digits, NULL, 10);
}

/* QEMU's clock, since it may be on another machine; it gives -1 for unknown. */
static char *time_text(const char *event, size_t n)
{
    size_t length = 0;
    const char *stamp = raw_json_member(event, n, "timestamp", &length);
    int64_t seconds = stamp ? member_int(stamp, length, "seconds") : -1;
    int64_t us = stamp ? member_int(stamp, length, "microseconds") : -1;
    g_autoptr(GDateTime) utc =
        seconds < 0 ? NULL : g_date_time_new_from_unix_utc(seconds);
    g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;
    g_autofree char *clock =
        local ? g_date_time_format(local, "%H:%M:%S") : NULL;

    return clock && us >= 0
               ? g_strdup_printf("%s.%03d", clock, (int)(us / 1000 % 1000))
               : g_strdup("--:--:--.---");
}

char *show_event_text(const char *event, size_t n)
{
    g_autofree char *when = time_text(event, n);
    size_t n_name = 0, n_data = 0;
    const char *name = raw_json_member(event, n, "event", &n_name);
    const char *data = raw_json_member(event, n, "data", &n_data);
    g_autofree char *name_text = raw_json_line(name ? name : "", n_name);
    g_autofree char *data_text = raw_json_line(data ? data : "", n_data);

    /* Without its quotes. */
    size_t length = strlen(name_text);
    return g_strdup_printf("%s %.*s %s", when, length > 2 ? (int)length - 2 : 0,
                           name_text + 1, data_text);
}

/* QEMU's own refusal needs no hint: it says itself what is wrong. */
static FailureCode code_of(const GError *error)
{
    FailureCode code = failure_code_from_qmp(error);
    if (code != FAILURE_NONE) {
        return code;
    }
    return error->domain == QMP_ERROR ? FAILURE_ENVIRONMENT : FAILURE_USAGE;
}

int show_failure(const char *where, const GError *error)
{
    Failure failure = { .code = code_of(error), .phase = where };

    failure.message = g_strdup(error->message);
    if (failure.code == FAILURE_USAGE) {
        failure.hint =
            g_strdup("see qmigrate qmp --help, or help in the shell");
    }
    g_autofree char *text = failure_to_text(&failure);
    plain_flush(stdout);
    plain_print(stderr, "%s", text);
    int exit_code = outcome_row(failure_row(failure.code)->outcome)->exit_code;
    failure_clear(&failure);
    return exit_code;
}

bool show_is_fatal(const GError *error)
{
    return g_error_matches(error, QMP_ERROR, QMP_ERROR_CLOSED) ||
           g_error_matches(error, QMP_ERROR, QMP_ERROR_PROTOCOL);
}
