/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders as another process sees them: in its mount namespace, below its root
 * and with its permissions. */
#include "orchestrator/host.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "orchestrator/host-text.h"

#define SEARCH 01
#define MAKE   03 /* a file in it: search it and write it */

typedef struct {
    const ProcessFacts *facts;
    char **groups;
    int root; /* its root folder */
} Viewer;

/* -1: it is not there, or we may not look. */
static int open_folder(const Viewer *viewer, const char *path)
{
    /* Absolute symbolic links mean its root, not ours. */
    struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                            .resolve = RESOLVE_IN_ROOT };
    return syscall(SYS_openat2, viewer->root, path, &how, sizeof(how));
}

static bool is_in_group(const Viewer *viewer, gid_t gid)
{
    for (char **group = viewer->groups; *group; group++) {
        if (host_text_number(*group) == gid) {
            return true;
        }
    }
    return viewer->facts->fs_gid == gid;
}

static bool has_list(int fd)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

static HostAnswer may(const Viewer *viewer, int fd, mode_t what)
{
    const ProcessFacts *facts = viewer->facts;
    struct stat st;
    if (facts->may_override == ANSWER_YES) {
        return ANSWER_YES;
    }
    if (facts->fs_uid == HOST_UNKNOWN || fstat(fd, &st) != 0) {
        return ANSWER_UNKNOWN;
    }
    unsigned shift = facts->fs_uid == st.st_uid       ? 6
                     : is_in_group(viewer, st.st_gid) ? 3
                                                      : 0;
    if ((st.st_mode >> shift & what) == what) {
        return ANSWER_YES;
    }
    return facts->may_override == ANSWER_NO && !has_list(fd) ? ANSWER_NO
                                                             : ANSWER_UNKNOWN;
}

/* All folders above it must be searched, too. */
static HostAnswer may_reach(const Viewer *viewer, const char *path)
{
    g_autofree char *above = g_path_get_dirname(path);
    HostAnswer answer = ANSWER_YES;
    while (answer == ANSWER_YES) {
        int fd = open_folder(viewer, above);
        answer = fd >= 0 ? may(viewer, fd, SEARCH) : ANSWER_UNKNOWN;
        if (fd >= 0) {
            close(fd);
        }
        if (strcmp(above, "/") == 0) {
            break;
        }
        char *next = g_path_get_dirname(above);
        g_free(above);
        above = next;
    }
    return answer;
}

static HostFolder look_at(const Viewer *viewer, const char *path)
{
    HostFolder folder = { .is_there = ANSWER_NO };
    int fd = open_folder(viewer, path);
    struct stat st, ours;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return folder;
    }
    HostAnswer reach = may_reach(viewer, path);
    bool reaches = reach == ANSWER_YES;
    folder = (HostFolder){
        .is_there = ANSWER_YES,
        .device = st.st_dev,
        .inode = st.st_ino,
        .may_search = reaches ? may(viewer, fd, SEARCH) : reach,
        .may_make = reaches ? may(viewer, fd, MAKE) : reach,
        .is_ours = stat(path, &ours) == 0 && ours.st_dev == st.st_dev &&
                           ours.st_ino == st.st_ino
                       ? ANSWER_YES
                       : ANSWER_NO,
    };
    close(fd);
    return folder;
}

/* Is there a kernel that can look, and may we? */
static bool can_look(const Viewer *viewer)
{
    int fd = viewer->root >= 0 ? open_folder(viewer, "/") : -1;
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

void host_read_folders(const char *root, pid_t pid, const char *const *folders,
                       ProcessFacts *facts)
{
    g_autofree char *status = host_text(root, "/proc/%d/status", (int)pid);
    g_autofree char *line = status ? host_text_value(status, "Groups") : NULL;
    g_auto(GStrv) groups = g_strsplit(line ? line : "", " ", -1);
    g_autofree char *path = g_strdup_printf("%s/proc/%d/root", root, (int)pid);
    const Viewer viewer = { .facts = facts,
                            .groups = groups,
                            .root = open(path, O_PATH | O_CLOEXEC) };
    bool looks = facts->known && can_look(&viewer);
    for (unsigned i = 0; looks && i < HOST_FOLDERS_MAX && folders && folders[i];
         i++) {
        facts->folders[i] = look_at(&viewer, folders[i]);
    }
    if (viewer.root >= 0) {
        close(viewer.root);
    }
}
