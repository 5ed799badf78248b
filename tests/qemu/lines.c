/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into qmigrate by lines.py.  It records every QMP line with its
 * time and a key.  At the line with a given key it sends a signal to qmigrate,
 * or to another process.
 * qmigrate still talks to the monitors directly, so it can identify the QEMU
 * processes, which a relay in between would prevent.
 *
 * The key ignores what differs from run to run: numbers and temporary paths.
 * It includes the last line on that monitor that was not a poll, so a poll that
 * is repeated has one key until something else happens.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

typedef enum { SIDE_SOURCE, SIDE_DESTINATION, N_SIDES } LineSide;
typedef enum { IS_SENT, IS_READ, N_WAYS } LineWay;

typedef struct {
    char *bytes; /* of a line that is not complete */
    size_t n;
} Rest;

static Rest rests[N_SIDES][N_WAYS];
static uint64_t contexts[N_SIDES];

static uint64_t mix(uint64_t hash, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3;
    }
    return hash;
}

static bool is_in_number(char c)
{
    return isdigit((unsigned char)c) || c == '.';
}

/* Of the line without its numbers and without paths below the test's folder. */
static uint64_t hash_of(const char *line, size_t n)
{
    const char *folder = getenv("LINES_FOLDER");
    size_t n_folder = folder ? strlen(folder) : 0;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < n;) {
        if (n_folder && n - i > n_folder &&
            memcmp(line + i, folder, n_folder) == 0) {
            while (i < n && !strchr("\",", line[i])) {
                i++;
            }
        } else if (isdigit((unsigned char)line[i])) {
            while (i < n && is_in_number(line[i])) {
                i++;
            }
            hash = mix(hash, "#", 1);
        } else {
            hash = mix(hash, line + i++, 1);
        }
    }
    return hash;
}

static bool has(const char *line, size_t n, const char *words)
{
    return memmem(line, n, words, strlen(words));
}

/* Repeated without end, and nothing changes by it. */
static bool is_poll(LineWay way, const char *line, size_t n)
{
    if (way == IS_SENT) {
        return has(line, n, "\"query-") || has(line, n, "\"qom-list") ||
               has(line, n, "\"qom-get");
    }
    return !has(line, n, "\"event\"") || has(line, n, "MIGRATION_PASS");
}

static bool is_wanted(uint64_t key, const char *moment)
{
    const char *wanted = getenv("LINES_AT"); /* KEY-before, KEY-after */
    char words[32];
    snprintf(words, sizeof(words), "%016" PRIx64 "-%s", key, moment);
    return wanted && strcmp(wanted, words) == 0;
}

static void act(uint64_t key, const char *moment)
{
    static bool is_done;
    if (!is_done && is_wanted(key, moment)) {
        const char *pid = getenv("LINES_PID");
        is_done = true;
        kill(pid ? atoi(pid) : getpid(), atoi(getenv("LINES_SIGNAL")));
    }
}

static void record(LineSide side, LineWay way, uint64_t key, const char *line,
                   size_t n)
{
    const char *path = getenv("LINES_LOG");
    int fd =
        path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    struct timespec now;
    char head[80];
    clock_gettime(CLOCK_REALTIME, &now);
    int n_head =
        snprintf(head, sizeof(head), "%lld.%06ld %s %s %016" PRIx64 " ",
                 (long long)now.tv_sec, now.tv_nsec / 1000,
                 side == SIDE_SOURCE ? "source" : "destination",
                 way == IS_SENT ? "sent" : "read", key);
    if (fd >= 0 &&
        (write(fd, head, n_head) != n_head ||
         write(fd, line, n) != (ssize_t)n || write(fd, "\n", 1) != 1)) {
        abort();
    }
    close(fd);
}

static uint64_t note(LineSide side, LineWay way, const char *line, size_t n)
{
    char head[2] = { (char)('0' + side), (char)('0' + way) };
    uint64_t hash = hash_of(line, n);
    uint64_t key = mix(hash ^ contexts[side], head, sizeof(head));
    if (!is_poll(way, line, n)) {
        contexts[side] = hash;
    }
    record(side, way, key, line, n);
    return key;
}

/* Each complete line of what has passed, with what was left of before. */
static uint64_t take_in(LineSide side, LineWay way, const char *bytes, size_t n)
{
    Rest *rest = &rests[side][way];
    uint64_t key = 0;
    rest->bytes = realloc(rest->bytes, rest->n + n);
    memcpy(rest->bytes + rest->n, bytes, n);
    rest->n += n;
    char *end;
    while ((end = memchr(rest->bytes, '\n', rest->n))) {
        size_t n_line = end - rest->bytes;
        size_t n_text = n_line;
        while (n_text && rest->bytes[n_text - 1] == '\r') {
            n_text--;
        }
        key = note(side, way, rest->bytes, n_text);
        rest->n -= n_line + 1;
        memmove(rest->bytes, end + 1, rest->n);
        act(key, way == IS_SENT ? "before" : "after");
    }
    return key;
}

static bool is_monitor(int fd, LineSide *side)
{
    static const char *names[] = { "LINES_SOURCE", "LINES_DESTINATION" };
    struct sockaddr_un address = { 0 };
    socklen_t size = sizeof(address) - 1;
    if (getpeername(fd, (struct sockaddr *)&address, &size) ||
        address.sun_family != AF_UNIX) {
        return false;
    }
    for (*side = 0; *side < N_SIDES; (*side)++) {
        const char *path = getenv(names[*side]);
        if (path && strcmp(path, address.sun_path) == 0) {
            return true;
        }
    }
    return false;
}

/* What follows stands in for libc's functions of these names. */

ssize_t recv(int fd, void *bytes, size_t n, int flags)
{
    ssize_t (*next)(int, void *, size_t, int) = dlsym(RTLD_NEXT, "recv");
    ssize_t n_read = next(fd, bytes, n, flags);
    LineSide side;
    if (n_read > 0 && !(flags & MSG_PEEK) && is_monitor(fd, &side)) {
        take_in(side, IS_READ, bytes, n_read);
    }
    return n_read;
}

/* A line is sent whole: it is short, and the socket's buffer is not. */
ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
    ssize_t (*next)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
    LineSide side;
    bool is_ours = is_monitor(fd, &side);
    uint64_t key = is_ours ? take_in(side, IS_SENT, bytes, n) : 0;
    ssize_t n_sent = next(fd, bytes, n, flags);
    if (is_ours) {
        act(key, "after");
    }
    return n_sent;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t (*next)(int, const struct msghdr *, int) =
        dlsym(RTLD_NEXT, "sendmsg");
    LineSide side;
    uint64_t key = 0;
    bool is_ours = is_monitor(fd, &side);
    for (size_t i = 0; is_ours && i < message->msg_iovlen; i++) {
        key = take_in(side, IS_SENT, message->msg_iov[i].iov_base,
                      message->msg_iov[i].iov_len);
    }
    ssize_t n_sent = next(fd, message, flags);
    if (is_ours) {
        act(key, "after");
    }
    return n_sent;
}
