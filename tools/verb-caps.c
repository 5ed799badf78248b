/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate caps: what the program knows, what QEMUs have, and what fits them. */
#include <stdio.h>

#include "tools/caps/document.h"
#include "tools/caps/view.h"
#include "tools/conclude.h"
#include "tools/migrate.h"
#include "tools/monitors.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/verb.h"

static struct {
    char *addresses[N_SIDES];
    char *tls_folder;
    char *json;
} words;

/* clang-format off */
static const GOptionEntry entries[] = {
    { "source", 0, 0, G_OPTION_ARG_STRING, &words.addresses[SIDE_SOURCE],
      "Monitor of a QEMU that has a guest", "QMP" },
    { "destination", 0, 0, G_OPTION_ARG_STRING,
      &words.addresses[SIDE_DESTINATION],
      "Monitor of a QEMU that could take one", "QMP" },
    MONITORS_TLS_ENTRY(words.tls_folder),
    { "json", 0, 0, G_OPTION_ARG_STRING, &words.json,
      "Write all of it as JSON to FILE, - for standard output", "FILE" },
    { NULL }
};
/* clang-format on */

static void view(const Inquired *qemus)
{
    const QmpAddress *source = qemus->addresses[SIDE_SOURCE];
    const QmpAddress *destination = qemus->addresses[SIDE_DESTINATION];
    if (source && destination) {
        view_two(qemus);
    } else if (source || destination) {
        view_one(qemus, source ? SIDE_SOURCE : SIDE_DESTINATION);
    } else {
        view_table();
    }
}

static int finish(const Inquired *qemus)
{
    g_autoptr(JsonNode) document = words.json ? document_new(qemus) : NULL;

    if (g_strcmp0(words.json, "-") != 0) {
        view(qemus);
    }
    return output_conclude(0, OUTCOME_ERROR, words.json, document);
}

static int refuse_same(const Settings *settings, const Inquired *qemus)
{
    return conclude_early(settings, FAILURE_SAME_QEMU,
                          g_strdup_printf("both addresses are %s",
                                          qemus->addresses[SIDE_SOURCE]->text),
                          /* no_guest= */ FALSE);
}

static int ask(Inquired *qemus)
{
    const Settings settings = { .json = words.json, .quiet = TRUE };
    const QmpAddress *source = qemus->addresses[SIDE_SOURCE];
    const QmpAddress *destination = qemus->addresses[SIDE_DESTINATION];
    Failure failure = { 0 };

    if (!conclude_can_write(&settings)) {
        return outcome_row(OUTCOME_ERROR)->exit_code;
    }
    if (source && destination && migrate_is_same_place(source, destination)) {
        return refuse_same(&settings, qemus);
    }
    if (inquire(qemus, &failure)) {
        return finish(qemus);
    }
    int exit_code =
        conclude_failure(&settings, failure_row(failure.code)->outcome,
                         &failure, /* no_guest= */ FALSE);
    failure_clear(&failure);
    return exit_code;
}

static gboolean parse(Inquired *qemus, int *argc, char ***argv, GError **error)
{
    if (!options_parse(entries, NULL,
                       "Lists the features, capabilities and parameters of a "
                       "migration;\nwith one QEMU what it has, with two also "
                       "which features fit them.\n" MONITORS_HELP,
                       argc, argv, error)) {
        return FALSE;
    }
    if (*argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' is one word too many", (*argv)[1]);
        return FALSE;
    }
    return monitors_read(words.addresses, N_SIDES, words.tls_folder,
                         qemus->addresses, error);
}

int verb_caps(int argc, char **argv)
{
    g_auto(Inquired) qemus = { 0 };
    g_autoptr(GError) error = NULL;

    return parse(&qemus, &argc, &argv, &error)
               ? ask(&qemus)
               : conclude_usage("caps", words.json, error);
}
