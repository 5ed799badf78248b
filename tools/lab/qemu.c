/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/lab/serial.h"

struct Qemu {
    char *name;
    QmpAddress *monitor, *watch;
    char *stderr_path;
    GPtrArray *argv; /* NULL-terminated */
    QemuHandlers handlers;
    gpointer user_data;

    pid_t pid; /* 0: gone and reaped */
    int pidfd; /* what is killed: a number may mean another by then */
    guint child_source;
    Serial *serial;
};

G_GNUC_PRINTF(2, 3) static void add(GPtrArray *argv, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(argv, g_strdup_vprintf(format, args));
    va_end(args);
}

/* @words may be NULL. */
static void add_words(GPtrArray *argv, char *const *words)
{
    for (char *const *word = words; word && *word; word++) {
        add(argv, "%s", *word);
    }
}

static void add_monitor(GPtrArray *argv, const char *id, const char *path)
{
    add(argv, "-chardev");
    add(argv, "socket,id=%s,path=%s,server=on,wait=off", id, path);
    add(argv, "-qmp"); /* the same on every QEMU; 11.1 warns of -mon */
    add(argv, "chardev:%s", id);
}

/* @watch_path: NULL: one monitor is enough. */
static GPtrArray *make_argv(const QemuConfig *config, const char *monitor_path,
                            const char *watch_path, const char *serial_path)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    add(argv, "%s", config->binary);
    add(argv, "-nodefaults");
    add(argv, "-no-user-config");
    add(argv, "-display");
    add(argv, "none");
    add(argv, "-accel");
    add(argv, "%s%s", config->accel,
        config->accel_more ? config->accel_more : "");
    add(argv, "-machine");
    add(argv, "%s", config->machine);
    add(argv, "-m");
    add(argv, "%" G_GUINT64_FORMAT "B", config->memory_bytes);
    add(argv, "-smp");
    add(argv, "%u", config->n_cpus);
    /* In this order: the serial's connection says that the monitor is there. */
    add_monitor(argv, "monitor", monitor_path);
    if (watch_path) {
        add_monitor(argv, "watch", watch_path);
    }
    add(argv, "-chardev");
    add(argv, "socket,id=serial,path=%s", serial_path);
    add(argv, "-serial");
    add(argv, "chardev:serial");
    add(argv, "-kernel");
    add(argv, "%s", config->kernel);
    add(argv, "-append");
    add(argv, "%s", config->append);
    if (config->is_destination) {
        add(argv, "-S");
        add(argv, "-incoming");
        add(argv, "defer");
    }
    add_words(argv, config->more);
    add_words(argv, config->own_more);
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* Runs between fork() and exec(). */
static void set_up_child(gpointer user_data)
{
    const QemuConfig *config = user_data;
    setsid(); /* Ctrl-C is for qmigrate, which decides about the guest */
    if (!config->outlives_us) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
}

/* The commands of exec: addresses; QEMU leads a session of its own. */
static void end_children(pid_t pid)
{
    kill(-pid, SIGKILL);
}

static void on_child_exit(GPid pid, gint status, gpointer user_data)
{
    Qemu *qemu = user_data;
    end_children(pid);
    g_autofree char *how =
        WIFSIGNALED(status)
            ? g_strdup_printf("was killed by signal %d (%s)", WTERMSIG(status),
                              g_strsignal(WTERMSIG(status)))
            : g_strdup_printf("ended with code %d", WEXITSTATUS(status));
    qemu->pid = 0;
    qemu->child_source = 0;
    qemu->handlers.exited(qemu, how, qemu->user_data);
}

static void on_line(const char *text, int64_t time_us, gpointer user_data)
{
    Qemu *qemu = user_data;
    Line line = guest_line_parse(text);
    qemu->handlers.line(qemu, &line, time_us, qemu->user_data);
}

static void on_connected(gpointer user_data)
{
    Qemu *qemu = user_data;
    qemu->handlers.connected(qemu, qemu->user_data);
}

static gboolean spawn(Qemu *qemu, Guard *guard, const QemuConfig *config,
                      GError **error)
{
    int log = open(qemu->stderr_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                   0600);
    if (log < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "cannot write %s: %s", qemu->stderr_path,
                    g_strerror(errno));
        return FALSE;
    }
    gboolean started = g_spawn_async_with_fds(
        NULL, (char **)qemu->argv->pdata, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, set_up_child,
        (gpointer)config, &qemu->pid, -1, log, log, error);
    close(log);
    if (started) {
        qemu->pidfd = syscall(SYS_pidfd_open, qemu->pid, 0);
        guard_add_process(guard, qemu->pid);
        qemu->child_source = g_child_watch_add(qemu->pid, on_child_exit, qemu);
    }
    return started;
}

Qemu *qemu_start(Guard *guard, const char *name, const QemuConfig *config,
                 const QemuHandlers *handlers, gpointer user_data,
                 GError **error)
{
    const char *folder = guard_folder(guard);
    g_autofree char *monitor = g_strdup_printf("%s/%s.qmp", folder, name);
    g_autofree char *address = g_strdup_printf("unix:%s", monitor);
    g_autofree char *serial = g_strdup_printf("%s/%s.serial", folder, name);
    g_autofree char *watch = g_strdup_printf("%s/%s.watch", folder, name);
    g_autofree char *watch_address = g_strdup_printf("unix:%s", watch);
    Qemu *qemu = g_new0(Qemu, 1);

    qemu->pidfd = -1;
    qemu->name = g_strdup(name);
    qemu->stderr_path = g_strdup_printf("%s/%s.stderr", folder, name);
    qemu->argv =
        make_argv(config, monitor, config->is_watched ? watch : NULL, serial);
    qemu->handlers = *handlers;
    qemu->user_data = user_data;
    qemu->monitor = qmp_address_parse(address, error);
    if (config->is_watched) {
        qemu->watch = qmp_address_parse(watch_address, error);
    }
    if (!qemu->monitor ||
        !(qemu->serial =
              serial_listen(serial, on_line, on_connected, qemu, error)) ||
        !spawn(qemu, guard, config, error)) {
        qemu_free(qemu);
        return NULL;
    }
    return qemu;
}

void qemu_free(Qemu *qemu)
{
    if (qemu->child_source) {
        g_source_remove(qemu->child_source);
    }
    if (qemu->pid) {
        syscall(SYS_pidfd_send_signal, qemu->pidfd, SIGKILL, NULL, 0);
        end_children(qemu->pid);
        while (waitpid(qemu->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (qemu->pidfd >= 0) {
        close(qemu->pidfd);
    }
    g_clear_pointer(&qemu->serial, serial_free);
    g_clear_pointer(&qemu->monitor, qmp_address_free);
    g_clear_pointer(&qemu->watch, qmp_address_free);
    g_ptr_array_unref(qemu->argv);
    g_free(qemu->stderr_path);
    g_free(qemu->name);
    g_free(qemu);
}

void qemu_let_go(Qemu *qemu)
{
    g_clear_handle_id(&qemu->child_source, g_source_remove);
    qemu->pid = 0;
}

const char *qemu_name(const Qemu *qemu)
{
    return qemu->name;
}

const QmpAddress *qemu_monitor(const Qemu *qemu)
{
    return qemu->monitor;
}

const QmpAddress *qemu_watch(const Qemu *qemu)
{
    return qemu->watch;
}

gboolean qemu_signal(Qemu *qemu, int number)
{
    return qemu->pid != 0 &&
           syscall(SYS_pidfd_send_signal, qemu->pidfd, number, NULL, 0) == 0;
}

pid_t qemu_pid(const Qemu *qemu)
{
    return qemu->pid;
}

gboolean qemu_is_alive(const Qemu *qemu)
{
    return qemu->pid != 0;
}

void qemu_tell_guest(Qemu *qemu, char byte)
{
    serial_send(qemu->serial, byte);
}

void qemu_follow(Qemu *qemu, Qemu *before)
{
    serial_follow(qemu->serial, before ? before->serial : NULL);
}

char *qemu_stderr(const Qemu *qemu)
{
    char *text = NULL;
    return g_file_get_contents(qemu->stderr_path, &text, NULL, NULL)
               ? g_strchomp(text)
               : g_strdup("");
}

char *qemu_command_line(const Qemu *qemu)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (guint i = 0; i + 1 < qemu->argv->len; i++) {
        const char *word = qemu->argv->pdata[i];
        g_autofree char *quoted = strpbrk(word, " '\"$\\*?<>|&;()")
                                      ? g_shell_quote(word)
                                      : g_strdup(word);
        g_string_append_printf(line, "%s%s", i ? " " : "", quoted);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}
