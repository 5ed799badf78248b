/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate qmp: one command, a script, a shell, or only the events. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "caps/units.h"
#include "orchestrator/outcome.h"
#include "tools/interrupt.h"
#include "tools/monitors.h"
#include "tools/qmp/line.h"
#include "tools/qmp/script.h"
#include "tools/qmp/shell.h"
#include "tools/qmp/show.h"
#include "tools/settings.h"
#include "tools/verb.h"

#define TIMEOUT_MS 10000u

typedef struct {
    GMainLoop *loop;
    char **words; /* COMMAND NAME=VALUE..., may be empty */
    gboolean is_oob;
    gboolean shows_events; /* as JSON lines, on and on */
    uint64_t n_events;     /* until there were so many; 0: no end */
    Script *script;
    int exit_code;
    bool is_over;
} Session;

static void finish(Session *session, int exit_code)
{
    if (!session->is_over) {
        session->is_over = true;
        session->exit_code = exit_code;
        g_main_loop_quit(session->loop);
    }
}

static void on_ended(int exit_code, gpointer user_data)
{
    finish(user_data, exit_code);
}

static void on_interrupt(gpointer user_data)
{
    finish(user_data, 0);
}

/* The first message is the one that explains; what follows from it is not. */
static void fail(Session *session, const char *where, const GError *error)
{
    if (!session->is_over) {
        shell_stop();
        finish(session, show_failure(where, error));
    }
}

static void check_output(Session *session, bool is_written)
{
    if (!is_written) {
        finish(session, outcome_row(OUTCOME_ERROR)->exit_code);
    }
}

static void on_event(Talk *talk, const char *text, size_t n, gpointer user_data)
{
    Session *session = user_data;

    if (session->is_over || shell_show_event(text, n) ||
        !session->shows_events) {
        return;
    }
    check_output(session, show_line(text, n));
    if (session->n_events > 0 && --session->n_events == 0) {
        finish(session, 0);
    }
}

static void on_over(Talk *talk, const GError *error, gpointer user_data)
{
    Session *session = user_data;

    if (talk_ends_as_told(talk)) {
        finish(session, session->exit_code);
    } else {
        fail(session, NULL, error);
    }
}

static void on_answer(Talk *talk, const QmpCommand *command, const char *value,
                      size_t n, const GError *error, gpointer user_data)
{
    Session *session = user_data;

    if (error) {
        fail(session, show_is_fatal(error) ? NULL : command->name, error);
    } else if (session->shows_events) {
        check_output(session, show_line(value, n));
    } else {
        check_output(session, show_value(value, n));
        finish(session, 0);
    }
}

static void say_one(Session *session, Talk *talk)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpCommand) command = line_command(
        talk_schema(talk), session->words, session->is_oob, &error);

    if (command) {
        talk_say(talk, command, on_answer, session);
    } else {
        fail(session, NULL, error);
    }
}

static void on_ready(Talk *talk, gpointer user_data)
{
    Session *session = user_data;

    if (session->is_over) {
        return;
    }
    if (session->words[0]) {
        say_one(session, talk);
    } else if (session->shows_events) {
        return;
    } else if (isatty(STDIN_FILENO)) {
        shell_start(talk, on_ended, session);
    } else {
        session->script = script_new(talk, on_ended, session);
    }
}

static int run(Session *session, const QmpAddress *address, unsigned timeout_ms)
{
    const TalkHandlers handlers = { on_ready, on_event, on_over };

    session->loop = g_main_loop_new(NULL, FALSE);
    if (session->shows_events) {
        interrupt_watch(on_interrupt, session);
    }
    Talk *talk = talk_new(address, timeout_ms, &handlers, session);
    g_main_loop_run(session->loop);

    shell_stop();
    g_clear_pointer(&session->script, script_free);
    talk_free(talk);
    g_main_loop_unref(session->loop);
    return session->exit_code;
}

/* What GOption fills in. */
static struct {
    char *time_limit;
    gboolean is_oob;
    char *n_events;
    char *tls_folder;
} options;

/* GOption would take the address behind a bare --events for its value. */
static void spell_events_out(char **argv)
{
    static char every[] = "--events=0";

    for (; *argv; argv++) {
        if (strcmp(*argv, "--events") == 0) {
            *argv = every;
        }
    }
}

/* clang-format off */
static const GOptionEntry entries[] = {
    { "timeout", 0, 0, G_OPTION_ARG_STRING, &options.time_limit,
      "Wait so long for the connection and for each answer, e.g. 2s (default "
      "10s; bare: milliseconds)", "TIME" },
    { "oob", 0, 0, G_OPTION_ARG_NONE, &options.is_oob,
      "Send the command out of band: it overtakes those that wait", NULL },
    { "events", 0, 0, G_OPTION_ARG_STRING, &options.n_events,
      "Stay and print the events as JSON lines, N of them or until interrupted",
      "N" },
    MONITORS_TLS_ENTRY(options.tls_folder),
    { NULL }
};
/* clang-format on */

static gboolean take_options(Session *session, uint64_t *timeout_ms,
                             GError **error)
{
    g_autofree char *time_limit = options.time_limit;
    g_autofree char *n_events = options.n_events;

    *timeout_ms = TIMEOUT_MS;
    session->is_oob = options.is_oob;
    session->shows_events = n_events != NULL;
    if (time_limit && !option_quantity("timeout", time_limit, UNIT_MILLISECONDS,
                                       timeout_ms, error)) {
        return FALSE;
    }
    *timeout_ms = MIN(*timeout_ms, G_MAXINT);
    if (n_events && !option_quantity("events", n_events, UNIT_NONE,
                                     &session->n_events, error)) {
        return FALSE;
    }
    if (session->words[0] && g_str_has_prefix(session->words[0], "--")) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s': options stand before QMP", session->words[0]);
        return FALSE;
    }
    if (session->is_oob && !session->words[0]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--oob wants a COMMAND; in the shell it stands before it");
        return FALSE;
    }
    return TRUE;
}

int verb_qmp(int argc, char **argv)
{
    Session session = { 0 };
    uint64_t timeout_ms = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpAddress) address = NULL;

    spell_events_out(argv);
    if (!options_parse(
            entries, "QMP [COMMAND [NAME=VALUE...]]",
            "Sends one command to a QEMU and prints what it "
            "returns; without COMMAND\nopens a shell, or reads "
            "commands from standard input, one a line.\n" MONITORS_HELP,
            &argc, &argv, &error)) {
        return usage_failed("qmp", error);
    }
    if (argc < 2) {
        g_set_error(&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "QMP, the address of a monitor, is missing");
        return usage_failed("qmp", error);
    }
    session.words = argv + 2;
    if (!take_options(&session, &timeout_ms, &error) ||
        !monitors_read(&argv[1], 1, options.tls_folder, &address, &error)) {
        return usage_failed("qmp", error);
    }
    return run(&session, address, timeout_ms);
}
