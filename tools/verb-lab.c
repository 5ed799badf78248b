/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate lab: a pair of QEMUs of its own, a guest, a migration, a proof. */
#include <stdio.h>
#include <string.h>

#include "caps/units.h"
#include "orchestrator/saturate.h"
#include "tools/conclude.h"
#include "tools/dry-run.h"
#include "tools/files.h"
#include "tools/interrupt.h"
#include "tools/lab/lab.h"
#include "tools/migrate.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/scenario/drive.h"
#include "tools/scenario/load.h"
#include "tools/scenario/words.h"
#include "tools/verb.h"

#define MEMORY_MIN_BYTES (32ull << 20)

/* GOption wants variables: what it fills in, before it is checked. */
static struct {
    DriveWords drive;
    char *script;
    char *qemu, *qemu_destination, *machine, *accel, *memory, *dirty_rate,
        *working_set, *destination_arguments, *pattern, *content, *warm_up;
    int smp, repeat, seed;
    gboolean keep;
    char **rest;
} words = { .smp = 1, .repeat = 1, .seed = 1, .drive.n_jobs = DRIVE_NO_JOBS };

/* clang-format off */
static const GOptionEntry entries[] = {
    { "qemu", 0, 0, G_OPTION_ARG_FILENAME, &words.qemu,
      "QEMU of the source (default: qemu-system-x86_64)", "BINARY" },
    { "qemu-destination", 0, 0, G_OPTION_ARG_FILENAME, &words.qemu_destination,
      "QEMU of the destination (default: the source's)", "BINARY" },
    { "machine", 0, 0, G_OPTION_ARG_STRING, &words.machine,
      "Machine type, for both (default: q35, or the newest that both have)",
      "TYPE" },
    { "accel", 0, 0, G_OPTION_ARG_STRING, &words.accel,
      "auto (KVM where a guest really runs on it), tcg or kvm; the last two with "
      "properties, such as kvm,dirty-ring-size=4096", "ACCEL" },
    { "memory", 0, 0, G_OPTION_ARG_STRING, &words.memory,
      "The guest's memory (default: 256MiB); bare: bytes", "SIZE" },
    { "smp", 0, 0, G_OPTION_ARG_INT, &words.smp,
      "Its vCPUs (default: 1)", "N" },
    { "dirty-rate", 0, 0, G_OPTION_ARG_STRING, &words.dirty_rate,
      "What it dirties (default: 10MB/s); bare: bytes per second", "RATE" },
    { "working-set", 0, 0, G_OPTION_ARG_STRING, &words.working_set,
      "What it writes again and again (default: all memory); bare: bytes",
      "SIZE" },
    { "pattern", 0, 0, G_OPTION_ARG_STRING, &words.pattern,
      "sequential (default), random or hot-cold", "NAME" },
    { "content", 0, 0, G_OPTION_ARG_STRING, &words.content,
      "zero, constant, compressible or random (default)", "NAME" },
    { "warm-up", 0, 0, G_OPTION_ARG_STRING, &words.warm_up,
      "Let it work so long before (default: 250ms); bare: milliseconds",
      "TIME" },
    { "destination-arguments", 0, 0, G_OPTION_ARG_STRING,
      &words.destination_arguments,
      "Arguments for the destination's QEMU alone, as for a shell", "WORDS" },
    { "repeat", 0, 0, G_OPTION_ARG_INT, &words.repeat,
      "Migrate there and back, N times in all (default: 1)", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &words.seed,
      "What the guest's choices begin with (default: 1)", "N" },
    { "scenario", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words.drive.files,
      "Do what a scenario file says, or those of a folder; --json then names a "
      "folder",
      "FILE" },
    { "only", 0, 0, G_OPTION_ARG_STRING, &words.drive.only,
      "Of its scenarios only those: a part of the name, or with * and ?",
      "PATTERN" },
    { "jobs", 0, 0, G_OPTION_ARG_INT, &words.drive.n_jobs,
      "So many scenarios at once (default: 1)", "N" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &words.drive.lists,
      "Print their names and do nothing", NULL },
    { "tap", 0, 0, G_OPTION_ARG_NONE, &words.drive.taps,
      "Tell of scenarios as the Test Anything Protocol", NULL },
    { "junit", 0, 0, G_OPTION_ARG_FILENAME, &words.drive.junit,
      "Write what became of scenarios as JUnit XML", "FILE" },
    { "csv", 0, 0, G_OPTION_ARG_FILENAME, &words.drive.csv,
      "Write each sample of what scenarios report as CSV", "FILE" },
    { "failed", 0, 0, G_OPTION_ARG_FILENAME, &words.drive.failed,
      "Where a scenario that failed leaves its folder (default: "
      "qmigrate-failed)",
      "FOLDER" },
    { "script", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &words.script,
      "Take the steps of this scenario here", "NAME" },
    { "keep", 0, 0, G_OPTION_ARG_NONE, &words.keep,
      "Leave both QEMUs running at the end", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.rest, NULL,
      NULL },
    { NULL }
};
/* clang-format on */

static gboolean take_choice(const char *option, const char *word,
                            const char *const choices[], char **ret,
                            GError **error)
{
    const char *chosen = word ? word : choices[0];
    if (!g_strv_contains(choices, chosen)) {
        g_autofree char *all = g_strjoinv(", ", (char **)choices);
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--%s: '%s' is none of %s", option, word, all);
        return FALSE;
    }
    *ret = g_strdup(chosen);
    return TRUE;
}

static gboolean take_size(const char *option, const char *word,
                          const char *usual, Unit unit, uint64_t *ret,
                          GError **error)
{
    return option_quantity(option, word ? word : usual, unit, ret, error);
}

static gboolean take_number(const char *option, int number, int max,
                            unsigned *ret, GError **error)
{
    if (number < 1 || number > max) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--%s: %d is not from 1 to %d", option, number, max);
        return FALSE;
    }
    *ret = number;
    return TRUE;
}

/* NAME, or for one that is not chosen NAME,PROPERTY=VALUE... as QEMU takes them. */
static gboolean take_accel(LabOptions *options, const char *const *accels,
                           GError **error)
{
    const char *comma = words.accel ? strchr(words.accel, ',') : NULL;
    g_autofree char *name =
        comma ? g_strndup(words.accel, comma - words.accel) : NULL;

    if (comma && strcmp(name, "auto") == 0) {
        return option_refuse(error, "--accel: auto has no properties");
    }
    options->accel_more = g_strdup(comma);
    return take_choice("accel", comma ? name : words.accel, accels,
                       &options->accel, error);
}

static gboolean take_guest(LabOptions *options, GError **error)
{
    static const char *const accels[] = { "auto", "tcg", "kvm", NULL };
    static const char *const patterns[] = { "sequential", "random", "hot-cold",
                                            NULL };
    static const char *const contents[] = { "random", "zero", "constant",
                                            "compressible", NULL };
    uint64_t warm_up_ms = 0;

    if (!take_accel(options, accels, error) ||
        !take_choice("pattern", words.pattern, patterns, &options->pattern,
                     error) ||
        !take_choice("content", words.content, contents, &options->content,
                     error) ||
        !take_size("memory", words.memory, "256MiB", UNIT_BYTES,
                   &options->memory_bytes, error) ||
        !take_size("dirty-rate", words.dirty_rate, "10MB/s",
                   UNIT_BYTES_PER_SECOND, &options->dirty_bytes_per_s, error) ||
        !take_size("working-set", words.working_set, "0", UNIT_BYTES,
                   &options->working_set_bytes, error) ||
        !take_size("warm-up", words.warm_up, "250ms", UNIT_MILLISECONDS,
                   &warm_up_ms, error) ||
        !take_number("smp", words.smp, 255, &options->n_cpus, error) ||
        !take_number("repeat", words.repeat, G_MAXINT, &options->n_repeat,
                     error)) {
        return FALSE;
    }
    options->warm_up_us = saturate_us_from_ms(warm_up_ms);
    if (options->memory_bytes < MEMORY_MIN_BYTES) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--memory: %s is less than the 32MiB that the guest needs",
                    words.memory);
        return FALSE;
    }
    if (options->working_set_bytes > options->memory_bytes) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--working-set: %s is more than the guest's memory",
                    words.working_set);
        return FALSE;
    }
    return TRUE;
}

static gboolean take_arguments(LabOptions *options, GError **error)
{
    g_autoptr(GError) why = NULL;
    const char *text = words.destination_arguments;
    if (!text ||
        g_shell_parse_argv(text, NULL, &options->destination_more, &why)) {
        return TRUE;
    }
    return option_refuse(error, "--destination-arguments: %s", why->message);
}

static void take_words(LabOptions *options)
{
    const char *qemu = words.qemu ? words.qemu : "qemu-system-x86_64";
    options->qemu[SIDE_SOURCE] = g_strdup(qemu);
    options->qemu[SIDE_DESTINATION] =
        g_strdup(words.qemu_destination ? words.qemu_destination : qemu);
    options->machine = g_strdup(words.machine);
    options->keep = words.keep;
    options->seed = words.seed;
    options->more = g_strdupv(words.rest);
}

/* Beside the program when it runs from its build folder, else installed. */
static char *find_guest(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup(".");
    char *built = g_build_filename(folder, "guest", "guest", NULL);
    if (g_file_test(built, G_FILE_TEST_EXISTS)) {
        return built;
    }
    g_free(built);
    return g_build_filename(QMIGRATE_DATADIR, "guest", NULL);
}

static void on_interrupt(gpointer user_data)
{
    lab_cancel(user_data);
}

static void on_done(gpointer user_data)
{
    g_main_loop_quit(user_data);
}

static void walk(const LabOptions *options, const Settings *settings,
                 const char *guest, Trace *trace, LabResult *result)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    Lab *lab = lab_new(options, settings, guest, trace, result);
    interrupt_watch(on_interrupt, lab);
    lab_start(lab, on_done, loop);
    g_main_loop_run(loop);
    lab_free(lab);
    g_main_loop_unref(loop);
}

/* Each migration for people; one document for programs. */
static int finish_all(const LabOptions *options, const Settings *settings,
                      const LabResult *result)
{
    GPtrArray *results = result->results;
    for (guint i = 0; i + 1 < results->len; i++) {
        if (!settings->quiet && g_strcmp0(settings->json, "-") != 0) {
            output_print_result(results->pdata[i]);
        }
    }
    return conclude(settings, result->outcome, &result->failure,
                    results->pdata[results->len - 1],
                    options->n_repeat > 1 ? results : NULL);
}

static int finish(const LabOptions *options, const Settings *settings,
                  const LabResult *result)
{
    int exit_code = result->plan ? dry_run_conclude(settings, &result->failure,
                                                    result->plan)
                                 : finish_all(options, settings, result);
    if (result->kept) {
        plain_print(stderr, "%s", result->kept);
    }
    return output_exit_code(exit_code, OUTCOME_VERDICT);
}

static int run_checked(const LabOptions *options, const Settings *settings)
{
    g_autofree char *guest = find_guest();
    g_autoptr(GError) error = NULL;
    LabResult result = { 0 };
    Trace *trace = NULL;

    if (!files_check_apart(settings, &error)) {
        return conclude_usage("lab", NULL, error);
    }
    if (!conclude_can_write(settings)) {
        return outcome_row(OUTCOME_ERROR)->exit_code;
    }
    if (!g_file_test(guest, G_FILE_TEST_EXISTS)) {
        return conclude_early(
            settings, FAILURE_ENVIRONMENT,
            g_strdup_printf("the test guest %s is missing", guest),
            /* no_guest= */ TRUE);
    }
    if (settings->trace && !(trace = trace_open(settings->trace, &error))) {
        return conclude_early(settings, FAILURE_ENVIRONMENT,
                              g_strdup(error->message), /* no_guest= */ TRUE);
    }
    walk(options, settings, guest, trace, &result);
    if (trace && !trace_close(trace, &error)) {
        plain_print(stderr, "warning: %s\n", error->message);
    }
    int exit_code = finish(options, settings, &result);
    lab_result_clear(&result);
    return exit_code;
}

/* GOption does not tell what stood behind -- from what stood before it. */
static gboolean check_rest(guint n_behind, GError **error)
{
    guint n = words.rest ? g_strv_length(words.rest) : 0;
    if (n != n_behind) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' is one word too many; arguments for QEMU stand "
                    "behind --",
                    words.rest[0]);
        return FALSE;
    }
    return TRUE;
}

static guint count_behind(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            return argc - i - 1;
        }
    }
    return 0;
}

/* One of them, in this process. */
static int run_script(LabOptions *options, const Settings *settings,
                      const char *const *keys)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ScenarioFile) file =
        load_scenarios(words.drive.files, keys, &error);
    if (!file) {
        return conclude_usage("lab", settings_json_word(), error);
    }
    options->scenario = load_find(file, words.script);
    if (options->scenario && words.drive.lists) {
        return outcome_row(OUTCOME_MIGRATED)->exit_code; /* all was read */
    }
    if (!options->scenario) {
        option_refuse(&error, "--script: there is no scenario '%s'",
                      words.script);
        return conclude_usage("lab", settings_json_word(), error);
    }
    return run_checked(options, settings);
}

static int run_scenarios(LabOptions *options, Settings *settings, char **given)
{
    g_autoptr(GPtrArray) names = settings_option_names(entries);
    g_auto(GStrv) keys = words_keys(names);
    if (words.script) {
        return run_script(options, settings, (const char *const *)keys);
    }
    g_auto(GStrv) passed = words_for_cells(given);
    words.drive.json = settings->json;
    return drive(&words.drive, (const char *const *)keys, passed,
                 options->more);
}

/* What a run of cells has another way to say, or nobody to say it to. */
static gboolean check_beside_scenario(const Settings *settings, GError **error)
{
    const char *option = settings->dry_run                     ? "dry-run"
                         : settings->trace                     ? "trace"
                         : settings->quiet                     ? "quiet"
                         : words.keep                          ? "keep"
                         : words.repeat != 1                   ? "repeat"
                         : g_strcmp0(settings->json, "-") == 0 ? "json=-"
                                                               : NULL;
    return !option || words.script
               ? TRUE
               : option_refuse(error, "--%s does not go with --scenario",
                               option);
}

static gboolean check_scenario_words(const Settings *settings, GError **error)
{
    gboolean has_jobs = words.drive.n_jobs != DRIVE_NO_JOBS;
    const char *option = has_jobs             ? "jobs"
                         : words.drive.only   ? "only"
                         : words.drive.lists  ? "list"
                         : words.drive.taps   ? "tap"
                         : words.drive.junit  ? "junit"
                         : words.drive.failed ? "failed"
                         : words.drive.csv    ? "csv"
                         : words.script       ? "script"
                                              : NULL;
    if (words.drive.files) {
        return check_beside_scenario(settings, error);
    }
    return !option ? TRUE
                   : option_refuse(error, "--%s needs --scenario", option);
}

int verb_lab(int argc, char **argv)
{
    g_auto(GStrv) given = g_strdupv(argv);
    guint n_behind = count_behind(argc, argv);
    g_auto(Settings) settings = { .makes_tls = TRUE };
    g_auto(LabOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    if (!settings_parse(&settings, entries, "[-- QEMU ARGUMENTS]",
                        "Starts two QEMUs with a guest that works, migrates "
                        "it, and proves it intact.",
                        &argc, &argv, &error) ||
        !check_rest(n_behind, &error) ||
        !check_scenario_words(&settings, &error) ||
        !take_guest(&options, &error) || !take_arguments(&options, &error)) {
        return conclude_usage("lab", settings_json_word(), error);
    }
    take_words(&options);
    return words.drive.files ? run_scenarios(&options, &settings, given)
                             : run_checked(&options, &settings);
}
