/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/leftover.h"

#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>

#define GRACE_MS 500
#define TURN_MS  10

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

/* A child of a QEMU that was killed may need a moment to notice. */
static bool goes_by_itself(pid_t pid)
{
    for (int turn = 0; turn < GRACE_MS / TURN_MS && kill(pid, 0) == 0; turn++) {
        g_usleep(TURN_MS * 1000);
    }
    return kill(pid, 0) != 0;
}

static void add_process(pid_t pid, ScenarioVerdict *verdict)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", pid);
    g_autofree char *name = NULL;

    g_file_get_contents(path, &name, NULL, NULL);
    verdict_add(verdict, "it left process %d behind, %s", pid,
                name ? g_strchomp(name) : "whose name is not known");
    kill(pid, SIGKILL);
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
            is_of((pid_t)pid, mark) && !goes_by_itself((pid_t)pid)) {
            add_process((pid_t)pid, verdict);
        }
    }
}
