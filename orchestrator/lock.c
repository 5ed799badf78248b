/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A line of /proc/locks: "1: FLOCK  ADVISORY  WRITE 29137 00:15:71587 0 EOF". */
static pid_t holder_in_line(const char *line, const struct stat *folder)
{
    int pid;
    unsigned device_major, device_minor;
    unsigned long inode;
    if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %x:%x:%lu", &pid,
               &device_major, &device_minor, &inode) != 4) {
        return 0;
    }
    return inode == folder->st_ino && device_major == major(folder->st_dev) &&
                   device_minor == minor(folder->st_dev) && pid > 0
               ? pid
               : 0;
}

static pid_t find_holder(int folder)
{
    g_autofree char *text = NULL;
    struct stat st;
    pid_t holder = 0;
    if (fstat(folder, &st) != 0 ||
        !g_file_get_contents("/proc/locks", &text, NULL, NULL)) {
        return 0;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && holder == 0; line++) {
        holder = holder_in_line(*line, &st);
    }
    return holder;
}

pid_t process_lock_holder(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d", (int)pid);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return 0;
    }
    pid_t holder = find_holder(folder);
    close(folder);
    return holder;
}

int process_lock(pid_t pid, pid_t *ret_holder)
{
    g_autofree char *path = g_strdup_printf("/proc/%d", (int)pid);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return PROCESS_LOCK_UNKNOWN;
    }
    if (flock(folder, LOCK_EX | LOCK_NB) == 0) {
        return folder;
    }
    bool is_held = errno == EWOULDBLOCK;
    *ret_holder = is_held ? find_holder(folder) : 0;
    close(folder);
    return is_held ? PROCESS_LOCK_HELD : PROCESS_LOCK_UNKNOWN;
}
