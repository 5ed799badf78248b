/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/pair-run.h"

#include <stdio.h>
#include <string.h>

#include "tools/conclude.h"
#include "tools/dry-run.h"
#include "tools/foresee.h"
#include "tools/host.h"
#include "tools/migrate.h"
#include "tools/recovery-explain.h"
#include "tools/plain.h"
#include "tools/walk.h"

static int finish(const Settings *settings, Run *run, const Forecast *forecast)
{
    const Migration *m = run_migration(run);
    g_autoptr(JsonObject) host = host_describe();
    g_autoptr(JsonObject) prediction = foresee_result(forecast, m);
    const ReportExtras extras = {
        .version = { run_version(run, SIDE_SOURCE),
                     run_version(run, SIDE_DESTINATION) },
        .prediction = prediction,
        .host = host,
        .guest_downtime_us = -1,
    };
    g_autoptr(JsonNode) result =
        report_result(m->outcome, &m->failure, m, &extras);
    return conclude(settings, m->outcome, &m->failure, result, NULL);
}

/* Between everything checked and everything over. */
static int migrate(const Settings *settings, QmpAddress *const address[])
{
    g_autoptr(GError) error = NULL;
    Trace *trace = NULL;
    if (settings->trace && !(trace = trace_open(settings->trace, &error))) {
        return conclude_early(settings, FAILURE_ENVIRONMENT,
                              g_strdup(error->message), /* no_guest= */ FALSE);
    }
    g_autoptr(Forecast) forecast =
        settings->predict && !settings->dry_run
            ? foresee_migration(settings, address[SIDE_SOURCE])
            : NULL;
    g_autoptr(Run) run = walk_run(settings, address, trace, forecast);
    if (trace && !trace_close(trace, &error)) {
        plain_print(stderr, "warning: %s\n", error->message);
    }
    if (settings->migration.recover_only && settings->migration.check_only) {
        return recovery_explain(settings, run_migration(run));
    }
    g_autoptr(JsonNode) plan = dry_run_plan(settings, run);
    if (plan) {
        return dry_run_conclude(settings, &run_migration(run)->failure, plan);
    }
    migrate_remove_file(run_migration(run));
    migrate_remove_socket(run_migration(run));
    return finish(settings, run, forecast);
}

int pair_run(PairOptions *options)
{
    return migrate(&options->settings, options->address);
}
