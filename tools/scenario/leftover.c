/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/leftover.h"

#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GRACE_MS 500

static bool is_of(pid_t pid, const char *mark)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/environ", pid);
    g_autofree char *words = NULL;
    gsize n = 0;

    if (!g_file_get_contents(path, &words, &n, NULL)) {
        return false; /* it ended, or it is somebody else's */
    }
    for (const char *word = words; word < words + n; word += strlen(word) + 1) {
        if (strcmp(word, mark) == 0) {
            return true;
        }
    }
    return false;
}

/* A child of a QEMU that was killed may need a moment to notice: only who is
 * there after it was left behind, and is ended. */
static void check_process(pid_t pid, ScenarioVerdict *verdict)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", pid);
    g_autofree char *name = NULL;
    struct pollfd gone = { .fd = syscall(SYS_pidfd_open, pid, 0),
                           .events = POLLIN };

    if (gone.fd < 0) {
        return; /* it went meanwhile */
    }
    g_file_get_contents(path, &name, NULL, NULL);
    if (poll(&gone, 1, GRACE_MS) == 0) {
        verdict_add(verdict, "it left process %d behind, %s", pid,
                    name ? g_strchomp(name) : "whose name is not known");
        syscall(SYS_pidfd_send_signal, gone.fd, SIGKILL, NULL, 0);
    }
    close(gone.fd);
}

void leftover_check(const char *tmp, ScenarioVerdict *verdict)
{
    g_autoptr(GDir) folder = g_dir_open(tmp, 0, NULL);
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    g_autofree char *mark = g_strdup_printf("TMPDIR=%s", tmp);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        verdict_add(verdict, "it left %s/%s behind", tmp, name);
    }
    while (processes && (name = g_dir_read_name(processes))) {
        guint64 pid;
        if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT, &pid, NULL) &&
            is_of((pid_t)pid, mark)) {
            check_process((pid_t)pid, verdict);
        }
    }
}
