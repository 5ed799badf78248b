/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shortest script that migrates a guest by hand: raw QMP, blocking, nothing
 * checked that is not needed to know the end.  What qmigrate takes is compared
 * with what this takes.
 *
 *     raw SOURCE DESTINATION URI [PARAMETERS [postcopy]]
 *
 * SOURCE and DESTINATION are monitor sockets, PARAMETERS the members of
 * migrate-set-parameters' arguments; with "postcopy" it switches to that after
 * the first pass.  The destination must run by itself (no -S).  One line of JSON tells the times in microseconds: "total" from sending
 * migrate until the source is postmigrate and the destination runs, "stop" and
 * "resume" as QEMU stamped its events.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

typedef struct {
    FILE *stream;
    char *line;
    size_t size;
    int64_t stop_us, resume_us; /* 0: not yet */
    int passes, completed;
} Side;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "raw: %s: %s\n", what, why);
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int64_t number_after(const char *line, const char *name)
{
    const char *at = strstr(line, name);
    return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static int64_t stamp_us(const char *line)
{
    return number_after(line, "\"seconds\": ") * 1000000 +
           number_after(line, "\"microseconds\": ");
}

static void take_event(Side *side)
{
    if (strstr(side->line, "\"STOP\"")) {
        side->stop_us = stamp_us(side->line);
    } else if (strstr(side->line, "\"RESUME\"")) {
        side->resume_us = stamp_us(side->line);
    } else if (strstr(side->line, "\"MIGRATION_PASS\"")) {
        side->passes++;
    } else if (strstr(side->line, "\"failed\"")) {
        die("migration", side->line);
    } else if (strstr(side->line, "\"completed\"")) {
        side->completed = 1;
    }
}

/* The next line; true if it is an answer. */
static int read_line(Side *side)
{
    if (getline(&side->line, &side->size, side->stream) < 0) {
        die("monitor", "QEMU went away");
    }
    if (strstr(side->line, "\"error\"")) {
        die("QEMU", side->line);
    }
    if (strstr(side->line, "\"event\"")) {
        take_event(side);
        return 0;
    }
    return 1;
}

static void execute(Side *side, const char *command, const char *arguments)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "{\"execute\":\"%s\",\"arguments\":{%s}}\n", command,
                     arguments);

    if (send(fileno(side->stream), text, n, MSG_NOSIGNAL) != n) {
        die(command, "cannot be sent");
    }
    while (!read_line(side)) {
    }
}

static void open_monitor(Side *side, const char *path, const char *capability)
{
    char capabilities[128];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name = { .sun_family = AF_UNIX };

    strncpy(name.sun_path, path, sizeof(name.sun_path) - 1);
    if (connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
        die(path, "cannot be connected to");
    }
    side->stream = fdopen(fd, "r");
    read_line(side);
    execute(side, "qmp_capabilities", "");
    snprintf(capabilities, sizeof(capabilities),
             "\"capabilities\":[{\"capability\":\"%s\",\"state\":true}]",
             capability);
    execute(side, "migrate-set-capabilities",
            "\"capabilities\":[{\"capability\":\"events\",\"state\":true}]");
    execute(side, "migrate-set-capabilities", capabilities);
}

static void switch_to_postcopy(Side *source)
{
    while (source->passes < 2) {
        read_line(source);
    }
    execute(source, "migrate-start-postcopy", "");
}

static void settle(Side *source, Side *destination)
{
    while (!source->completed) {
        read_line(source);
    }
    while (!destination->completed || !destination->resume_us) {
        read_line(destination);
    }
    do {
        execute(source, "query-status", "");
    } while (!strstr(source->line, "\"postmigrate\""));
    execute(destination, "query-status", "");
    if (!strstr(destination->line, "\"running\"")) {
        die("destination", destination->line);
    }
}

int main(int argc, char **argv)
{
    Side source = { 0 }, destination = { 0 };
    char uri[256];

    if (argc < 4) {
        die("usage", "raw SOURCE DESTINATION URI [PARAMETERS [postcopy]]");
    }
    bool has_postcopy = argc > 5 && strcmp(argv[5], "postcopy") == 0;
    const char *capability = has_postcopy ? "postcopy-ram" : "events";
    open_monitor(&source, argv[1], capability);
    open_monitor(&destination, argv[2], capability);
    if (argc > 4) {
        execute(&source, "migrate-set-parameters", argv[4]);
    }
    snprintf(uri, sizeof(uri), "\"uri\":\"%s\"", argv[3]);
    execute(&destination, "migrate-incoming", uri);

    int64_t start_us = now_us();
    execute(&source, "migrate", uri);
    if (has_postcopy) {
        switch_to_postcopy(&source);
    }
    settle(&source, &destination);
    printf("{\"total\": %" PRId64 ", \"stop\": %" PRId64
           ", \"resume\": %" PRId64 "}\n",
           now_us() - start_us, source.stop_us, destination.resume_us);
    return 0;
}
