/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate predict: how long a migration would take, before there is one. */
#include <stdio.h>

#include "tools/conclude.h"
#include "tools/files.h"
#include "tools/foresee.h"
#include "tools/monitors.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/verb.h"

static char *source_word, *tls_folder;

/* clang-format off */
static const GOptionEntry entries[] = {
    { "source", 0, 0, G_OPTION_ARG_STRING, &source_word,
      "Monitor of the QEMU that has the guest", "QMP" },
    MONITORS_TLS_ENTRY(tls_folder),
    { NULL }
};
/* clang-format on */

static int finish(const Settings *settings, const Forecast *forecast)
{
    g_autoptr(JsonNode) document =
        settings->json ? foresee_document(forecast, NULL) : NULL;

    if (!settings->quiet && g_strcmp0(settings->json, "-") != 0) {
        g_autofree char *text = forecast_to_text(forecast);
        plain_print(stdout, "%s", text);
    }
    return output_conclude(0, OUTCOME_ERROR, settings->json, document);
}

static int ask(const Settings *settings, const QmpAddress *source)
{
    Failure failure = { 0 };
    g_autoptr(Forecast) forecast = NULL;

    if (!conclude_can_write(settings)) {
        return outcome_row(OUTCOME_ERROR)->exit_code;
    }
    forecast = foresee(settings, source, &failure);
    if (forecast) {
        return finish(settings, forecast);
    }
    int exit_code =
        conclude_failure(settings, failure_row(failure.code)->outcome, &failure,
                         /* no_guest= */ FALSE);
    failure_clear(&failure);
    return exit_code;
}

static gboolean parse(Settings *settings, QmpAddress **ret, int *argc,
                      char ***argv, GError **error)
{
    if (!settings_parse(settings, entries, NULL,
                        "Says how a migration with these options would go, "
                        "without one.\n" MONITORS_HELP,
                        argc, argv, error)) {
        return FALSE;
    }
    if (*argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' is one word too many", (*argv)[1]);
        return FALSE;
    }
    if (!source_word) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--source is missing");
        return FALSE;
    }
    return files_check_apart(settings, error) &&
           monitors_read(&source_word, 1, tls_folder, ret, error);
}

int verb_predict(int argc, char **argv)
{
    g_auto(Settings) settings = { .predict = TRUE };
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpAddress) source = NULL;

    return parse(&settings, &source, &argc, &argv, &error)
               ? ask(&settings, source)
               : conclude_usage("predict", settings_json_word(), error);
}
