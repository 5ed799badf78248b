/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate check: run's preflight alone; nothing changes on either QEMU. */
#include <stdio.h>
#include <string.h>

#include "orchestrator/report.h"
#include "tools/conclude.h"
#include "tools/findings.h"
#include "tools/output.h"
#include "tools/pair-options.h"
#include "tools/plain.h"
#include "tools/verb.h"
#include "tools/walk.h"

/* They are what was asked for, so they go to standard output. */
static void print(const Settings *settings, const GPtrArray *findings)
{
    if (g_strcmp0(settings->json, "-") == 0) {
        return;
    }
    if (settings->quiet) {
        findings_print_errors(stdout, findings);
    } else {
        findings_print(stdout, findings, "nothing stands in the way",
                       "it cannot work");
    }
}

static int finish(const Settings *settings, const Run *run)
{
    const Migration *m = run_migration(run);
    const char *const version[N_SIDES] = { run_version(run, SIDE_SOURCE),
                                           run_version(run, SIDE_DESTINATION) };
    g_autoptr(JsonNode) document = report_check(m, version);
    Outcome outcome = findings_first(m->findings, FINDING_ERROR)
                          ? OUTCOME_REFUSED
                          : OUTCOME_MIGRATED;

    print(settings, m->findings);
    return output_conclude(outcome_row(outcome)->exit_code, OUTCOME_ERROR,
                           settings->json, document);
}

static int check(const Settings *settings, QmpAddress *const address[])
{
    g_autoptr(Run) run = walk_run(settings, address, NULL, NULL);
    const Migration *m = run_migration(run);
    if (m->failure.code != FAILURE_NONE &&
        !findings_first(m->findings, FINDING_ERROR)) {
        return conclude_failure(settings, m->outcome, &m->failure,
                                /* no_guest= */ FALSE);
    }
    return finish(settings, run);
}

int verb_check(int argc, char **argv)
{
    g_auto(PairOptions) options = { 0 };
    int exit_code;

    if (!pair_options_read(&options, "check",
                           "Says what stands in the way of qmigrate run with "
                           "the same options.\n"
                           "Nothing changes on either QEMU.",
                           &argc, &argv, &exit_code)) {
        return exit_code;
    }
    options.settings.migration.check_only = true;
    return check(&options.settings, options.address);
}
