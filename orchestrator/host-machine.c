/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "orchestrator/host-text.h"

#define PROCESSORS_MAX 8192 /* the most that Linux can be built for */

typedef struct {
    bool has[PROCESSORS_MAX];
} Processors;

/* "0-3,8": from, or from and to; false: that is no list. */
static bool add_processors(const char *text, Processors *processors)
{
    g_auto(GStrv) ranges = g_strsplit(text, ",", -1);
    for (char **range = ranges; *range; range++) {
        const char *dash = strchr(*range, '-');
        int64_t first = host_text_number(*range);
        int64_t last = dash ? host_text_number(dash + 1) : first;
        if (first < 0 || last < first || last >= PROCESSORS_MAX) {
            return false;
        }
        memset(processors->has + first, true, last - first + 1);
    }
    return true;
}

/* How many are in both lists; 0: not known. */
static unsigned count_common(const char *list, const char *other)
{
    Processors a = { 0 }, b = { 0 };
    unsigned n = 0;
    if (!list || !other || !add_processors(list, &a) ||
        !add_processors(other, &b)) {
        return 0;
    }
    for (unsigned i = 0; i < PROCESSORS_MAX; i++) {
        n += a.has[i] && b.has[i];
    }
    return n;
}

/* The last of "MIN DEFAULT MAX". */
static int64_t read_send_buffer_max_bytes(const char *root)
{
    g_autofree char *text = host_text(root, "/proc/sys/net/ipv4/tcp_wmem");
    const char *last = text ? strrchr(text, '\t') : NULL;
    return host_text_number(last ? last + 1 : NULL);
}

static int64_t read_huge(const char *root, const char *folder, const char *file)
{
    g_autofree char *text =
        host_text(root, "/sys/kernel/mm/hugepages/%s/%s", folder, file);
    return host_text_number(text);
}

static int smaller_first(const void *a, const void *b)
{
    const HugePages *first = a, *second = b;
    return (first->page_bytes > second->page_bytes) -
           (first->page_bytes < second->page_bytes);
}

static void read_huge_pages(const char *root, HostFacts *host)
{
    static const char prefix[] = "hugepages-";
    g_autofree char *path = g_strconcat(root, "/sys/kernel/mm/hugepages", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)) &&
           host->n_huge < HOST_HUGE_SIZES_MAX) {
        int64_t kib = g_str_has_prefix(name, prefix)
                          ? host_text_number(name + strlen(prefix))
                          : HOST_UNKNOWN;
        if (kib > 0 && kib <= INT64_MAX / 1024) {
            host->huge[host->n_huge++] = (HugePages){
                .page_bytes = kib * 1024,
                .n_total = read_huge(root, name, "nr_hugepages"),
                .n_free = read_huge(root, name, "free_hugepages"),
                .n_reserved = read_huge(root, name, "resv_hugepages"),
            };
        }
    }
    qsort(host->huge, host->n_huge, sizeof(host->huge[0]), smaller_first);
}

HostFacts host_read(const char *root, pid_t pid)
{
    g_autofree char *memory = host_text(root, "/proc/meminfo");
    g_autofree char *online = host_text(root, "/sys/devices/system/cpu/online");
    g_autofree char *status = host_text(root, "/proc/%d/status", (int)pid);
    g_autofree char *allowed = host_text_value(status, "Cpus_allowed_list");
    HostFacts host = {
        .known = true,
        .n_processors = count_common(allowed, online),
        .n_online = count_common(online, online),
        .available_bytes = host_text_bytes(memory, "MemAvailable"),
        .page_bytes = sysconf(_SC_PAGESIZE),
        .send_buffer_max_bytes = read_send_buffer_max_bytes(root),
    };
    read_huge_pages(root, &host);
    return host;
}
