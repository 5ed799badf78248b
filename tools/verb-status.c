/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate status: how a migration stands, whoever runs it. */
#include <string.h>

#include "tools/attach/attach.h"
#include "tools/attach/live.h"
#include "tools/monitors.h"
#include "tools/verb.h"

static gboolean show(const Attached *a, gpointer user_data)
{
    return live_show(user_data, a);
}

int verb_status(int argc, char **argv)
{
    g_auto(AttachOptions) options = { .wish = ATTACHED_LOOK };
    int exit_code;

    if (!attach_options_read(
            &options, "status",
            "Shows how a migration stands, whoever runs it, and changes "
            "nothing.\n" MONITORS_HELP,
            &argc, &argv, &exit_code)) {
        return exit_code;
    }
    Live live = live_start(options.wish != ATTACHED_WATCH ||
                               g_strcmp0(options.json, "-") == 0,
                           options.interval_us);
    g_autoptr(Attached) a = attach_run(&options, show, &live);
    live_end(&live);
    return attach_conclude(&options, a);
}
