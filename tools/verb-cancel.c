/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate cancel: a migration is given up, whoever runs it. */
#include "tools/attach/attach.h"
#include "tools/monitors.h"
#include "tools/verb.h"

int verb_cancel(int argc, char **argv)
{
    g_auto(AttachOptions) options = { .wish = ATTACHED_CANCEL };
    int exit_code;

    if (!attach_options_read(
            &options, "cancel",
            "Lets the source give a migration up, whoever runs it, and says "
            "who has the guest then.\n" MONITORS_HELP,
            &argc, &argv, &exit_code)) {
        return exit_code;
    }
    g_autoptr(Attached) a = attach_run(&options, NULL, NULL);
    return attach_conclude(&options, a);
}
