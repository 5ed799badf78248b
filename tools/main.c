/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps/nearest.h"
#include "orchestrator/outcome.h"
#include "tools/interrupt.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/verb.h"

#define DESCRIPTORS_MIN 64 /* a lab has some 40 open */

/* clang-format off */
static const struct {
    const char *name;
    const char *summary;
    VerbFunc *run;
} verbs[] = {
    { "run", "migrate the guest of one QEMU to another", verb_run },
    { "lab", "start two QEMUs, migrate a test guest, prove it intact", verb_lab },
    { "check", "say what stands in the way of a migration", verb_check },
    { "caps", "say what QEMUs have, and which features fit them", verb_caps },
    { "simulate", "say what a policy would do, without a guest", verb_simulate },
    { "status", "show how a migration stands, whoever runs it", verb_status },
    { "cancel", "let the source give a migration up", verb_cancel },
    { "postcopy", "let a migration switch over to post-copy", verb_postcopy },
    { "recover", "finish or undo an interrupted migration", verb_recover },
    { "predict", "say how a migration would go, before there is one",
      verb_predict },
    { "tls", "make and check credentials for TLS", verb_tls },
    { "qmp", "talk to a QEMU: one command, or a shell", verb_qmp },
};
/* clang-format on */

static void print_help(void)
{
    plain_print(stdout,
                "Usage: qmigrate VERB [OPTION...]\n\n"
                "Migrates a live QEMU guest, talking QMP to both QEMUs.\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        plain_print(stdout, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    }
    plain_print(stdout,
                "\nqmigrate VERB --help tells the options of a verb, man "
                "qmigrate the exit codes.\n");
}

static int refuse_verb(const char *name)
{
    Nearest nearest = nearest_start(name);
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        nearest_offer(&nearest, verbs[i].name);
    }
    plain_print(stderr, "error: there is no verb '%s'\n", name);
    if (nearest.best) {
        plain_print(stderr, "  hint: did you mean %s?\n", nearest.best);
    } else {
        plain_print(stderr, "  hint: qmigrate --help lists the verbs\n");
    }
    return outcome_row(OUTCOME_USAGE)->exit_code;
}

/* Or a monitor's socket could become 2, and an error text a command to QEMU.  A
 * result that is written to a closed standard output is lost: it fails. */
static void open_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd) {
            return;
        }
    }
}

/* GLib ends the program where one is missing, maybe in mid-migration. */
static gboolean has_descriptors(void)
{
    int fds[DESCRIPTORS_MIN], n = 0;
    while (n < DESCRIPTORS_MIN &&
           (fds[n] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0) {
        n++;
    }
    for (int i = 0; i < n; i++) {
        close(fds[i]);
    }
    if (n < DESCRIPTORS_MIN) {
        plain_print(stderr,
                    "error: only %d file descriptors are free; %d are needed\n"
                    "  hint: raise the limit with ulimit -n 1024\n",
                    n, DESCRIPTORS_MIN);
    }
    return n == DESCRIPTORS_MIN;
}

/* GOption prints help by itself, and then ends the program with exit code 0. */
static void print_for_glib(const char *text)
{
    plain_print(stdout, "%s", text);
    if (!output_flush()) {
        exit(outcome_row(OUTCOME_ERROR)->exit_code);
    }
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        plain_print(stderr, "error: a verb is missing\n"
                            "  hint: qmigrate --help lists the verbs\n");
        return outcome_row(OUTCOME_USAGE)->exit_code;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        plain_print(stdout, "qmigrate " QMIGRATE_VERSION "\n");
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(verbs[i].name, argv[1]) == 0) {
            g_autofree char *name = g_strconcat("qmigrate ", argv[1], NULL);
            g_set_prgname(name); /* --help's usage line shows it */
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    return refuse_verb(argv[1]);
}

int main(int argc, char **argv)
{
    open_standard_fds();
    setlocale(LC_CTYPE, "");
    interrupt_prepare();
    g_set_prgname("qmigrate");
    g_set_print_handler(print_for_glib);
    int exit_code = has_descriptors() ? run(argc, argv)
                                      : outcome_row(OUTCOME_ERROR)->exit_code;
    return output_exit_code(exit_code, OUTCOME_ERROR);
}
