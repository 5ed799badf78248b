/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pipe of its own, since GLib watches over neither SIGQUIT nor SIGXCPU.
 */
#include "tools/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

enum { REQUEST, NOTHING };

/* clang-format off */
static const struct {
    int number;
    int effect;
} signals[] = {
    { SIGINT, REQUEST },
    { SIGTERM, REQUEST },
    { SIGHUP, REQUEST },
    { SIGQUIT, REQUEST },
    { SIGXCPU, REQUEST },  /* the soft limit; the hard one is SIGKILL */
    { SIGALRM, REQUEST },  /* a time limit that was set before exec */
    { SIGUSR1, NOTHING },  /* often used for log rotation or progress */
    { SIGUSR2, NOTHING },
    { SIGPIPE, NOTHING },  /* EPIPE */
    { SIGXFSZ, NOTHING },  /* EFBIG, as on a full disk */
    { SIGTTOU, NOTHING },  /* in the background, with "stty tostop" */
};
/* clang-format on */

static struct {
    InterruptFunc *func;
    gpointer user_data;
    int pipe[2];
    bool is_requested; /* once at least */
} watcher;

/* Not SIG_IGN, which children would inherit. */
static void do_nothing(int number)
{
}

static void pass_on(int number)
{
    int saved = errno;
    unsigned char byte = number;
    if (write(watcher.pipe[1], &byte, 1) < 0) {
        /* the pipe is full of requests: one more changes nothing */
    }
    errno = saved;
}

static void handle(int effect, void (*handler)(int))
{
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction before,
            action = { .sa_flags = SA_RESTART, .sa_handler = handler };
        sigemptyset(&action.sa_mask);
        if (signals[i].effect == effect &&
            sigaction(signals[i].number, NULL, &before) == 0 &&
            (signals[i].number != SIGHUP || before.sa_handler != SIG_IGN)) {
            sigaction(signals[i].number, &action, NULL);
        }
    }
}

void interrupt_prepare(void)
{
    handle(NOTHING, do_nothing);
}

/* Together: timeout(1) signals its child and then the group of both, and a
 * service manager may send SIGHUP after SIGTERM. */
static gboolean on_signals(gint fd, GIOCondition condition, gpointer user_data)
{
    unsigned char number;
    bool is_request = false;
    while (read(fd, &number, 1) == 1) {
        is_request |= number != SIGHUP || !watcher.is_requested;
    }
    if (is_request) {
        watcher.is_requested = true;
        watcher.func(watcher.user_data);
    }
    return G_SOURCE_CONTINUE;
}

void interrupt_watch(InterruptFunc *func, gpointer user_data)
{
    watcher.func = func;
    watcher.user_data = user_data;
    if (!watcher.pipe[1]) {
        if (!g_unix_open_pipe(watcher.pipe, FD_CLOEXEC, NULL)) {
            return; /* no descriptor is left; the signals end the program */
        }
        g_unix_set_fd_nonblocking(watcher.pipe[0], TRUE, NULL);
        g_unix_set_fd_nonblocking(watcher.pipe[1], TRUE, NULL);
        g_unix_fd_add(watcher.pipe[0], G_IO_IN, on_signals, NULL);
        handle(REQUEST, pass_on);
    }
}
