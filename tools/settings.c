/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/settings.h"

#include <stdio.h>
#include <string.h>

#include "caps/nearest.h"
#include "caps/table.h"
#include "orchestrator/uri.h"

/* GOption wants variables: what it fills in, before it is checked. */
static struct {
    char *uri, *max_bandwidth, *downtime_limit, *timeout, *progress;
    char **enable, **disable, **set;
    char *json, *trace;
    gboolean quiet, destination_is_dead, no_preflight;
} words;

/* clang-format off */
static const GOptionEntry shared[] = {
    { "uri", 0, 0, G_OPTION_ARG_STRING, &words.uri,
      "Address of the migration stream: unix:PATH or tcp:HOST:PORT, port 0 for "
      "any (default: a unix socket between two local QEMUs, else tcp, port 0)",
      "URI" },
    { "max-bandwidth", 0, 0, G_OPTION_ARG_STRING, &words.max_bandwidth,
      "Send at most so much, e.g. 128MiB/s or 10Gbit/s; bare: bytes per second; "
      "0: no limit", "RATE" },
    { "downtime-limit", 0, 0, G_OPTION_ARG_STRING, &words.downtime_limit,
      "Switch over when the rest takes at most so long, e.g. 300ms; bare: "
      "milliseconds", "TIME" },
    { "timeout", 0, 0, G_OPTION_ARG_STRING, &words.timeout,
      "Give up when it is not done in this time, e.g. 90s; bare: milliseconds; "
      "0: never",
      "TIME" },
    { "enable", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.enable,
      "Turn a migration capability on", "CAPABILITY" },
    { "disable", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.disable,
      "Turn a migration capability off", "CAPABILITY" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.set,
      "Set a migration parameter", "PARAMETER=VALUE" },
    { "destination-is-dead", 0, 0, G_OPTION_ARG_NONE,
      &words.destination_is_dead,
      "You know that the destination is dead, should it not answer", NULL },
    { "no-preflight", 0, 0, G_OPTION_ARG_NONE, &words.no_preflight,
      "Let QEMU find out what does not fit", NULL },
    { "json", 0, 0, G_OPTION_ARG_STRING, &words.json,
      "Write the result as JSON to FILE, - for standard output", "FILE" },
    { "trace", 0, 0, G_OPTION_ARG_FILENAME, &words.trace,
      "Write everything that happens as JSON lines to FILE", "FILE" },
    { "progress", 0, 0, G_OPTION_ARG_STRING, &words.progress,
      "Show progress: auto (on a terminal), always or never", "WHEN" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &words.quiet,
      "Print nothing but errors", NULL },
    { NULL }
};
/* clang-format on */

static void offer_names(Nearest *nearest, const GOptionEntry *entries)
{
    for (; entries && entries->long_name; entries++) {
        nearest_offer(nearest, entries->long_name);
    }
}

/* GOption says "Unknown option --foo"; a person wants to know what is near. */
static void suggest(GError *error, const GOptionEntry *own,
                    const GOptionEntry *more)
{
    const char *dashes = strstr(error->message, "--");
    if (error->code != G_OPTION_ERROR_UNKNOWN_OPTION || !dashes) {
        return;
    }
    g_autofree char *name = g_strndup(dashes + 2, strcspn(dashes + 2, "="));
    Nearest nearest = nearest_start(name);
    offer_names(&nearest, own);
    offer_names(&nearest, more);
    g_free(error->message);
    error->message =
        nearest.best
            ? g_strdup_printf("there is no option --%s; did you mean --%s?",
                              name, nearest.best)
            : g_strdup_printf("there is no option --%s", name);
}

static gboolean parse(GOptionContext *context, const GOptionEntry *own,
                      const GOptionEntry *more, int *argc, char ***argv,
                      GError **error)
{
    GError *local = NULL;
    g_option_context_set_translate_func(context, NULL, NULL, NULL);
    g_option_context_add_main_entries(context, own, NULL);
    if (more) {
        g_option_context_add_main_entries(context, more, NULL);
    }
    if (!g_option_context_parse(context, argc, argv, &local)) {
        suggest(local, own, more);
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
}

gboolean options_parse(const GOptionEntry *entries, const char *parameters,
                       const char *summary, int *argc, char ***argv,
                       GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(parameters);
    g_option_context_set_summary(context, summary);
    g_option_context_set_strict_posix(context, TRUE);
    return parse(context, entries, NULL, argc, argv, error);
}

gboolean option_quantity(const char *option, const char *text, int unit,
                         uint64_t *ret, GError **error)
{
    if (!unit_parse(text, unit, ret, error)) {
        g_prefix_error(error, "--%s: ", option);
        return FALSE;
    }
    return TRUE;
}

/* Kept as text: the agreement parses it again, by the parameter's own unit. */
static gboolean wish_quantity(GPtrArray *wishes, const char *name,
                              const char *text, GError **error)
{
    uint64_t value;
    if (!text) {
        return TRUE;
    }
    if (!option_quantity(name, text, caps_table_parameter_unit(name), &value,
                         error)) {
        return FALSE;
    }
    g_ptr_array_add(wishes, caps_wish_parameter(name, text));
    return TRUE;
}

static gboolean wish_parameter(GPtrArray *wishes, const char *text,
                               GError **error)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--set: '%s' is not PARAMETER=VALUE, for example "
                    "downtime-limit=300ms",
                    text);
        return FALSE;
    }
    g_autofree char *name = g_strndup(text, equals - text);
    Unit unit = caps_table_parameter_unit(name);
    uint64_t value;
    if (unit != UNIT_NONE && !unit_parse(equals + 1, unit, &value, error)) {
        g_prefix_error(error, "--set %s: ", name);
        return FALSE;
    }
    g_ptr_array_add(wishes, caps_wish_parameter(name, equals + 1));
    return TRUE;
}

static gboolean take_wishes(MigrationSettings *migration, GError **error)
{
    migration->wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    for (char **at = words.enable; at && *at; at++) {
        g_ptr_array_add(migration->wishes, caps_wish_capability(*at, true));
    }
    for (char **at = words.disable; at && *at; at++) {
        g_ptr_array_add(migration->wishes, caps_wish_capability(*at, false));
    }
    for (char **at = words.set; at && *at; at++) {
        if (!wish_parameter(migration->wishes, *at, error)) {
            return FALSE;
        }
    }
    return wish_quantity(migration->wishes, "max-bandwidth",
                         words.max_bandwidth, error) &&
           wish_quantity(migration->wishes, "downtime-limit",
                         words.downtime_limit, error);
}

static gboolean take_progress(Settings *settings, GError **error)
{
    static const char *const names[] = { "auto", "always", "never" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!words.progress || strcmp(words.progress, names[i]) == 0) {
            settings->progress = i;
            return TRUE;
        }
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--progress: '%s' is none of auto, always, never",
                words.progress);
    return FALSE;
}

static gboolean take_words(Settings *settings, GError **error)
{
    uint64_t timeout_ms = 0;

    if (words.uri) {
        g_auto(Uri) uri = { 0 };
        if (!uri_parse(words.uri, &uri, error)) {
            g_prefix_error(error, "--uri: ");
            return FALSE;
        }
    }
    if (words.timeout &&
        !option_quantity("timeout", words.timeout, UNIT_MILLISECONDS,
                         &timeout_ms, error)) {
        return FALSE;
    }
    if (timeout_ms > INT64_MAX / 1000) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--timeout: '%s' is longer than anybody waits",
                    words.timeout);
        return FALSE;
    }
    settings->migration.uri = g_strdup(words.uri);
    settings->migration.timeout_us = timeout_ms * 1000;
    settings->migration.destination_is_dead = words.destination_is_dead;
    settings->migration.no_preflight = words.no_preflight;
    settings->json = g_strdup(words.json);
    settings->trace = g_strdup(words.trace);
    settings->quiet = words.quiet;
    return take_wishes(&settings->migration, error) &&
           take_progress(settings, error);
}

gboolean settings_parse(Settings *settings, const GOptionEntry *entries,
                        const char *parameters, const char *summary, int *argc,
                        char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(parameters);
    g_option_context_set_summary(context, summary);
    return parse(context, entries, shared, argc, argv, error) &&
           take_words(settings, error);
}

void settings_clear(Settings *settings)
{
    migration_settings_clear(&settings->migration);
    g_free(settings->json);
    g_free(settings->trace);
    *settings = (Settings){ 0 };
}

const char *settings_json_word(void)
{
    return words.json;
}

int usage_failed(const char *verb, const GError *error)
{
    fprintf(stderr, "error: %s\n  hint: see qmigrate %s --help\n",
            error->message, verb);
    return outcome_row(OUTCOME_USAGE)->exit_code;
}
