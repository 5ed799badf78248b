/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate postcopy: a migration switches over now, whoever runs it. */
#include "tools/attach/attach.h"
#include "tools/monitors.h"
#include "tools/verb.h"

int verb_postcopy(int argc, char **argv)
{
    g_auto(AttachOptions) options = { .wish = ATTACHED_POSTCOPY };
    int exit_code;

    if (!attach_options_read(
            &options, "postcopy",
            "Lets a migration that was started with --postcopy switch over to "
            "it, whoever runs it.\n" MONITORS_HELP,
            &argc, &argv, &exit_code)) {
        return exit_code;
    }
    g_autoptr(Attached) a = attach_run(&options, NULL, NULL);
    return attach_conclude(&options, a);
}
