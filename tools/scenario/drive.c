/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/drive.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "orchestrator/outcome.h"
#include "tools/files.h"
#include "tools/interrupt.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/scenario/check.h"
#include "tools/scenario/load.h"
#include "tools/scenario/table.h"
#include "tools/scenario/tell.h"
#include "tools/settings.h"
#include "tools/temporary.h"

#define JOBS_MAX 64

typedef struct {
    const DriveWords *words;
    char *folder;    /* of all cells, while they run */
    char *failed;    /* of those that failed */
    GPtrArray *runs; /* of CellRun */
    guint next;      /* to be started */
    guint n_running, n_told;
    guint counts[3];  /* by VerdictKind */
    guint n_untested; /* of those that failed: before anything was tested */
    gboolean is_interrupted;
    gboolean is_unwritten; /* a result */
    GMainLoop *loop;
    int64_t start_us;
} Drive;

static void start_more(Drive *drive);

static int code_of(Outcome outcome)
{
    return outcome_row(outcome)->exit_code;
}

/* ---- what comes of one ---- */

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *where)
{
    return remove(path);
}

static void remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void keep(Drive *drive, CellRun *run)
{
    g_autoptr(GError) error = NULL;
    if (run->verdict->kind == VERDICT_FAILED && !drive->is_interrupted) {
        run->kept = tell_keep(run, drive->failed, &error);
        if (!run->kept) {
            plain_print(stderr, "warning: %s\n", error->message);
        }
    }
}

static void write_json(Drive *drive, const CellRun *run)
{
    if (!drive->words->json || !run->document) {
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *name = tell_file_name(run);
    g_autofree char *path = NULL;
    for (guint i = 1; !path || g_file_test(path, G_FILE_TEST_EXISTS); i++) {
        g_autofree char *file = i == 1 ? g_strdup_printf("%s.json", name)
                                       : g_strdup_printf("%s.%u.json", name, i);
        g_free(path);
        path = g_build_filename(drive->words->json, file, NULL);
    }
    if (!output_write_json(path, run->document, &error)) {
        plain_print(stderr, "warning: %s\n", error->message);
        drive->is_unwritten = TRUE;
    }
}

/* Only where somebody looks on: what runs, how much is left, and for how long, as
 * long as those so far took. */
static void show_progress(const Drive *drive)
{
    if (drive->words->taps || !isatty(STDERR_FILENO)) {
        return;
    }
    guint n_left = drive->runs->len - drive->n_told;
    if (n_left == 0 || drive->next == 0 || drive->is_interrupted) {
        plain_clear_line(stderr);
        return;
    }
    const CellRun *run = drive->runs->pdata[drive->next - 1];
    double s = (g_get_monotonic_time() - drive->start_us) / 1e6;
    plain_clear_line(stderr);
    plain_print(stderr, "%u of %u left", n_left, drive->runs->len);
    if (drive->n_told > 0) {
        plain_print(stderr, ", about %.0f s", s / drive->n_told * n_left);
    }
    plain_print(stderr, ": %s", run->cell->name);
}

static gboolean on_next(gpointer user_data)
{
    start_more(user_data);
    return G_SOURCE_REMOVE;
}

static void on_done(CellRun *run, gpointer user_data)
{
    Drive *drive = user_data;
    drive->n_running--;
    drive->n_told++;
    drive->counts[run->verdict->kind]++;
    drive->n_untested += run->verdict->is_untested;
    keep(drive, run);
    write_json(drive, run);
    remove_folder(run->folder);
    if (isatty(STDERR_FILENO) && !drive->words->taps) {
        plain_clear_line(stderr); /* the line may stand on this terminal */
    }
    if (drive->words->taps) {
        tell_tap(run, drive->n_told);
    } else {
        tell_people(run);
    }
    g_idle_add(on_next, drive);
}

/* ---- all of them ---- */

static void start_more(Drive *drive)
{
    int n_wanted = drive->words->n_jobs;
    guint n_jobs = n_wanted == DRIVE_NO_JOBS ? 1 : (guint)n_wanted;
    while (!drive->is_interrupted && drive->n_running < n_jobs &&
           drive->next < drive->runs->len) {
        drive->n_running++;
        cell_run_start(drive->runs->pdata[drive->next++], on_done, drive);
    }
    show_progress(drive);
    if (drive->n_running == 0 &&
        (drive->is_interrupted || drive->next == drive->runs->len)) {
        g_main_loop_quit(drive->loop);
    }
}

static void on_interrupt(gpointer user_data)
{
    Drive *drive = user_data;
    drive->is_interrupted = TRUE;
    for (guint i = 0; i < drive->next; i++) {
        cell_run_interrupt(drive->runs->pdata[i]);
    }
    if (drive->n_running == 0) {
        g_main_loop_quit(drive->loop);
    }
}

static int conclude_all(const Drive *drive)
{
    double s = (g_get_monotonic_time() - drive->start_us) / 1e6;
    plain_print(drive->words->taps ? stderr : stdout,
                "%u held, %u failed, %u skipped, in %.1f s\n",
                drive->counts[VERDICT_HELD], drive->counts[VERDICT_FAILED],
                drive->counts[VERDICT_SKIPPED], s);
    if (!drive->words->taps) {
        table_print_all(drive->runs);
    }
    if (drive->words->csv) {
        g_autoptr(GError) error = NULL;
        if (!table_write_csv(drive->words->csv, drive->runs, &error)) {
            plain_print(stderr, "error: --csv: %s\n", error->message);
            return code_of(OUTCOME_ERROR);
        }
    }
    if (drive->words->junit) {
        g_autoptr(GError) error = NULL;
        if (!tell_junit(drive->words->junit, drive->runs, &error)) {
            plain_print(stderr, "error: --junit: %s\n", error->message);
            return code_of(OUTCOME_ERROR);
        }
    }
    if (drive->is_interrupted) {
        return code_of(OUTCOME_CANCELLED);
    }
    if (drive->is_unwritten) {
        return code_of(OUTCOME_ERROR);
    }
    if (drive->counts[VERDICT_FAILED] > drive->n_untested ||
        (drive->counts[VERDICT_FAILED] && drive->counts[VERDICT_HELD])) {
        return code_of(OUTCOME_VERDICT);
    }
    return code_of(drive->counts[VERDICT_HELD] ? OUTCOME_MIGRATED
                                               : OUTCOME_SKIP);
}

static int run_all(Drive *drive)
{
    drive->start_us = g_get_monotonic_time();
    drive->loop = g_main_loop_new(NULL, FALSE);
    interrupt_watch(on_interrupt, drive);
    if (drive->words->taps) {
        tell_tap_plan(drive->runs->len);
    }
    start_more(drive);
    if (drive->n_running > 0) {
        g_main_loop_run(drive->loop);
    }
    g_main_loop_unref(drive->loop);
    if (drive->words->taps && drive->is_interrupted) {
        tell_tap_end();
    }
    return conclude_all(drive);
}

/* ---- before anything starts ---- */

static int refuse(const GError *error)
{
    plain_print(stderr,
                "error: %s\n  hint: see qmigrate lab --help and "
                "docs/scenarios.rst\n",
                error->message);
    return code_of(OUTCOME_USAGE);
}

/* What the run writes, before it has run. */
static gboolean check_outputs(const DriveWords *words, GError **error)
{
    g_autoptr(GArray) files = g_array_new(FALSE, FALSE, sizeof(FileWord));
    const FileWord outputs[] = { { "--junit", words->junit },
                                 { "--csv", words->csv } };

    g_array_append_vals(files, outputs, G_N_ELEMENTS(outputs));
    for (char **path = words->files; *path; path++) {
        const FileWord file = { "--scenario", *path };
        g_array_append_val(files, file);
    }
    if (!files_are_apart((const FileWord *)files->data, files->len, error)) {
        return FALSE;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
        if (outputs[i].path &&
            !output_check(outputs[i].option + 2, outputs[i].path, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_folder(const char *option, const char *path,
                             GError **error)
{
    return !path || g_mkdir_with_parents(path, 0755) == 0
               ? TRUE
               : option_refuse(error,
                               "--%s: %s is no folder, and cannot be made one",
                               option, path);
}

static gboolean check_words(const DriveWords *words, GError **error)
{
    if (words->n_jobs != DRIVE_NO_JOBS &&
        (words->n_jobs < 1 || words->n_jobs > JOBS_MAX)) {
        return option_refuse(error, "--jobs: %d is not from 1 to %d",
                             words->n_jobs, JOBS_MAX);
    }
    return words->lists || (check_outputs(words, error) &&
                            check_folder("json", words->json, error) &&
                            check_folder("failed", words->failed, error));
}

static int list(const GPtrArray *runs)
{
    for (guint i = 0; i < runs->len; i++) {
        g_autofree char *name = tell_name(runs->pdata[i]);
        plain_print(stdout, "%s\n", name);
    }
    return 0;
}

/* Which keys of a file count less than the command line. */
static char **names_of(char **options)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (char **option = options; option && *option; option++) {
        const char *name = *option + strspn(*option, "-");
        g_autofree char *key = g_strndup(name, strcspn(name, "="));
        g_strv_builder_add(names, key);
    }
    return g_strv_builder_end(names);
}

static int run_cells(Drive *drive)
{
    g_autoptr(GError) error = NULL;
    if (!check_cells(drive->runs, &error)) {
        return refuse(error);
    }
    return drive->words->lists ? list(drive->runs) : run_all(drive);
}

static int drive_cells(const DriveWords *words, const GPtrArray *cells,
                       char **options, char **more)
{
    g_autoptr(GError) error = NULL;
    Drive drive = { .words = words };

    drive.folder = temporary_folder_new("qmigrate-scenarios-XXXXXX", 0, &error);
    if (!drive.folder) {
        plain_print(stderr, "error: %s\n", error->message);
        return code_of(OUTCOME_ERROR);
    }
    drive.failed = g_strdup(words->failed ? words->failed : "qmigrate-failed");
    drive.runs = g_ptr_array_new_with_free_func((GDestroyNotify)cell_run_free);
    for (guint i = 0; i < cells->len; i++) {
        g_ptr_array_add(drive.runs,
                        cell_run_new(cells->pdata[i], i, drive.folder,
                                     words->files, options, more));
    }
    int code = run_cells(&drive);
    g_ptr_array_unref(drive.runs);
    remove_folder(drive.folder);
    g_free(drive.folder);
    g_free(drive.failed);
    return code;
}

int drive(const DriveWords *words, const char *const *keys, char **options,
          char **more)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) overridden = names_of(options);

    if (!check_words(words, &error)) {
        return refuse(error);
    }
    g_autoptr(ScenarioFile) file = load_scenarios(words->files, keys, &error);
    g_autoptr(GPtrArray) cells =
        file ? load_cells(file, words->files, words->only,
                          (const char *const *)overridden, &error)
             : NULL;
    if (!cells) {
        return refuse(error);
    }
    return drive_cells(words, cells, options, more);
}
