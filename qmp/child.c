/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command stays a zombie until the end: so its process group, which is
 * killed then, cannot become another's.
 */
#include "qmp/child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT_MAX_BYTES 1024
#define LINES_MAX      5

struct QmpChild {
    GPid pid;
    GMainContext *context;
    int error_fd;
    GSource *source; /* reads @error_fd; NULL: it is at its end */
    GString *last_words;
};

/*
 * A session of its own: Ctrl-C on our terminal is ours to handle, and a
 * password prompt must not appear in the middle of it.
 */
static void lead_session(gpointer unused)
{
    setsid();
}

/* At most what fits into a pipe, so a command that never stops cannot hold us;
 * false: nothing more comes. */
static bool read_words(QmpChild *child)
{
    char chunk[KEPT_MAX_BYTES];
    ssize_t n = -1;

    for (int i = 0; i < 64; i++) {
        n = read(child->error_fd, chunk, sizeof(chunk));
        if (n <= 0) {
            break;
        }
        g_string_append_len(child->last_words, chunk, n);
        if (child->last_words->len > KEPT_MAX_BYTES) {
            g_string_erase(child->last_words, 0,
                           child->last_words->len - KEPT_MAX_BYTES);
        }
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static gboolean on_words(int fd, GIOCondition condition, gpointer data)
{
    QmpChild *child = data;

    if (read_words(child)) {
        return G_SOURCE_CONTINUE;
    }
    g_clear_pointer(&child->source, g_source_unref);
    return G_SOURCE_REMOVE;
}

QmpChild *qmp_child_new(const char *command, int fd, GMainContext *context,
                        GError **error)
{
    const char *const argv[] = { "/bin/sh", "-c", command, NULL };
    GPid pid;
    int error_fd;
    QmpChild *child;

    if (!g_spawn_async_with_pipes_and_fds(
            NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, lead_session, NULL, fd,
            fd, -1, NULL, NULL, 0, &pid, NULL, NULL, &error_fd, error)) {
        return NULL;
    }
    child = g_new0(QmpChild, 1);
    child->pid = pid;
    child->context = g_main_context_ref(context);
    child->error_fd = error_fd;
    child->last_words = g_string_new(NULL);
    fcntl(error_fd, F_SETFD, FD_CLOEXEC);
    g_unix_set_fd_nonblocking(error_fd, TRUE, NULL);
    child->source = g_unix_fd_source_new(error_fd, G_IO_IN);
    g_source_set_callback(child->source, G_SOURCE_FUNC(on_words), child, NULL);
    g_source_attach(child->source, context);
    return child;
}

static void reaped(GPid pid, int status, gpointer unused)
{
    g_debug("command %d ended with status %d", (int)pid, status);
}

void qmp_child_free(QmpChild *child)
{
    g_autoptr(GSource) watch = NULL;

    if (!child) {
        return;
    }
    watch = g_child_watch_source_new(child->pid);
    kill(-child->pid, SIGKILL);
    g_source_set_callback(watch, G_SOURCE_FUNC(reaped), NULL, NULL);
    g_source_attach(watch, child->context);
    if (child->source) {
        g_source_destroy(child->source);
        g_source_unref(child->source);
    }
    close(child->error_fd);
    g_string_free(child->last_words, TRUE);
    g_main_context_unref(child->context);
    g_free(child);
}

static bool find_end(const QmpChild *child, siginfo_t *ret_info)
{
    *ret_info = (siginfo_t){ 0 };
    return waitid(P_PID, child->pid, ret_info, WEXITED | WNOHANG | WNOWAIT) ==
               0 &&
           ret_info->si_pid == child->pid;
}

bool qmp_child_has_ended(QmpChild *child)
{
    siginfo_t info;

    return find_end(child, &info);
}

/* The last lines that are not empty, as one phrase; NULL: there is none. */
static char *last_lines(const QmpChild *child)
{
    g_autofree char *text =
        g_utf8_make_valid(child->last_words->str, child->last_words->len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *kept[LINES_MAX + 1] = { NULL };
    guint first = LINES_MAX;

    for (guint i = g_strv_length(lines); i-- > 0 && first > 0;) {
        if (*g_strstrip(lines[i])) {
            kept[--first] = lines[i];
        }
    }
    return first < LINES_MAX ? g_strjoinv(" | ", (char **)kept + first) : NULL;
}

char *qmp_child_describe(QmpChild *child)
{
    GString *text = g_string_new(NULL);
    g_autofree char *lines = NULL;
    siginfo_t info;

    if (find_end(child, &info)) {
        g_string_printf(text,
                        info.si_code == CLD_EXITED
                            ? "the command exited with status %d"
                            : "the command was ended by signal %d",
                        info.si_status);
    }
    read_words(child);
    lines = last_lines(child);
    if (lines) {
        g_string_append_printf(text, "%s: %s",
                               text->len ? ", its standard error ends with"
                                         : "the command's standard error "
                                           "ends with",
                               lines);
    }
    return g_string_free(text, FALSE);
}
