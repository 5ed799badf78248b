/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a QMP round trip costs through QmpClient, as a ratio to a bare blocking
 * write() and read() of the same bytes.  Both take turns in blocks, so that a
 * busy machine slows both, and on the same monitor, for a second monitor of one
 * QEMU is some 5 % slower than the first.  The median of the ratios is printed,
 * and the medians of the times.
 *
 *     roundtrip [QEMU]
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmp/client.h"

#define BLOCKS      20
#define ROUNDS      500 /* in a block; 10,000 in all */
#define PATIENCE_MS 60000
#define RATIO_MAX   1.10

typedef struct {
    char *folder;
    char *path;
    GPid pid;
    int bare;
    QmpClient *client;
    GMainLoop *loop;
    QmpCommand *command;
    int n_left; /* of this block */
    double client_us[BLOCKS], bare_us[BLOCKS], ratios[BLOCKS];
} Bench;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "roundtrip: %s: %s\n", what, why);
    exit(1);
}

/* --- QEMU --- */

static void die_with_us(gpointer unused)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void start_qemu(Bench *bench, const char *binary)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *monitor = NULL;
    g_auto(GStrv) argv = NULL;

    bench->folder = g_dir_make_tmp("roundtrip-XXXXXX", &error);
    if (!bench->folder) {
        die("no folder", error->message);
    }
    bench->path = g_strdup_printf("%s/qmp", bench->folder);
    monitor = g_strdup_printf("unix:%s,server=on,wait=off", bench->path);
    g_strv_builder_add_many(builder, binary, "-machine", "none", "-display",
                            "none", "-nodefaults", "-S", "-qmp", monitor, NULL);
    argv = g_strv_builder_end(builder);
    if (!g_spawn_async(NULL, argv, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                       die_with_us, NULL, &bench->pid, &error)) {
        die("no QEMU", error->message);
    }
}

static void stop_qemu(Bench *bench)
{
    kill(bench->pid, SIGKILL);
    waitpid(bench->pid, NULL, 0);
    g_unlink(bench->path);
    g_free(bench->path);
    g_rmdir(bench->folder);
    g_free(bench->folder);
}

/* --- a bare loop --- */

static void bare_read_line(int fd)
{
    char buffer[4096];
    ssize_t n;

    do {
        n = read(fd, buffer, sizeof(buffer));
        if (n <= 0) {
            die("bare", "QEMU went away");
        }
    } while (buffer[n - 1] != '\n');
}

static void bare_write(int fd, const char *text)
{
    size_t n = strlen(text);

    if (write(fd, text, n) != (ssize_t)n) {
        die("bare", "QEMU takes no command");
    }
}

/* QEMU needs a moment until it listens. */
static void bare_connect(Bench *bench)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name = { .sun_family = AF_UNIX };

    g_strlcpy(name.sun_path, bench->path, sizeof(name.sun_path));
    for (int i = 0; i < PATIENCE_MS / 10; i++) {
        if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0) {
            bare_read_line(fd);
            bare_write(fd, "{\"execute\":\"qmp_capabilities\","
                           "\"arguments\":{\"enable\":[\"oob\"]},\"id\":0}\n");
            bare_read_line(fd);
            bench->bare = fd;
            return;
        }
        g_usleep(10000);
    }
    die(bench->path, "QEMU does not listen");
}

static void bare_close(Bench *bench)
{
    close(bench->bare);
}

static void bare_block(Bench *bench)
{
    /* As long as the client's, whose ids have four digits mostly. */
    static const char command[] =
        "{\"execute\":\"query-status\",\"id\":9999}\n";

    for (int i = 0; i < ROUNDS; i++) {
        bare_write(bench->bare, command);
        bare_read_line(bench->bare);
    }
}

/* --- the client --- */

static void ask(Bench *bench);

static void answered(GObject *client, GAsyncResult *result, gpointer data)
{
    Bench *bench = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) value =
        qmp_client_execute_finish(QMP_CLIENT(client), result, &error);

    if (!value) {
        die("client", error->message);
    }
    if (--bench->n_left) {
        ask(bench);
    } else {
        g_main_loop_quit(bench->loop);
    }
}

static void ask(Bench *bench)
{
    qmp_client_execute_async(bench->client, bench->command, PATIENCE_MS, NULL,
                             answered, bench);
}

static void client_block(Bench *bench)
{
    bench->n_left = ROUNDS;
    ask(bench);
    g_main_loop_run(bench->loop);
}

static void connected(GObject *none, GAsyncResult *result, gpointer data)
{
    Bench *bench = data;
    g_autoptr(GError) error = NULL;

    bench->client = qmp_client_connect_finish(result, &error);
    if (!bench->client) {
        die("client", error->message);
    }
    g_main_loop_quit(bench->loop);
}

static void client_connect(Bench *bench)
{
    g_autoptr(QmpAddress) address = qmp_address_parse(bench->path, NULL);

    qmp_client_connect_async(address, PATIENCE_MS, NULL, NULL, NULL, connected,
                             bench);
    g_main_loop_run(bench->loop);
}

static void client_close(Bench *bench)
{
    qmp_client_close(bench->client);
    g_clear_object(&bench->client);
}

/* --- both --- */

typedef struct {
    void (*connect)(Bench *bench);
    void (*block)(Bench *bench);
    void (*close)(Bench *bench);
} Way;

static const Way bare_way = { bare_connect, bare_block, bare_close };
static const Way client_way = { client_connect, client_block, client_close };

static double time_block(Bench *bench, const Way *way)
{
    gint64 start_us, end_us;

    way->connect(bench);
    start_us = g_get_monotonic_time();
    way->block(bench);
    end_us = g_get_monotonic_time();
    way->close(bench);
    return (double)(end_us - start_us) / ROUNDS;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *values)
{
    qsort(values, BLOCKS, sizeof(*values), compare);
    return (values[BLOCKS / 2 - 1] + values[BLOCKS / 2]) / 2;
}

/* False: the goal is missed. */
static bool measure(Bench *bench)
{
    time_block(bench, &bare_way);
    time_block(bench, &client_way);
    for (int i = 0; i < BLOCKS; i++) {
        bench->bare_us[i] = time_block(bench, &bare_way);
        bench->client_us[i] = time_block(bench, &client_way);
        bench->ratios[i] = bench->client_us[i] / bench->bare_us[i];
    }
    double ratio = median(bench->ratios);
    printf("roundtrip: %.2f times the bare loop's time (goal at most %g, %s); "
           "%.1f us, %.1f us\n",
           ratio, RATIO_MAX, ratio <= RATIO_MAX ? "met" : "missed",
           median(bench->client_us), median(bench->bare_us));
    return ratio <= RATIO_MAX;
}

int main(int argc, char **argv)
{
    Bench bench = { 0 };

    start_qemu(&bench, argc > 1 ? argv[1] : "qemu-system-x86_64");
    bench.loop = g_main_loop_new(NULL, FALSE);
    bench.command = qmp_command_new("query-status");
    bool is_met = measure(&bench);
    qmp_command_free(bench.command);
    g_main_loop_unref(bench.loop);
    stop_qemu(&bench);
    return is_met ? 0 : 1;
}
