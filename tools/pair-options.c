/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/pair-options.h"

#include "tools/conclude.h"
#include "tools/files.h"
#include "tools/migrate.h"
#include "tools/monitors.h"

static gboolean parse(PairOptions *options, const char *summary, int *argc,
                      char ***argv, GError **error)
{
    static char *words[N_SIDES], *tls_folder;
    static gboolean adopt, quit_stale, explain;
    static const GOptionEntry entries[] = {
        { "source", 0, 0, G_OPTION_ARG_STRING, &words[SIDE_SOURCE],
          "Monitor of the QEMU that runs the guest", "QMP" },
        { "destination", 0, 0, G_OPTION_ARG_STRING, &words[SIDE_DESTINATION],
          "Monitor of the QEMU that waits for it (-S -incoming defer)", "QMP" },
        MONITORS_TLS_ENTRY(tls_folder),
        { NULL }
    };
    static const GOptionEntry recovery_entries[] = {
        { "source", 0, 0, G_OPTION_ARG_STRING, &words[SIDE_SOURCE],
          "Monitor of the QEMU that the guest came from", "QMP" },
        { "destination", 0, 0, G_OPTION_ARG_STRING, &words[SIDE_DESTINATION],
          "Monitor of the QEMU that the guest is on, or comes to", "QMP" },
        { "adopt", 0, 0, G_OPTION_ARG_NONE, &adopt,
          "Let a pre-copy in progress complete, instead of cancelling it",
          NULL },
        { "quit-stale", 0, 0, G_OPTION_ARG_NONE, &quit_stale,
          "Quit the QEMU that does not have the guest afterwards", NULL },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &explain,
          "Print what would be done, and change nothing", NULL },
        MONITORS_TLS_ENTRY(tls_folder),
        { NULL }
    };

    gboolean is_parsed =
        options->is_recovery
            ? settings_parse_recovery(&options->settings, recovery_entries,
                                      summary, argc, argv, error)
            : settings_parse(&options->settings, entries, NULL, summary, argc,
                             argv, error);
    if (!is_parsed) {
        return FALSE;
    }
    if (options->is_recovery) {
        options->settings.migration.adopt = adopt;
        options->settings.migration.quit_stale = quit_stale;
        options->settings.migration.check_only = explain;
    }
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (!words[side]) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--%s QMP is missing", side_name(side));
            return FALSE;
        }
    }
    if (*argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' is one word too many", (*argv)[1]);
        return FALSE;
    }
    return monitors_read(words, N_SIDES, tls_folder, options->address, error);
}

static gboolean refuse_same_place(const PairOptions *options,
                                  int *ret_exit_code)
{
    const QmpAddress *source = options->address[SIDE_SOURCE];
    if (!migrate_is_same_place(source, options->address[SIDE_DESTINATION])) {
        return FALSE;
    }
    *ret_exit_code =
        conclude_early(&options->settings, FAILURE_SAME_QEMU,
                       g_strdup_printf("both addresses are %s", source->text),
                       /* no_guest= */ FALSE);
    return TRUE;
}

gboolean pair_options_read(PairOptions *options, const char *verb,
                           const char *summary, int *argc, char ***argv,
                           int *ret_exit_code)
{
    Settings *settings = &options->settings;
    g_autoptr(GError) error = NULL;
    const char *json = NULL; /* where a result can be written */

    if (!parse(options, summary, argc, argv, &error)) {
        json = settings_json_word();
    } else if (files_check_apart(settings, &error)) {
        json = settings->json;
        if (refuse_same_place(options, ret_exit_code)) {
            return FALSE;
        }
        migrate_prepare(&settings->migration, options->address, &error);
    }
    if (error) {
        *ret_exit_code = conclude_usage(verb, json, error);
        return FALSE;
    }
    *ret_exit_code = outcome_row(OUTCOME_ERROR)->exit_code;
    return conclude_can_write(settings);
}

void pair_options_clear(PairOptions *options)
{
    settings_clear(&options->settings);
    g_clear_pointer(&options->address[SIDE_SOURCE], qmp_address_free);
    g_clear_pointer(&options->address[SIDE_DESTINATION], qmp_address_free);
}
