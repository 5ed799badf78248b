/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/simulate/options.h"

#include <string.h>

#include "caps/nearest.h"
#include "caps/units.h"
#include "tools/settings.h"
#include "tools/steering.h"

#define CHANNELS_MAX    255
#define GRID_US_PER_GIB 150e6 /* --timeout of the grid, as KubeVirt has it */
#define GIB             1073741824.0
#define MEMORY_LEAST    (1u << 20)
#define ALL             "all"

/* GOption wants variables: what it fills in, before it is checked. */
static struct {
    char *policy, *memory, *dirty_rate, *working_set, *pattern, *busy,
        *bandwidth, *max_bandwidth, *postcopy_after, *fault_cost,
        *downtime_limit, *max_downtime, *timeout, *on_stall, *multifd, *json,
        *show;
    gboolean model, grid, postcopy, auto_converge;
} words;

/* clang-format off */
static const GOptionEntry entries[] = {
    { "policy", 0, 0, G_OPTION_ARG_STRING, &words.policy,
      "What decides: a name (default: " POLICY_DEFAULT "), a file of your own, "
      "or all", "NAME" },
    { "model", 0, 0, G_OPTION_ARG_NONE, &words.model,
      "Play a model of a migration, as the options below say", NULL },
    { "grid", 0, 0, G_OPTION_ARG_NONE, &words.grid,
      "Play all policies over a grid of models", NULL },
    { "memory", 0, 0, G_OPTION_ARG_STRING, &words.memory,
      "The guest's memory (default: 16GiB); bare: bytes", "SIZE" },
    { "dirty-rate", 0, 0, G_OPTION_ARG_STRING, &words.dirty_rate,
      "What it dirties (default: 256MiB/s); bare: bytes per second", "RATE" },
    { "working-set", 0, 0, G_OPTION_ARG_STRING, &words.working_set,
      "What it writes again and again (default: a quarter of the memory); bare: "
      "bytes", "SIZE" },
    { "pattern", 0, 0, G_OPTION_ARG_STRING, &words.pattern,
      "sequential, random (default) or hot-cold", "NAME" },
    { "busy", 0, 0, G_OPTION_ARG_STRING, &words.busy,
      "Share of its time that the guest needs for that (default: 100%)",
      "PERCENT" },
    { "bandwidth", 0, 0, G_OPTION_ARG_STRING, &words.bandwidth,
      "Of the link (default: 1GiB/s); bare: bytes per second", "RATE" },
    { "max-bandwidth", 0, 0, G_OPTION_ARG_STRING, &words.max_bandwidth,
      "QEMU's cap on it while the guest runs; bare: bytes per second; 0: none",
      "RATE" },
    { "multifd", 0, 0, G_OPTION_ARG_STRING, &words.multifd,
      "Send through so many channels; one alone sends 10Gbit/s at most", "N" },
    { "fault-cost", 0, 0, G_OPTION_ARG_STRING, &words.fault_cost,
      "Post-copy: what a page costs that is not there yet (default: 500us); "
      "bare: microseconds", "TIME" },
    { "downtime-limit", 0, 0, G_OPTION_ARG_STRING, &words.downtime_limit,
      "Where the policy starts (default: its own, else 300ms); bare: "
      "milliseconds", "TIME" },
    { "max-downtime", 0, 0, G_OPTION_ARG_STRING, &words.max_downtime,
      "It may raise downtime-limit up to this; bare: milliseconds", "TIME" },
    { "timeout", 0, 0, G_OPTION_ARG_STRING, &words.timeout,
      "Give up when it is not done in this time (default: none; with --grid 150s "
      "for each GiB); bare: milliseconds; 0: never", "TIME" },
    { "on-stall", 0, 0, G_OPTION_ARG_STRING, &words.on_stall,
      "If it will not converge: abort, postcopy or stop", "WHAT" },
    { "postcopy", 0, 0, G_OPTION_ARG_NONE, &words.postcopy,
      "Post-copy is armed", NULL },
    { "postcopy-after", 0, 0, G_OPTION_ARG_STRING, &words.postcopy_after,
      "Switch to post-copy after so many passes", "PASSES" },
    { "auto-converge", 0, 0, G_OPTION_ARG_NONE, &words.auto_converge,
      "QEMU slows the guest down if it does not converge", NULL },
    { "show", 0, 0, G_OPTION_ARG_STRING, &words.show,
      "Of the grid: what each policy did in cells such as "
      "1.5/60%/random/*/postcopy", "CELLS" },
    { "json", 0, 0, G_OPTION_ARG_STRING, &words.json,
      "Write all of it as JSON to FILE, - for standard output", "FILE" },
    { NULL }
};
/* clang-format on */

/* A quantity from @least on; what is not said stays as it is. */
static gboolean take(const char *option, const char *word, Unit unit,
                     double least, double *value, GError **error)
{
    uint64_t whole = 0;
    if (!word) {
        return TRUE;
    }
    if (!option_quantity(option, word, unit, &whole, error)) {
        return FALSE;
    }
    if (whole < least || whole > INT64_MAX / 1000) {
        return option_refuse(error, "--%s: '%s' is too %s", option, word,
                             whole < least ? "little" : "much");
    }
    *value = whole;
    return TRUE;
}

static gboolean take_ms(const char *option, const char *word, double least_ms,
                        uint64_t *us, GError **error)
{
    double ms = *us / 1000;
    if (!take(option, word, UNIT_MILLISECONDS, least_ms, &ms, error)) {
        return FALSE;
    }
    *us = (uint64_t)ms * 1000;
    return TRUE;
}

static gboolean take_pattern(Scene *scene, GError **error)
{
    if (!words.pattern) {
        return TRUE;
    }
    Nearest nearest = nearest_start(words.pattern);
    const char *name;
    for (guint i = 0; (name = scene_pattern_name(i)); i++) {
        if (strcmp(name, words.pattern) == 0) {
            scene->pattern = i;
            return TRUE;
        }
        nearest_offer(&nearest, name);
    }
    if (nearest.best) {
        return option_refuse(error,
                             "--pattern: there is no '%s'; did you mean %s?",
                             words.pattern, nearest.best);
    }
    return option_refuse(
        error, "--pattern: '%s' is none of sequential, random, hot-cold",
        words.pattern);
}

static gboolean take_guest(Scene *scene, GError **error)
{
    double busy = 100, channels = 0;
    if (!take("memory", words.memory, UNIT_BYTES, MEMORY_LEAST,
              &scene->memory_bytes, error)) {
        return FALSE;
    }
    scene->working_set_bytes = scene->memory_bytes / 4;
    if (!take("dirty-rate", words.dirty_rate, UNIT_BYTES_PER_SECOND, 0,
              &scene->dirty_bytes_per_s, error) ||
        !take("working-set", words.working_set, UNIT_BYTES, 0,
              &scene->working_set_bytes, error) ||
        !take("busy", words.busy, UNIT_PERCENT, 1, &busy, error) ||
        !take("bandwidth", words.bandwidth, UNIT_BYTES_PER_SECOND, 1,
              &scene->bandwidth_bytes_per_s, error) ||
        !take("fault-cost", words.fault_cost, UNIT_MICROSECONDS, 0,
              &scene->fault_us, error) ||
        !take_pattern(scene, error)) {
        return FALSE;
    }
    if (scene->working_set_bytes > scene->memory_bytes) {
        return option_refuse(error, "--working-set: %s is more than the memory",
                             words.working_set);
    }
    if (!take("multifd", words.multifd, UNIT_NONE, 1, &channels, error)) {
        return FALSE;
    }
    if (channels > CHANNELS_MAX) {
        return option_refuse(error, "--multifd: '%s' is not from 1 to %d",
                             words.multifd, CHANNELS_MAX);
    }
    if (busy > 100) {
        return option_refuse(error, "--busy: '%s' is more than all its time",
                             words.busy);
    }
    scene->busy = busy / 100;
    scene->n_channels = (unsigned)channels;
    return TRUE;
}

static gboolean take_terms(PolicyTerms *terms, GError **error)
{
    double cap = 0;
    if (!take_ms("downtime-limit", words.downtime_limit, 1,
                 &terms->start_downtime_us, error) ||
        !take_ms("max-downtime", words.max_downtime, 1, &terms->max_downtime_us,
                 error) ||
        !take_ms("timeout", words.timeout, 0, &terms->timeout_us, error) ||
        !take("max-bandwidth", words.max_bandwidth, UNIT_BYTES_PER_SECOND, 0,
              &cap, error) ||
        !steering_take_on_stall(words.on_stall, terms, error) ||
        !steering_take_postcopy_after(words.postcopy_after, terms, error)) {
        return FALSE;
    }
    if (terms->max_downtime_us > 0 &&
        terms->max_downtime_us < terms->start_downtime_us) {
        return option_refuse(error,
                             "--max-downtime: '%s' is under --downtime-limit",
                             words.max_downtime);
    }
    terms->max_bandwidth_bytes_per_s = cap;
    terms->has_postcopy = words.postcopy;
    return TRUE;
}

/* The grid has it where it is of use. */
static bool has_postcopy(const SimulateOptions *options)
{
    Scene scene = options->scene;
    if (options->policy) {
        scene_arm(&scene, options->policy);
    }
    return words.grid || scene.terms.has_postcopy;
}

/* What the grid takes from itself, and what only it has. */
static gboolean check_grid(Scene *scene, GError **error)
{
    const struct {
        const char *option;
        bool is_there;
    } own[] = {
        { "dirty-rate", words.dirty_rate },
        { "working-set", words.working_set },
        { "pattern", words.pattern },
        { "downtime-limit", words.downtime_limit },
        { "max-downtime", words.max_downtime },
        { "postcopy", words.postcopy },
        { "postcopy-after", words.postcopy_after },
        { "policy", words.policy },
    };
    for (gsize i = 0; words.grid && i < G_N_ELEMENTS(own); i++) {
        if (own[i].is_there) {
            return option_refuse(error, "--grid has each --%s of its own",
                                 own[i].option);
        }
    }
    if (words.show && !words.grid) {
        return option_refuse(error, "--show is of --grid");
    }
    if (words.grid && scene->terms.timeout_us == 0) {
        scene->terms.timeout_us = scene->memory_bytes / GIB * GRID_US_PER_GIB;
    }
    return TRUE;
}

static gboolean take_mode(SimulateOptions *options, int argc, char **argv,
                          GError **error)
{
    if (argc > 2) {
        return option_refuse(error, "'%s' is one word too many", argv[2]);
    }
    if (words.model + words.grid + (argc > 1) != 1) {
        return option_refuse(
            error, "one of these is wanted: --model, --grid, or the file of "
                   "a trace");
    }
    options->mode = words.model  ? SIMULATE_MODEL
                    : words.grid ? SIMULATE_GRID
                                 : SIMULATE_TRACE;
    options->trace = g_strdup(argc > 1 ? argv[1] : NULL);
    options->json = g_strdup(words.json);
    options->show = g_strdup(words.show);
    return g_strcmp0(words.policy, ALL) == 0 ||
           steering_take_policy(words.policy, &options->policy, error);
}

/* What was read before. */
static void forget_words(void)
{
    for (const GOptionEntry *entry = entries; entry->long_name; entry++) {
        if (entry->arg == G_OPTION_ARG_STRING) {
            g_clear_pointer((char **)entry->arg_data, g_free);
        } else {
            *(gboolean *)entry->arg_data = FALSE;
        }
    }
}

gboolean simulate_options_read(SimulateOptions *options, int *argc,
                               char ***argv, GError **error)
{
    forget_words();
    options->scene = scene_default();
    if (!options_parse(entries, "[TRACE]",
                       "Says what a policy would do: with a TRACE, what it "
                       "would have said then;\nwith --model, how a migration "
                       "would go; with --grid, how good all policies are.",
                       argc, argv, error)) {
        return FALSE;
    }
    options->scene.auto_converge = words.auto_converge;
    return take_mode(options, *argc, *argv, error) &&
           take_guest(&options->scene, error) &&
           take_terms(&options->scene.terms, error) &&
           check_grid(&options->scene, error) &&
           steering_check(options->policy, &options->scene.terms,
                          has_postcopy(options), error);
}

void simulate_options_clear(SimulateOptions *options)
{
    g_clear_pointer(&options->trace, g_free);
    g_clear_pointer(&options->json, g_free);
    g_clear_pointer(&options->show, g_free);
}

const char *simulate_options_json_word(void)
{
    return words.json;
}
