/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/check.h"

#include <string.h>

#include "orchestrator/outcome.h"
#include "tools/scenario/cursor.h"
#include "tools/scenario/run-cell.h"

/* The line of the setting that the message is about, else the scenario's. */
static Spot find_spot(const Scenario *scenario, const char *message)
{
    for (guint i = 0; i < scenario->settings->len; i++) {
        const ScenarioSetting *setting = scenario->settings->pdata[i];
        g_autofree char *option = g_strdup_printf("--%s", setting->key);
        if (strstr(message, option)) {
            return setting->spot;
        }
    }
    return scenario->spot;
}

/* "error: " and hints are said by who prints it. */
static char *message_of(const char *said)
{
    const char *start = strstr(said, "error: ");
    start = start ? start + strlen("error: ") : said;
    return g_strndup(start, strcspn(start, "\n"));
}

static gboolean check_cell(const CellRun *run, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *out = NULL, *said = NULL;
    int status = 0;

    for (guint i = 0; run->argv->pdata[i]; i++) {
        const char *word = run->argv->pdata[i];
        if (i == 2) {
            g_ptr_array_add(argv, (gpointer) "--list");
        }
        if (!g_str_has_prefix(word, "--json=") &&
            !g_str_has_prefix(word, "--trace=")) {
            g_ptr_array_add(argv, (gpointer)word);
        }
    }
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL,
                      NULL, &out, &said, &status, error)) {
        return FALSE;
    }
    g_autoptr(GError) why = NULL;
    if (g_spawn_check_wait_status(status, &why) ||
        why->code != outcome_row(OUTCOME_USAGE)->exit_code) {
        return TRUE;
    }
    g_autofree char *message = message_of(said);
    return spot_fail(find_spot(run->cell->scenario, message), error, "%s",
                     message);
}

gboolean check_cells(const GPtrArray *runs, GError **error)
{
    for (guint i = 0; i < runs->len; i++) {
        const CellRun *run = runs->pdata[i];
        if (run->cell->round <= 1 && *run->before == '\0' &&
            !check_cell(run, error)) {
            return FALSE;
        }
    }
    return TRUE;
}
