/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/host.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "orchestrator/host-text.h"

/* The first user namespace, PROC_USER_INIT_INO of the kernel.  Only there a
 * capability is one against the whole host. */
#define INITIAL_USER_NAMESPACE "user:[4026531837]"

/* A process in /proc, and its status. */
typedef struct {
    const char *root;
    pid_t pid;
    char *status;
} Process;

/* ---- who it is ---- */

static char *process_link(const Process *process, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/%s", process->root,
                                            (int)process->pid, name);
    return g_file_read_link(path, NULL);
}

static HostAnswer is_same_link(const Process *process, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("%s/proc/self/%s", process->root, name);
    g_autofree char *ours = g_file_read_link(path, NULL);
    g_autofree char *its = process_link(process, name);
    if (!ours || !its) {
        return ANSWER_UNKNOWN;
    }
    return strcmp(ours, its) == 0 ? ANSWER_YES : ANSWER_NO;
}

/* "net:[4026531840]" */
static uint64_t network_of(const Process *process)
{
    g_autofree char *link = process_link(process, "ns/net");
    return link && g_str_has_prefix(link, "net:[")
               ? g_ascii_strtoull(link + strlen("net:["), NULL, 10)
               : 0;
}

static HostAnswer both(HostAnswer a, HostAnswer b)
{
    return a == ANSWER_NO || b == ANSWER_NO ? ANSWER_NO : MIN(a, b);
}

static HostAnswer either(HostAnswer a, HostAnswer b)
{
    if (a == ANSWER_YES || b == ANSWER_YES) {
        return ANSWER_YES;
    }
    return MIN(a, b);
}

/* Is the capability in force, against the whole host? */
static HostAnswer has_capability(const Process *process, unsigned number)
{
    g_autofree char *text = host_text_value(process->status, "CapEff");
    guint64 bits;
    if (!text ||
        !g_ascii_string_to_unsigned(text, 16, 0, G_MAXUINT64, &bits, NULL)) {
        return ANSWER_UNKNOWN;
    }
    if (!(bits >> number & 1)) {
        return ANSWER_NO;
    }
    g_autofree char *namespace = process_link(process, "ns/user");
    if (!namespace) {
        return ANSWER_UNKNOWN;
    }
    return strcmp(namespace, INITIAL_USER_NAMESPACE) == 0 ? ANSWER_YES
                                                          : ANSWER_NO;
}

/* Of a line of ids: real, effective, saved, of the file system. */
static int64_t process_id(const Process *process, const char *name,
                          unsigned which)
{
    g_autofree char *line = host_text_value(process->status, name);
    g_auto(GStrv) ids = g_strsplit(line ? line : "", "\t", -1);
    return g_strv_length(ids) == 4 ? host_text_number(ids[which])
                                   : HOST_UNKNOWN;
}

static bool is_in_group(const Process *process, gid_t gid)
{
    g_autofree char *line = host_text_value(process->status, "Groups");
    g_auto(GStrv) groups = g_strsplit(line ? line : "", " ", -1);
    for (char **group = groups; *group; group++) {
        if (host_text_number(*group) == gid) {
            return true;
        }
    }
    return process_id(process, "Gid", 3) == gid;
}

/* ---- what it may lock ---- */

static int64_t locked_limit_bytes(const Process *process)
{
    static const char name[] = "Max locked memory";
    g_autofree char *text =
        host_text(process->root, "/proc/%d/limits", (int)process->pid);
    const char *line = text ? strstr(text, name) : NULL;
    if (!line) {
        return HOST_UNKNOWN;
    }
    line += strlen(name);
    line += strspn(line, " ");
    return g_str_has_prefix(line, "unlimited") ? HOST_UNLIMITED
                                               : host_text_number(line);
}

/* ---- userfaultfd ---- */

static HostAnswer is_in_mode(const Process *process, const struct stat *st,
                             bool has_list)
{
    const mode_t read_and_write = 06;
    int64_t uid = process_id(process, "Uid", 3);
    if (uid == HOST_UNKNOWN) {
        return ANSWER_UNKNOWN;
    }
    unsigned shift = 6;
    if (uid != st->st_uid) {
        if (has_list) {
            return ANSWER_UNKNOWN;
        }
        shift = is_in_group(process, st->st_gid) ? 3 : 0;
    }
    return (st->st_mode >> shift & read_and_write) == read_and_write
               ? ANSWER_YES
               : ANSWER_NO;
}

/* As the process sees it, whose /dev may be another than ours. */
static HostAnswer may_open_device(const Process *process)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/root/dev/userfaultfd",
                                            process->root, (int)process->pid);
    struct stat st;
    if (stat(path, &st) != 0) {
        return errno == ENOENT ? ANSWER_NO : ANSWER_UNKNOWN;
    }
    bool has_list = getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
    return either(is_in_mode(process, &st, has_list),
                  has_capability(process, CAP_DAC_OVERRIDE));
}

static HostAnswer has_sysctl(const Process *process)
{
    g_autofree char *text =
        host_text(process->root, "/proc/sys/vm/unprivileged_userfaultfd");
    int64_t value = host_text_number(text);
    return value < 0 ? ANSWER_UNKNOWN : value == 1 ? ANSWER_YES : ANSWER_NO;
}

/*
 * The three ways: the first two are open to any QEMU, so the third counts only
 * where it is known that they are closed.  A filter may forbid each of them, and
 * what it forbids is not told.
 */
static Userfaultfd find_userfaultfd(const Process *process,
                                    HostAnswer has_filter)
{
    const struct {
        HostAnswer answer;
        Userfaultfd way;
    } ways[] = {
        { has_capability(process, CAP_SYS_PTRACE), USERFAULTFD_BY_CAPABILITY },
        { has_sysctl(process), USERFAULTFD_BY_SYSCTL },
        { may_open_device(process), USERFAULTFD_BY_DEVICE },
    };
    bool are_closed = true; /* the ways so far */
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (ways[i].answer == ANSWER_YES) {
            bool counts = are_closed || ways[i].way != USERFAULTFD_BY_DEVICE;
            return counts && has_filter == ANSWER_NO ? ways[i].way
                                                     : USERFAULTFD_UNKNOWN;
        }
        are_closed &= ways[i].answer == ANSWER_NO;
    }
    return are_closed ? USERFAULTFD_NO : USERFAULTFD_UNKNOWN;
}

static HostAnswer has_seccomp_filter(const Process *process)
{
    g_autofree char *text = host_text_value(process->status, "Seccomp");
    int64_t mode = host_text_number(text);
    return mode < 0                        ? ANSWER_UNKNOWN
           : mode == SECCOMP_MODE_DISABLED ? ANSWER_NO
                                           : ANSWER_YES;
}

static int64_t umask_of(const Process *process)
{
    g_autofree char *text = host_text_value(process->status, "Umask");
    return text ? (int64_t)g_ascii_strtoull(text, NULL, 8) : HOST_UNKNOWN;
}

ProcessFacts host_read_process(const char *root, pid_t pid)
{
    g_autofree char *status = host_text(root, "/proc/%d/status", (int)pid);
    const Process process = { .root = root, .pid = pid, .status = status };
    if (!status) {
        return (ProcessFacts){ 0 };
    }
    HostAnswer has_filter = has_seccomp_filter(&process);
    ProcessFacts facts = {
        .known = true,
        .uid = process_id(&process, "Uid", 1),
        .fs_uid = process_id(&process, "Uid", 3),
        .fs_gid = process_id(&process, "Gid", 3),
        .umask = umask_of(&process),
        .may_override = has_capability(&process, CAP_DAC_OVERRIDE),
        .locked_limit_bytes = locked_limit_bytes(&process),
        .may_lock_all = has_capability(&process, CAP_IPC_LOCK),
        .locked_bytes = host_text_bytes(status, "VmLck"),
        .pinned_bytes = host_text_bytes(status, "VmPin"),
        .resident_bytes = host_text_bytes(status, "VmRSS"),
        .has_seccomp_filter = has_filter,
        .userfaultfd = find_userfaultfd(&process, has_filter),
        .on_disk = host_mapped_from_disk(root, pid),
        .network = network_of(&process),
        .same_network = is_same_link(&process, "ns/net"),
        .same_files = both(is_same_link(&process, "ns/mnt"),
                           is_same_link(&process, "root")),
    };
    facts.n_shared = host_shared_memory(root, pid, facts.shared);
    return facts;
}
