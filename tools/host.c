/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/host.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The value of the first "name : value" line of a file in /proc. */
static char *proc_value(const char *path, const char *name)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *colon = strchr(*line, ':');
        if (colon && g_str_has_prefix(*line, name)) {
            return g_strstrip(g_strdup(colon + 1));
        }
    }
    return NULL;
}

/* One word of /sys, or NULL where the kernel does not have it. */
static char *sys_value(const char *path)
{
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text)
                                                        : NULL;
}

static void add_taken(JsonObject *object, const char *name, char *value)
{
    if (value) {
        json_object_set_string_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
    g_free(value);
}

JsonObject *host_describe(void)
{
    JsonObject *host = json_object_new();
    struct utsname names;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    add_taken(host, "date", g_date_time_format_iso8601(now));
    if (uname(&names) == 0) {
        json_object_set_string_member(host, "kernel", names.release);
        json_object_set_string_member(host, "architecture", names.machine);
    }
    json_object_set_int_member(host, "processors",
                               sysconf(_SC_NPROCESSORS_ONLN));
    json_object_set_int_member(host, "memory_bytes",
                               (gint64)sysconf(_SC_PHYS_PAGES) *
                                   sysconf(_SC_PAGESIZE));
    add_taken(host, "processor", proc_value("/proc/cpuinfo", "model name"));
    add_taken(host, "governor",
              sys_value("/sys/devices/system/cpu/cpu0/cpufreq/"
                        "scaling_governor"));
    add_taken(host, "transparent_hugepages",
              sys_value("/sys/kernel/mm/transparent_hugepage/enabled"));
    return host;
}
