/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/temporary.h"

#define NAME_MAX_BYTES 16 /* of the sockets in the folder */

#define PROCESSES_MAX 64 /* alive at once: a lab has two, a moment three */
#define KILL_WAIT_MS  5000

struct Guard {
    char *folder;
    int pipe;
    pid_t pid;
};

/* As much as a pipe takes in one piece; neither: "keep all". */
typedef struct {
    pid_t pid;
    char file[PIPE_BUF - sizeof(pid_t)];
} Message;

/* ---- in the guard's process: only what is safe after fork() ---- */

/* A pidfd cannot come to mean another process, as a number can. */
typedef struct {
    int pidfd; /* -1: none */
    pid_t pid; /* leads a session, with children of its own */
} Charge;

static void remember(Charge charges[], pid_t pid)
{
    for (int i = 0; i < PROCESSES_MAX; i++) {
        struct pollfd gone = { .fd = charges[i].pidfd, .events = POLLIN };
        if (gone.fd >= 0 && poll(&gone, 1, 0) > 0) {
            close(gone.fd);
            charges[i].pidfd = -1;
        }
        if (charges[i].pidfd < 0) {
            charges[i] = (Charge){ syscall(SYS_pidfd_open, pid, 0), pid };
            return;
        }
    }
}

static void kill_all(const Charge charges[])
{
    for (int i = 0; i < PROCESSES_MAX; i++) {
        if (charges[i].pidfd >= 0 &&
            syscall(SYS_pidfd_send_signal, charges[i].pidfd, SIGKILL, NULL,
                    0) == 0) {
            kill(-charges[i].pid, SIGKILL);
        }
    }
    /* They write into the folder until they are gone. */
    for (int i = 0; i < PROCESSES_MAX; i++) {
        struct pollfd gone = { .fd = charges[i].pidfd, .events = POLLIN };
        if (gone.fd >= 0) {
            poll(&gone, 1, KILL_WAIT_MS);
        }
    }
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        return;
    }
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        unlinkat(dirfd(dir), entry->d_name, 0); /* it has no folders inside */
    }
    closedir(dir);
    rmdir(folder);
}

static void let_go_of_everything(int keep_fd)
{
    /* A terminal, or who reads our output by a pipe, must not wait for us. */
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) {
        dup2(null, fd);
    }
    dup2(keep_fd, 3);
    syscall(SYS_close_range, 4, ~0u, 0);
    setsid(); /* Ctrl-C is for the lab */
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    prctl(PR_SET_NAME, "qmigrate-guard");
}

G_NORETURN static void guard_main(int fd, const char *folder)
{
    Charge charges[PROCESSES_MAX];
    char file[sizeof(((Message *)0)->file)] = "";
    Message message;

    memset(charges, -1, sizeof(charges));
    let_go_of_everything(fd);
    for (;;) {
        ssize_t n = read(3, &message, sizeof(message));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n != sizeof(message)) {
            break;
        }
        if (message.pid) {
            remember(charges, message.pid);
        } else if (message.file[0]) {
            memcpy(file, message.file, sizeof(file));
        } else {
            _exit(0);
        }
    }
    kill_all(charges);
    remove_folder(folder);
    if (file[0]) {
        unlink(file);
    }
    _exit(0);
}

/* ---- in the lab's process ---- */

Guard *guard_start(GError **error)
{
    g_autofree char *folder =
        temporary_folder_new("qmigrate-XXXXXX", NAME_MAX_BYTES, error);
    int fds[2];

    if (!folder) {
        return NULL;
    }
    if (pipe2(fds, O_CLOEXEC) < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot make a pipe: %s", g_strerror(errno));
        g_rmdir(folder);
        return NULL;
    }
    pid_t pid = fork();
    if (pid < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot fork: %s", g_strerror(errno));
        close(fds[0]);
        close(fds[1]);
        g_rmdir(folder);
        return NULL;
    }
    if (pid == 0) {
        guard_main(fds[0], folder);
    }
    close(fds[0]);
    Guard *guard = g_new0(Guard, 1);
    guard->folder = g_steal_pointer(&folder);
    guard->pipe = fds[1];
    guard->pid = pid;
    return guard;
}

const char *guard_folder(const Guard *guard)
{
    return guard->folder;
}

static void tell(Guard *guard, const Message *message)
{
    while (write(guard->pipe, message, sizeof(*message)) < 0 &&
           errno == EINTR) {
    }
}

void guard_add_process(Guard *guard, pid_t pid)
{
    tell(guard, &(Message){ .pid = pid });
}

void guard_add_file(Guard *guard, const char *path)
{
    Message message = { 0 };
    if (g_strlcpy(message.file, path, sizeof(message.file)) <
        sizeof(message.file)) {
        tell(guard, &message);
    }
}

void guard_keep(Guard *guard)
{
    tell(guard, &(Message){ 0 });
}

void guard_end(Guard *guard)
{
    close(guard->pipe);
    while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    g_free(guard->folder);
    g_free(guard);
}
