/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/attach/options.h"

#include <string.h>

#include "caps/units.h"
#include "tools/conclude.h"
#include "tools/migrate.h"
#include "tools/monitors.h"

#define TIMEOUT_MS      30000u
#define INTERVAL_MS     1000u
#define INTERVAL_MIN_MS 100u /* as often as a migration looks itself */

static struct {
    char *addresses[N_SIDES], *tls_folder;
    char *json, *timeout, *interval;
    gboolean is_watch;
} words;

static gboolean take_watch(const char *name, const char *value, gpointer data,
                           GError **error)
{
    words.is_watch = TRUE;
    g_free(words.interval);
    words.interval = g_strdup(value);
    return TRUE;
}

/* clang-format off */
static const GOptionEntry shared[] = {
    { "source", 0, 0, G_OPTION_ARG_STRING, &words.addresses[SIDE_SOURCE],
      "Monitor of the QEMU that the guest is sent from", "QMP" },
    { "destination", 0, 0, G_OPTION_ARG_STRING,
      &words.addresses[SIDE_DESTINATION],
      "Monitor of the QEMU that it is sent to: it alone can tell whether the "
      "guest runs there", "QMP" },
    MONITORS_TLS_ENTRY(words.tls_folder),
    { "json", 0, 0, G_OPTION_ARG_STRING, &words.json,
      "Write all that was seen as JSON to FILE, - for standard output", "FILE" },
};
static const GOptionEntry of_looking = {
    "watch", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, take_watch,
    "Look again and again until the migration has ended, each second or as "
    "often as said, e.g. 200ms; bare: milliseconds", "INTERVAL"
};
static const GOptionEntry of_acting = {
    "timeout", 0, 0, G_OPTION_ARG_STRING, &words.timeout,
    "Wait so long for what comes of it, e.g. 2min (default 30s; bare: "
    "milliseconds; 0: for ever)", "TIME"
};
/* clang-format on */

static gboolean take_times(AttachOptions *options, GError **error)
{
    uint64_t interval_ms = INTERVAL_MS, timeout_ms = TIMEOUT_MS;
    if (words.interval &&
        !option_quantity("watch", words.interval, UNIT_MILLISECONDS,
                         &interval_ms, error)) {
        return FALSE;
    }
    if (words.timeout &&
        !option_quantity("timeout", words.timeout, UNIT_MILLISECONDS,
                         &timeout_ms, error)) {
        return FALSE;
    }
    if (interval_ms < INTERVAL_MIN_MS || interval_ms > G_MAXINT) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--watch: '%s' is not between %u ms and some days",
                    words.interval, INTERVAL_MIN_MS);
        return FALSE;
    }
    options->interval_us = words.is_watch ? interval_ms * 1000 : 0;
    options->timeout_ms = MIN(timeout_ms, G_MAXINT);
    if (words.is_watch) {
        options->wish = ATTACHED_WATCH;
    }
    return TRUE;
}

static gboolean take_addresses(AttachOptions *options, GError **error)
{
    if (!words.addresses[SIDE_SOURCE]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--source QMP is missing");
        return FALSE;
    }
    return monitors_read(words.addresses, N_SIDES, words.tls_folder,
                         options->address, error);
}

static gboolean parse(AttachOptions *options, const char *summary, int *argc,
                      char ***argv, GError **error)
{
    GOptionEntry entries[G_N_ELEMENTS(shared) + 2] = { 0 };
    memcpy(entries, shared, sizeof(shared));
    entries[G_N_ELEMENTS(shared)] =
        options->wish == ATTACHED_LOOK ? of_looking : of_acting;

    if (!options_parse(entries, NULL, summary, argc, argv, error)) {
        return FALSE;
    }
    if (*argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' is one word too many", (*argv)[1]);
        return FALSE;
    }
    options->json = g_strdup(words.json);
    return take_addresses(options, error) && take_times(options, error);
}

gboolean attach_options_read(AttachOptions *options, const char *verb,
                             const char *summary, int *argc, char ***argv,
                             int *ret_exit_code)
{
    g_autoptr(GError) error = NULL;
    if (!parse(options, summary, argc, argv, &error)) {
        *ret_exit_code = conclude_usage(verb, words.json, error);
        return FALSE;
    }
    const Settings settings = { .json = options->json, .quiet = TRUE };
    const QmpAddress *source = options->address[SIDE_SOURCE];
    const QmpAddress *destination = options->address[SIDE_DESTINATION];
    if (!conclude_can_write(&settings)) {
        *ret_exit_code = outcome_row(OUTCOME_ERROR)->exit_code;
        return FALSE;
    }
    if (destination && migrate_is_same_place(source, destination)) {
        *ret_exit_code = conclude_early(
            &settings, FAILURE_SAME_QEMU,
            g_strdup_printf("both addresses are %s", source->text),
            /* no_guest= */ FALSE);
        return FALSE;
    }
    return TRUE;
}

void attach_options_clear(AttachOptions *options)
{
    g_clear_pointer(&options->address[SIDE_SOURCE], qmp_address_free);
    g_clear_pointer(&options->address[SIDE_DESTINATION], qmp_address_free);
    g_clear_pointer(&options->json, g_free);
}
