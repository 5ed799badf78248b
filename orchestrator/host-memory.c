/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process has mapped from files on a disk.  A program's own data lies
 * further on in its file.  And what of its memory others may have too.
 */
#include <stdio.h>
#include <string.h>

#include "orchestrator/host-text.h"
#include "orchestrator/host.h"

typedef struct {
    int64_t bytes;
    char *device; /* "MAJOR:MINOR" of the file system */
} Mapping;

/* A line of maps; device NULL: it is none that counts. */
static Mapping mapping_parse(const char *line)
{
    Mapping mapping = { 0 };
    unsigned long long start, end, offset, inode;
    unsigned major, minor;
    char may[5];
    if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu", &start, &end, may,
               &offset, &major, &minor, &inode) == 7 &&
        may[1] == 'w' && offset == 0 && inode != 0) {
        mapping.bytes = (int64_t)(end - start);
        mapping.device = g_strdup_printf("%u:%u", major, minor);
    }
    return mapping;
}

/* Is the line of mountinfo about @device, and no kind of memory itself? */
static bool is_disk(const char *line, const char *device)
{
    static const char *const memory[] = { "tmpfs", "devtmpfs", "hugetlbfs",
                                          NULL };
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    const char *end = strstr(line, " - "); /* of a list of any length */
    if (!end || g_strv_length(words) < 3 || strcmp(words[2], device) != 0) {
        return false;
    }
    const char *kind = end + strlen(" - ");
    g_autofree char *word = g_strndup(kind, strcspn(kind, " "));
    return !g_strv_contains(memory, word);
}

static bool is_on_disk(char *const *mounts, const char *device)
{
    for (; *mounts; mounts++) {
        if (is_disk(*mounts, device)) {
            return true;
        }
    }
    return false;
}

HostMapped host_mapped_from_disk(const char *root, pid_t pid)
{
    HostMapped mapped = { 0 };
    g_autofree char *maps = host_text(root, "/proc/%d/maps", (int)pid);
    g_autofree char *mounts = host_text(root, "/proc/%d/mountinfo", (int)pid);
    g_auto(GStrv) lines = g_strsplit(maps ? maps : "", "\n", -1);
    g_auto(GStrv) mount_lines = g_strsplit(mounts ? mounts : "", "\n", -1);
    for (char **line = lines; *line && mapped.n < HOST_MAPPED_MAX; line++) {
        Mapping mapping = mapping_parse(*line);
        if (mapping.device && is_on_disk(mount_lines, mapping.device)) {
            mapped.bytes[mapped.n++] = mapping.bytes;
        }
        g_free(mapping.device);
    }
    return mapped;
}

/* All that is made without a file has one inode: the kernel's for KVM, rings of
 * I/O.  Memory that is only in memory has an inode of its own. */
static bool read_shared(const char *line, SharedMemory *ret)
{
    unsigned long long start, end, offset, inode;
    char may[5];
    bool is_mapped =
        sscanf(line, "%llx-%llx %4s %llx %x:%x %llu", &start, &end, may,
               &offset, &ret->major, &ret->minor, &inode) == 7;
    if (!is_mapped || may[1] != 'w' || may[3] != 's' || inode == 0 ||
        strstr(line, " anon_inode:")) {
        return false;
    }
    ret->inode = inode;
    ret->offset = offset;
    ret->bytes = end - start;
    return true;
}

unsigned host_shared_memory(const char *root, pid_t pid,
                            SharedMemory ret[HOST_SHARED_MAX])
{
    g_autofree char *maps = host_text(root, "/proc/%d/maps", (int)pid);
    g_auto(GStrv) lines = g_strsplit(maps ? maps : "", "\n", -1);
    unsigned n = 0;
    for (char **line = lines; *line && n < HOST_SHARED_MAX; line++) {
        if (read_shared(*line, &ret[n])) {
            n++;
        }
    }
    return n;
}
