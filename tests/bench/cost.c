/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a command and tells in one line of JSON on standard error what it took:
 * microseconds of time and of CPU, KiB of memory at most.  Small by itself, for
 * a process begins its life with the memory of the one that forked it.
 *
 *     cost COMMAND [ARGUMENT...]
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int64_t span_us(struct timeval span)
{
    return span.tv_sec * INT64_C(1000000) + span.tv_usec;
}

int main(int argc, char **argv)
{
    int64_t start_us = now_us();
    struct rusage usage;
    int status;

    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
        perror("cost");
        return 127;
    }
    fprintf(stderr,
            "{\"wall\": %" PRId64 ", \"user\": %" PRId64
            ", \"system\": %" PRId64 ", \"rss\": %ld}\n",
            now_us() - start_us, span_us(usage.ru_utime),
            span_us(usage.ru_stime), usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
