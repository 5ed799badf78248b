/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate run: the guest of one QEMU goes to another. */
#include "tools/monitors.h"
#include "tools/pair-run.h"
#include "tools/verb.h"

int verb_run(int argc, char **argv)
{
    g_auto(PairOptions) options = { 0 };
    int exit_code;

    if (!pair_options_read(&options, "run",
                           "Migrates the guest of the source to the "
                           "destination.\n" MONITORS_HELP,
                           &argc, &argv, &exit_code)) {
        return exit_code;
    }
    options.settings.migration.check_only = options.settings.dry_run;
    return pair_run(&options);
}
