/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/settings.h"

#include <stdio.h>
#include <string.h>

#include "caps/feature.h"
#include "caps/nearest.h"
#include "caps/units.h"
#include "caps/wish.h"
#include "orchestrator/measure.h"
#include "tools/plain.h"
#include "tools/recovery.h"
#include "tools/secure.h"
#include "tools/steering.h"
#include "tools/uri-words.h"
#include "tools/wishes.h"

#define MEASURE_MIN_MS 200u
#define MEASURE_MAX_MS 60000u

/* GOption wants variables: what it fills in, before it is checked. */
static struct {
    UriWords uri;
    char *link, *timeout, *progress;
    WishWords wishes;
    SteeringWords steering;
    RecoveryWords recovery;
    GPtrArray *features; /* of CapsFeatureWish */
    char *json, *trace;
    gboolean quiet, destination_is_dead, no_preflight, dry_run, predict;
    char *measure;
    SecureWords secure;
} words;

/* With or without a folder. */
static gboolean take_tls(const char *option_name, const char *value,
                         gpointer data, GError **error)
{
    g_free(words.secure.folder);
    words.secure.folder = g_strdup(value ? value : "");
    return TRUE;
}

/* clang-format off */
static const GOptionEntry shared[] = {
    { "uri", 0, 0, G_OPTION_ARG_STRING, &words.uri.uri,
      "Address of the migration stream: unix:PATH or tcp:HOST:PORT, port 0 for "
      "any (default: a unix socket between two local QEMUs, else tcp, port 0); "
      "file:PATH[,offset=N], to save the guest there and load it; fd:pair, "
      "fd:PATH, fdset:PATH, by descriptors that QEMU is passed; exec:COMMAND",
      "URI" },
    { "source-uri", 0, 0, G_OPTION_ARG_STRING, &words.uri.source,
      "What the source is told instead, if it gets there by another address, "
      "or by another command", "URI" },
    { "channels", 0, 0, G_OPTION_ARG_NONE, &words.uri.channels,
      "Tell QEMU the address by channels, not by uri", NULL },
    { "live", 0, 0, G_OPTION_ARG_NONE, &words.uri.live,
      "Save to a file while the guest runs, not stopped", NULL },
    { "link", 0, 0, G_OPTION_ARG_STRING, &words.link,
      "What the link between both can do, e.g. 25Gbit/s, where the outgoing "
      "interface does not tell; bare: bytes per second", "RATE" },
    { "max-bandwidth", 0, 0, G_OPTION_ARG_STRING, &words.wishes.max_bandwidth,
      "Send at most so much, e.g. 128MiB/s or 10Gbit/s; bare: bytes per second; "
      "0: no limit", "RATE" },
    { "downtime-limit", 0, 0, G_OPTION_ARG_STRING, &words.wishes.downtime_limit,
      "Switch over when the rest takes at most so long, e.g. 300ms; bare: "
      "milliseconds", "TIME" },
    { "policy", 0, 0, G_OPTION_ARG_STRING, &words.steering.policy,
      "What decides when to switch over: a name (default: " POLICY_DEFAULT
      "), or a file of your own", "NAME" },
    { "max-downtime", 0, 0, G_OPTION_ARG_STRING, &words.steering.max_downtime,
      "A policy may raise downtime-limit up to this, e.g. 1s; bare: "
      "milliseconds", "TIME" },
    { "on-stall", 0, 0, G_OPTION_ARG_STRING, &words.steering.on_stall,
      "If it will not converge: abort, postcopy or stop (default: postcopy "
      "where it is armed, else abort)", "WHAT" },
    { "postcopy-after", 0, 0, G_OPTION_ARG_STRING,
      &words.steering.postcopy_after,
      "Switch to post-copy after so many passes", "PASSES" },
    { "tls", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, take_tls,
      "Send over TLS, with the credentials of this folder; a lab makes its own "
      "without one, or with x509 or psk",
      "DIR" },
    { "tls-source", 0, 0, G_OPTION_ARG_FILENAME,
      &words.secure.of_side[SIDE_SOURCE],
      "... of this folder on the source", "DIR" },
    { "tls-destination", 0, 0, G_OPTION_ARG_FILENAME,
      &words.secure.of_side[SIDE_DESTINATION],
      "... of this folder on the destination", "DIR" },
    { "tls-hostname", 0, 0, G_OPTION_ARG_STRING, &words.secure.hostname,
      "What the destination's certificate must be for (default: the host of "
      "the address)",
      "NAME" },
    { "tls-authz", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.secure.authz,
      "Let in only a source of this distinguished name; * and ? stand for "
      "others",
      "NAME" },
    { "tls-any-client", 0, 0, G_OPTION_ARG_NONE, &words.secure.any_client,
      "Let in a source without a certificate too", NULL },
    { "tls-identity", 0, 0, G_OPTION_ARG_STRING, &words.secure.identity,
      "Whose key of a keys.psk the source uses (default: qemu)", "NAME" },
    { "timeout", 0, 0, G_OPTION_ARG_STRING, &words.timeout,
      "Give up when it is not done in this time, e.g. 90s; bare: milliseconds; "
      "0: never",
      "TIME" },
    { "enable", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.wishes.enable,
      "Turn a migration capability on", "CAPABILITY" },
    { "disable", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.wishes.disable,
      "Turn a migration capability off", "CAPABILITY" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.wishes.set,
      "Set a migration parameter", "PARAMETER=VALUE" },
    { "no-preflight", 0, 0, G_OPTION_ARG_NONE, &words.no_preflight,
      "Let QEMU find out what does not fit", NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &words.dry_run,
      "Check, print what both QEMUs would be sent, and send nothing of it",
      NULL },
    { "predict", 0, 0, G_OPTION_ARG_NONE, &words.predict,
      "Measure first how the guest dirties memory, and say how it will go",
      NULL },
    { "measure", 0, 0, G_OPTION_ARG_STRING, &words.measure,
      "... for so long (default: 4s); bare: milliseconds", "TIME" },
    { NULL }
};

/* Also of a verb that only mends what another one began. */
static const GOptionEntry common[] = {
    { "destination-is-dead", 0, 0, G_OPTION_ARG_NONE,
      &words.destination_is_dead,
      "Treat a destination that does not answer as dead", NULL },
    { "recover-attempts", 0, 0, G_OPTION_ARG_STRING, &words.recovery.attempts,
      "Try to mend a post-copy whose connection broke so many times", "N" },
    { "recover-timeout", 0, 0, G_OPTION_ARG_STRING, &words.recovery.timeout,
      "... and no longer than this, e.g. 2min; bare: milliseconds", "TIME" },
    { "postcopy-stall", 0, 0, G_OPTION_ARG_STRING, &words.recovery.stall,
      "Reconnect a post-copy that sends nothing for longer (default: 10s); "
      "bare: milliseconds", "TIME" },
    { "recover-uri", 0, 0, G_OPTION_ARG_STRING, &words.recovery.uri,
      "... through this address, if not through that of --uri", "URI" },
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

static gboolean take_feature(const char *option_name, const char *value,
                             gpointer data, GError **error)
{
    const CapsFeature *feature = caps_feature(option_name + strlen("--"));
    if (!caps_feature_check(feature, value, error)) {
        return FALSE;
    }
    if (!words.features) {
        words.features = g_ptr_array_new_with_free_func(
            (GDestroyNotify)caps_feature_wish_free);
    }
    g_ptr_array_add(words.features, caps_feature_wish_new(feature, value));
    return TRUE;
}

/* One option for each feature.  Free with g_free(). */
static GOptionEntry *feature_entries(void)
{
    size_t n;
    const CapsFeature *features = caps_features(&n);
    GOptionEntry *entries = g_new0(GOptionEntry, n + 1);
    for (size_t i = 0; i < n; i++) {
        const CapsFeature *feature = &features[i];
        entries[i] = (GOptionEntry){
            .long_name = feature->option,
            .flags = !feature->value              ? G_OPTION_FLAG_NO_ARG
                     : feature->is_value_optional ? G_OPTION_FLAG_OPTIONAL_ARG
                                                  : 0,
            .arg = G_OPTION_ARG_CALLBACK,
            .arg_data = take_feature,
            .description = feature->help,
            .arg_description = feature->value,
        };
    }
    return entries;
}

static void offer_names(Nearest *nearest, const GOptionEntry *entries)
{
    for (; entries && entries->long_name; entries++) {
        nearest_offer(nearest, entries->long_name);
    }
}

/* A verb's own, common, shared, and of the features; each may be NULL. */
#define N_TABLES 4

/* GOption says "Unknown option --foo"; a person wants to know what is near. */
static void suggest(GError *error, const GOptionEntry *const tables[])
{
    const char *dashes = strstr(error->message, "--");
    if (error->code != G_OPTION_ERROR_UNKNOWN_OPTION || !dashes) {
        return;
    }
    g_autofree char *name = g_strndup(dashes + 2, strcspn(dashes + 2, "="));
    Nearest nearest = nearest_start(name);
    for (int i = 0; i < N_TABLES; i++) {
        offer_names(&nearest, tables[i]);
    }
    g_free(error->message);
    error->message =
        nearest.best
            ? g_strdup_printf("there is no option --%s; did you mean --%s?",
                              name, nearest.best)
            : g_strdup_printf("there is no option --%s", name);
}

static const GOptionEntry *find_entry(const GOptionEntry *entries,
                                      const char *name)
{
    for (; entries && entries->long_name; entries++) {
        if (strcmp(entries->long_name, name) == 0) {
            return entries;
        }
    }
    return NULL;
}

/* GOption takes --quiet=false for --quiet. */
static gboolean check_flags(const GOptionEntry *const tables[], int argc,
                            char **argv, GError **error)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *equals = strchr(argv[i], '=');
        if (!g_str_has_prefix(argv[i], "--") || !equals) {
            continue;
        }
        g_autofree char *name = g_strndup(argv[i] + 2, equals - argv[i] - 2);
        for (int j = 0; j < N_TABLES; j++) {
            const GOptionEntry *entry = find_entry(tables[j], name);
            if (entry && (entry->arg == G_OPTION_ARG_NONE ||
                          entry->flags & G_OPTION_FLAG_NO_ARG)) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "--%s takes no value; leave it out for no", name);
                return FALSE;
            }
        }
    }
    return TRUE;
}

static gboolean parse(GOptionContext *context,
                      const GOptionEntry *const tables[], int *argc,
                      char ***argv, GError **error)
{
    GError *local = NULL;
    if (!check_flags(tables, *argc, *argv, error)) {
        return FALSE;
    }
    g_option_context_set_translate_func(context, NULL, NULL, NULL);
    for (int i = 0; i < N_TABLES; i++) {
        if (tables[i]) {
            g_option_context_add_main_entries(context, tables[i], NULL);
        }
    }
    if (!g_option_context_parse(context, argc, argv, &local)) {
        suggest(local, tables);
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
}

static gboolean parse_own(const GOptionEntry *entries, const char *parameters,
                          const char *summary, gboolean is_posix, int *argc,
                          char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(parameters);
    g_option_context_set_summary(context, summary);
    g_option_context_set_strict_posix(context, is_posix);
    const GOptionEntry *const tables[N_TABLES] = { entries };
    return parse(context, tables, argc, argv, error);
}

gboolean options_parse(const GOptionEntry *entries, const char *parameters,
                       const char *summary, int *argc, char ***argv,
                       GError **error)
{
    return parse_own(entries, parameters, summary, /* is_posix= */ TRUE, argc,
                     argv, error);
}

gboolean options_parse_mixed(const GOptionEntry *entries,
                             const char *parameters, const char *summary,
                             int *argc, char ***argv, GError **error)
{
    return parse_own(entries, parameters, summary, /* is_posix= */ FALSE, argc,
                     argv, error);
}

gboolean option_refuse(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
    return FALSE;
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

static gboolean take_link(MigrationSettings *migration, GError **error)
{
    uint64_t bytes_per_s;

    if (!words.link) {
        return TRUE;
    }
    if (!option_quantity("link", words.link, UNIT_BYTES_PER_SECOND,
                         &bytes_per_s, error)) {
        return FALSE;
    }
    if (bytes_per_s == 0 || bytes_per_s > UINT64_MAX / 8) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--link: '%s' is no speed of a link", words.link);
        return FALSE;
    }
    migration->link_bits_per_s = bytes_per_s * 8;
    return TRUE;
}

static gboolean take_measure(Settings *settings, GError **error)
{
    uint64_t ms = MEASURE_US / 1000;
    if (words.measure && !option_quantity("measure", words.measure,
                                          UNIT_MILLISECONDS, &ms, error)) {
        return FALSE;
    }
    if (ms < MEASURE_MIN_MS || ms > MEASURE_MAX_MS) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--measure: '%s' is not from 200ms to 60s", words.measure);
        return FALSE;
    }
    if (words.measure && !words.predict && !settings->predict) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--measure needs --predict");
        return FALSE;
    }
    settings->predict |= words.predict;
    settings->measure_us = ms * 1000;
    return TRUE;
}

static gboolean take_words(Settings *settings, GError **error)
{
    uint64_t timeout_ms = 0;

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
    settings->migration.timeout_us = timeout_ms * 1000;
    settings->migration.destination_is_dead = words.destination_is_dead;
    settings->migration.no_preflight = words.no_preflight;
    settings->migration.features = g_steal_pointer(&words.features);
    settings->dry_run = words.dry_run;
    settings->json = g_strdup(words.json);
    settings->trace = g_strdup(words.trace);
    settings->quiet = words.quiet;
    return uri_words_take(&words.uri, &settings->migration, error) &&
           take_link(&settings->migration, error) &&
           wishes_take(&words.wishes, &settings->migration, error) &&
           steering_take(&words.steering, &settings->migration, error) &&
           recovery_take(&words.recovery, &settings->migration, error) &&
           secure_take(&words.secure, &settings->migration,
                       settings->makes_tls ? &settings->tls_made : NULL,
                       error) &&
           take_measure(settings, error) && take_progress(settings, error);
}

gboolean settings_parse(Settings *settings, const GOptionEntry *entries,
                        const char *parameters, const char *summary, int *argc,
                        char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(parameters);
    g_autofree GOptionEntry *features = feature_entries();
    const GOptionEntry *const tables[N_TABLES] = { entries, shared, features,
                                                   common };
    g_option_context_set_summary(context, summary);
    return parse(context, tables, argc, argv, error) &&
           take_words(settings, error);
}

gboolean settings_parse_recovery(Settings *settings,
                                 const GOptionEntry *entries,
                                 const char *summary, int *argc, char ***argv,
                                 GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    const GOptionEntry *const tables[N_TABLES] = { entries, common };
    g_option_context_set_summary(context, summary);
    if (!parse(context, tables, argc, argv, error) ||
        !take_words(settings, error)) {
        return FALSE;
    }
    settings->migration.recover_only = true;
    settings->migration.uri = g_strdup(settings->migration.recover_uri);
    return TRUE;
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
    plain_print(stderr, "error: %s\n  hint: see qmigrate %s --help\n",
                error->message, verb);
    return outcome_row(OUTCOME_USAGE)->exit_code;
}

GPtrArray *settings_option_names(const GOptionEntry *entries)
{
    g_autofree GOptionEntry *features = feature_entries();
    const GOptionEntry *const tables[] = { entries, shared, features, common };
    GPtrArray *names = g_ptr_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const GOptionEntry *one = tables[i]; one->long_name; one++) {
            if (*one->long_name) {
                g_ptr_array_add(names, (gpointer)one->long_name);
            }
        }
    }
    return names;
}
