/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process identities.  Death is proved only where the kernel says so: another
 * boot id may be another host that shares the file system, another pid
 * namespace counts other pids, and hidepid= hides a process that runs.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "orchestrator/host-text.h"
#include "orchestrator/host.h"
#include "qmp/json.h"

/* Fields of /proc/PID/stat, counted from 3 as in proc(5). */
#define STATE_FIELD       3
#define NUM_THREADS_FIELD 20
#define STARTTIME_FIELD   22

typedef struct {
    char state; /* 0: not known */
    int64_t threads;
    int64_t start_ticks;
} ProcessStat;

static ProcessStat read_stat(const char *root, pid_t pid)
{
    g_autofree char *text = host_text(root, "/proc/%d/stat", (int)pid);
    /* the name before it may contain anything, also ")" and blanks */
    const char *end = text ? strrchr(text, ')') : NULL;
    g_auto(GStrv) fields = g_strsplit(end ? end + 1 : "", " ", -1);
    if (g_strv_length(fields) <= STARTTIME_FIELD - STATE_FIELD + 1) {
        return (ProcessStat){ 0 };
    }
    char **field = fields + 1; /* the first is what is before the blank */
    return (ProcessStat){
        .state = field[0][0],
        .threads = host_text_number(field[NUM_THREADS_FIELD - STATE_FIELD]),
        .start_ticks = host_text_number(field[STARTTIME_FIELD - STATE_FIELD]),
    };
}

/* A process whose main thread alone has ended runs on in its other threads. */
static bool has_ended(const ProcessStat *stat)
{
    return (stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1;
}

/* "pid:[4026531836]"; 0 also where /proc shows another namespace than ours. */
static uint64_t own_pid_namespace(const char *root)
{
    if (!root[0]) {
        g_autofree char *self = g_file_read_link("/proc/self", NULL);
        if (host_text_number(self) != getpid()) {
            return 0;
        }
    }
    g_autofree char *path = g_strdup_printf("%s/proc/self/ns/pid", root);
    g_autofree char *link = g_file_read_link(path, NULL);
    return link && g_str_has_prefix(link, "pid:[")
               ? g_ascii_strtoull(link + strlen("pid:["), NULL, 10)
               : 0;
}

static void read_boot_id(const char *root, char ret[BOOT_ID_SIZE])
{
    g_autofree char *text = host_text(root, "/proc/sys/kernel/random/boot_id");
    bool fits = text && strlen(text) < BOOT_ID_SIZE;
    g_strlcpy(ret, fits ? text : "", BOOT_ID_SIZE);
}

ProcessIdentity host_identify_process(const char *root, pid_t pid)
{
    ProcessStat stat = read_stat(root, pid);
    ProcessIdentity identity = {
        .pid = pid,
        .start_ticks = MAX(stat.start_ticks, 0),
        .pid_namespace = own_pid_namespace(root),
    };
    read_boot_id(root, identity.boot_id);
    return process_identity_is_known(&identity) ? identity
                                                : (ProcessIdentity){ 0 };
}

bool host_has_thread(const char *root, pid_t pid, int64_t thread)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/task/%" G_GINT64_FORMAT,
                                            root, (int)pid, thread);
    return thread > 0 && own_pid_namespace(root) != 0 &&
           g_file_test(path, G_FILE_TEST_IS_DIR);
}

bool host_has_vcpus(const char *root, pid_t pid, JsonNode *cpus)
{
    JsonArray *array =
        cpus && JSON_NODE_HOLDS_ARRAY(cpus) ? json_node_get_array(cpus) : NULL;
    guint n = array ? json_array_get_length(array) : 0;
    for (guint i = 0; i < n; i++) {
        JsonNode *cpu = json_array_get_element(array, i);
        int64_t thread = 0;
        if (!JSON_NODE_HOLDS_OBJECT(cpu) ||
            !qmp_json_int64(json_node_get_object(cpu), "thread-id", &thread) ||
            !host_has_thread(root, pid, thread)) {
            return false;
        }
    }
    return n > 0;
}

JsonNode *host_threads(const char *root, pid_t pid)
{
    JsonArray *threads = json_array_new();
    g_autofree char *path = g_strdup_printf("%s/proc/%d/task", root, (int)pid);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    for (const char *id; folder && (id = g_dir_read_name(folder));) {
        g_autofree char *name =
            host_text(root, "/proc/%d/task/%s/comm", (int)pid, id);
        if (name) { /* else it has ended since */
            JsonObject *thread = json_object_new();
            json_object_set_string_member(thread, "name", name);
            json_object_set_int_member(thread, "thread-id",
                                       host_text_number(id));
            json_array_add_object_element(threads, thread);
        }
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, threads);
    return node;
}

static bool is_pid_free(const char *root, pid_t pid)
{
    if (root[0]) {
        g_autofree char *folder = g_strdup_printf("%s/proc/%d", root, (int)pid);
        return !g_file_test(folder, G_FILE_TEST_EXISTS);
    }
    return kill(pid, 0) != 0 && errno == ESRCH;
}

HostAnswer host_still_runs(const char *root, const ProcessIdentity *identity)
{
    char boot_id[BOOT_ID_SIZE];
    read_boot_id(root, boot_id);
    if (!process_identity_is_known(identity) ||
        identity->pid_namespace != own_pid_namespace(root) ||
        strcmp(identity->boot_id, boot_id) != 0) {
        return ANSWER_UNKNOWN;
    }
    ProcessStat stat = read_stat(root, identity->pid);
    if (!stat.state || stat.start_ticks <= 0) {
        return is_pid_free(root, identity->pid) ? ANSWER_NO : ANSWER_UNKNOWN;
    }
    return (uint64_t)stat.start_ticks != identity->start_ticks ||
                   has_ended(&stat)
               ? ANSWER_NO
               : ANSWER_YES;
}
