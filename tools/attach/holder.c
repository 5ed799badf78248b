/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/attach/holder.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ESTABLISHED    1 /* TCP_ESTABLISHED, which a unix socket has too */
#define COMMAND_LENGTH 60

/* The oldest connection to the socket that is the file @file_inode. */
typedef struct {
    uint32_t file_inode;
    uint32_t inode; /* of the server's end; 0: none was found */
    uint32_t peer;  /* of the other end */
} Found;

static void look_at(Found *found, const struct nlmsghdr *header)
{
    const struct unix_diag_msg *message = NLMSG_DATA(header);
    const struct unix_diag_vfs *vfs = NULL;
    uint32_t peer = 0;
    int left = header->nlmsg_len - NLMSG_LENGTH(sizeof(*message));

    for (struct rtattr *attribute = (struct rtattr *)(message + 1);
         RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type == UNIX_DIAG_VFS) {
            vfs = RTA_DATA(attribute);
        } else if (attribute->rta_type == UNIX_DIAG_PEER) {
            memcpy(&peer, RTA_DATA(attribute), sizeof(peer));
        }
    }
    if (vfs && peer && message->udiag_state == ESTABLISHED &&
        vfs->udiag_vfs_ino == found->file_inode &&
        (found->inode == 0 || message->udiag_ino < found->inode)) {
        found->inode = message->udiag_ino;
        found->peer = peer;
    }
}

static bool ask_kernel(int fd)
{
    const struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } question = {
        .header = { .nlmsg_len = sizeof(question),
                    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        .request = { .sdiag_family = AF_UNIX,
                     .udiag_states = 1u << ESTABLISHED,
                     .udiag_show = UDIAG_SHOW_VFS | UDIAG_SHOW_PEER },
    };
    return send(fd, &question, sizeof(question), 0) == sizeof(question);
}

static void read_answer(int fd, Found *found)
{
    g_autofree char *buffer = g_malloc(65536);
    ssize_t n;
    while ((n = recv(fd, buffer, 65536, MSG_DONTWAIT)) > 0) {
        int left = (int)n;
        for (struct nlmsghdr *header = (struct nlmsghdr *)buffer;
             NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
                return; /* done, or an error */
            }
            look_at(found, header);
        }
    }
}

/* Is the socket of that inode among the files that @pid has open? */
static bool has_open(const char *pid, uint32_t inode)
{
    g_autofree char *folder = g_strdup_printf("/proc/%s/fd", pid);
    g_autofree char *wanted = g_strdup_printf("socket:[%u]", inode);
    g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
    const char *name;
    while (files && (name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);
        if (g_strcmp0(target, wanted) == 0) {
            return true;
        }
    }
    return false;
}

static char *describe(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", pid);
    g_autofree char *words = NULL;
    gsize n = 0;
    if (!g_file_get_contents(path, &words, &n, NULL) || n == 0) {
        return g_strdup_printf("process %s", pid);
    }
    for (gsize i = 0; i + 1 < n; i++) {
        words[i] = words[i] ? words[i] : ' ';
    }
    bool is_long = strlen(words) > COMMAND_LENGTH;
    return g_strdup_printf("process %s (%.*s%s)", pid, COMMAND_LENGTH, words,
                           is_long ? "..." : "");
}

static char *find_process(uint32_t inode)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name;
    while (processes && (name = g_dir_read_name(processes))) {
        if (g_ascii_isdigit(name[0]) && atoi(name) != getpid() &&
            has_open(name, inode)) {
            return describe(name);
        }
    }
    return NULL;
}

char *holder_find(const QmpAddress *address)
{
    struct stat st;
    if (address->kind != QMP_ADDRESS_UNIX || stat(address->path, &st) != 0) {
        return NULL;
    }
    Found found = { .file_inode = (uint32_t)st.st_ino };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) {
        return NULL;
    }
    if (ask_kernel(fd)) {
        read_answer(fd, &found);
    }
    close(fd);
    return found.peer ? find_process(found.peer) : NULL;
}
