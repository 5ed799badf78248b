/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate recover: an interrupted migration is finished or undone. */
#include "tools/monitors.h"
#include "tools/pair-run.h"
#include "tools/verb.h"

int verb_recover(int argc, char **argv)
{
    g_auto(PairOptions) options = { .is_recovery = TRUE };
    int exit_code;

    if (!pair_options_read(
            &options, "recover",
            "Finishes or undoes a migration whose qmigrate was killed, and "
            "resumes a post-copy\nwhose connection broke, whoever started "
            "it.\n" MONITORS_HELP,
            &argc, &argv, &exit_code)) {
        return exit_code;
    }
    return pair_run(&options);
}
