/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * readline is global, so the shell is too.  Between two keys the loop runs; what
 * it prints then takes the line away first and puts it back after.
 */
#include "tools/qmp/shell.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <readline/readline.h>

#include "tools/plain.h"
#include "tools/qmp/complete.h"
#include "tools/qmp/help.h"
#include "tools/qmp/history.h"
#include "tools/qmp/line.h"
#include "tools/qmp/show.h"

#define PROMPT "qemu> "

enum {
    WATCH_INPUT,
    WATCH_INT,
    WATCH_TERM,
    WATCH_HUP,
    WATCH_WINCH,
    WATCH_CONT,
    N_WATCHES
};

static struct {
    Talk *talk; /* NULL: there is no shell */
    ShellEnded *ended;
    gpointer user_data;
    guint watches[N_WATCHES];
    int continued;         /* a signalfd */
    bool is_line_shown;    /* the prompt is on the screen */
    GPtrArray *candidates; /* of the word being completed */
    guint n_offered;
} shell;

static void hide_line(void)
{
    if (shell.is_line_shown) {
        rl_clear_visible_line();
        fflush(rl_outstream);
    }
}

static void restore_line(void)
{
    if (shell.is_line_shown) {
        rl_on_new_line();
        rl_redisplay();
    }
}

static void on_answer(Talk *talk, const QmpCommand *command, const char *value,
                      size_t n, const GError *error, gpointer user_data)
{
    if (!shell.talk || (error && show_is_fatal(error))) {
        return; /* the end of the talk is told apart */
    }
    hide_line();
    if (error) {
        show_failure(command->name, error);
    } else {
        show_value(value, n);
    }
    restore_line();
}

bool shell_show_event(const char *event, size_t n)
{
    if (!shell.talk) {
        return false;
    }
    g_autofree char *text = show_event_text(event, n);
    hide_line();
    plain_print(stdout, "%s\n", text);
    plain_flush(stdout);
    restore_line();
    return true;
}

static void show_help(const Line *line, GError **error)
{
    g_autofree char *text =
        help_text(talk_schema(shell.talk), line->words, error);
    if (text) {
        plain_print(stdout, "%s", text);
    }
}

static void do_line(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_auto(Line) line = { 0 };

    if (line_parse(talk_schema(shell.talk), text, &line, &error)) {
        if (line.kind == LINE_COMMAND) {
            talk_say(shell.talk, line.command, on_answer, NULL);
        } else if (line.kind == LINE_HELP) {
            show_help(&line, &error);
        } else if (line.kind == LINE_QUIT) {
            shell.ended(0, shell.user_data);
        }
    }
    if (error) {
        show_failure(NULL, error);
    }
}

/* @text is malloc()ed; NULL: Ctrl-D, or the terminal is gone. */
static void on_line(char *text)
{
    shell.is_line_shown = false;
    if (!text) {
        plain_print(stdout, "\n");
        shell.ended(0, shell.user_data);
        return;
    }
    history_keep(text);
    do_line(text);
    free(text);
    shell.is_line_shown = true; /* readline shows the prompt after this */
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer user_data)
{
    rl_callback_read_char();
    return G_SOURCE_CONTINUE;
}

/* Ctrl-C: a new line, whatever was typed or searched for. */
static gboolean on_interrupt(gpointer user_data)
{
    rl_free_line_state();
    rl_callback_sigcleanup();
    rl_point = rl_end;
    rl_redisplay();
    rl_replace_line("", 1);
    plain_put_sequence(rl_outstream, "^C\n");
    rl_on_new_line();
    rl_redisplay();
    return G_SOURCE_CONTINUE;
}

static gboolean on_terminate(gpointer user_data)
{
    shell.ended(0, shell.user_data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_resize(gpointer user_data)
{
    rl_resize_terminal();
    return G_SOURCE_CONTINUE;
}

/* After Ctrl-Z and fg: the other shell left the terminal in its own state. */
static gboolean on_continue(gint fd, GIOCondition condition, gpointer user_data)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) == sizeof(info)) {
        rl_deprep_terminal();
        rl_prep_terminal(1);
        rl_forced_update_display();
    }
    return G_SOURCE_CONTINUE;
}

/* GLib watches over most signals, not over this one. */
static void watch_continue(void)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGCONT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    shell.continued = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    shell.watches[WATCH_CONT] =
        g_unix_fd_add(shell.continued, G_IO_IN, on_continue, NULL);
}

/* readline frees what it gets. */
static char *next_candidate(const char *text, int state)
{
    if (state == 0) {
        shell.n_offered = 0;
    }
    if (shell.n_offered == shell.candidates->len) {
        return NULL;
    }
    return strdup(shell.candidates->pdata[shell.n_offered++]);
}

static char **complete(const char *text, int start, int end)
{
    g_autofree char *before = g_strndup(rl_line_buffer, start);

    rl_attempted_completion_over = 1; /* no names of files */
    shell.candidates = complete_word(talk_schema(shell.talk), before, text);
    char **matches = rl_completion_matches(text, next_candidate);
    g_clear_pointer(&shell.candidates, g_ptr_array_unref);
    if (matches && *matches[0]) {
        /* After NAME= and NAME. the word goes on. */
        char last = matches[0][strlen(matches[0]) - 1];
        rl_completion_suppress_append = last == '=' || last == '.';
    }
    return matches;
}

static void set_up_readline(void)
{
    rl_readline_name = "qmigrate";
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t";
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_callback_handler_install(PROMPT, on_line);
}

void shell_start(Talk *talk, ShellEnded *ended, gpointer user_data)
{
    shell.talk = talk;
    shell.ended = ended;
    shell.user_data = user_data;
    plain_print(stdout, "QEMU %s.  help lists the commands, quit leaves.\n",
                talk_version(talk));
    history_open();
    shell.watches[WATCH_INPUT] = g_unix_fd_add(
        STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, NULL);
    shell.watches[WATCH_INT] = g_unix_signal_add(SIGINT, on_interrupt, NULL);
    shell.watches[WATCH_TERM] = g_unix_signal_add(SIGTERM, on_terminate, NULL);
    shell.watches[WATCH_HUP] = g_unix_signal_add(SIGHUP, on_terminate, NULL);
    shell.watches[WATCH_WINCH] = g_unix_signal_add(SIGWINCH, on_resize, NULL);
    watch_continue();
    /* The prompt last: whoever sees it may count on all of the above. */
    set_up_readline();
    shell.is_line_shown = true;
}

void shell_stop(void)
{
    if (!shell.talk) {
        return;
    }
    hide_line();
    shell.is_line_shown = false;
    rl_callback_handler_remove();
    for (int i = 0; i < N_WATCHES; i++) {
        g_source_remove(shell.watches[i]);
    }
    close(shell.continued);
    history_close();
    shell.talk = NULL;
}
