/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/vcpus.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "qmp/json.h"

struct Vcpus {
    GArray *files; /* of int: schedstat of each thread */
};

static void close_file(gpointer file)
{
    close(*(int *)file);
}

void vcpus_free(Vcpus *vcpus)
{
    if (vcpus) {
        g_array_unref(vcpus->files);
        g_free(vcpus);
    }
}

static int open_thread(pid_t pid, JsonNode *cpu)
{
    int64_t thread = 0;
    if (!JSON_NODE_HOLDS_OBJECT(cpu) ||
        !qmp_json_int64(json_node_get_object(cpu), "thread-id", &thread) ||
        thread <= 0) {
        return -1;
    }
    g_autofree char *path = g_strdup_printf(
        "/proc/%d/task/%" G_GINT64_FORMAT "/schedstat", (int)pid, thread);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Do both name one thread?  Without MTTCG one thread is all vCPUs. */
static bool is_again(JsonArray *cpus, guint i)
{
    int64_t thread = 0, other = 0;
    qmp_json_int64(json_array_get_object_element(cpus, i), "thread-id",
                   &thread);
    for (guint j = 0; j < i; j++) {
        qmp_json_int64(json_array_get_object_element(cpus, j), "thread-id",
                       &other);
        if (other == thread) {
            return true;
        }
    }
    return false;
}

Vcpus *vcpus_open(pid_t pid, JsonNode *reply)
{
    JsonArray *cpus = reply && JSON_NODE_HOLDS_ARRAY(reply)
                          ? json_node_get_array(reply)
                          : NULL;
    guint n = cpus ? json_array_get_length(cpus) : 0;
    if (pid <= 0 || n == 0) {
        return NULL;
    }
    Vcpus *vcpus = g_new0(Vcpus, 1);
    vcpus->files = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_set_clear_func(vcpus->files, close_file);
    for (guint i = 0; i < n; i++) {
        int file = open_thread(pid, json_array_get_element(cpus, i));
        if (file < 0) {
            vcpus_free(vcpus);
            return NULL;
        }
        g_array_append_val(vcpus->files, file);
        if (is_again(cpus, i)) {
            g_array_set_size(vcpus->files, vcpus->files->len - 1);
        }
    }
    return vcpus;
}

/* "CPU-TIME WAITED SLICES", in nanoseconds. */
int64_t vcpus_used_ns(const Vcpus *vcpus)
{
    int64_t sum = 0;
    for (guint i = 0; vcpus && i < vcpus->files->len; i++) {
        char text[80];
        ssize_t n = pread(g_array_index(vcpus->files, int, i), text,
                          sizeof(text) - 1, 0);
        if (n <= 0) {
            return 0;
        }
        text[n] = '\0';
        sum += strtoll(text, NULL, 10);
    }
    return sum;
}

unsigned vcpus_count(const Vcpus *vcpus)
{
    return vcpus ? vcpus->files->len : 0;
}
