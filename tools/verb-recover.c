/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate recover: a post-copy that is paused goes on. */
#include "tools/monitors.h"
#include "tools/pair-run.h"
#include "tools/verb.h"

int verb_recover(int argc, char **argv)
{
    g_auto(PairOptions) options = { .is_recovery = TRUE };
    int exit_code;

    if (!pair_options_read(
            &options, "recover",
            "Mends a post-copy whose connection broke, whoever "
            "began it, and lets it come to\nits end.\n" MONITORS_HELP,
            &argc, &argv, &exit_code)) {
        return exit_code;
    }
    return pair_run(&options);
}
