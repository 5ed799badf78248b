/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who begins the switch to post-copy sees to it that the guest runs: its owner
 * may be gone, and a destination with -S stands still for ever then.
 */
#include "orchestrator/attached-private.h"

/* What others may take to send it: who runs the migration comes first. */
#define OTHERS_US (G_USEC_PER_SEC / 2)

bool attached_waits_for_cont(const Attached *a)
{
    const Facts *destination = &a->facts[SIDE_DESTINATION];
    return destination->connected &&
           a->facts[SIDE_SOURCE].status == STATUS_POSTCOPY &&
           destination->status == STATUS_POSTCOPY &&
           facts_run_state_is(destination, "paused");
}

/* I2: the source cannot run it any more; I7: no person had stopped it, neither
 * here nor, since it ran there, on the destination. */
static bool is_ours(const Attached *a)
{
    return a->wish == ATTACHED_POSTCOPY && a->is_told && a->seen_running &&
           !a->is_continued && a->facts[SIDE_DESTINATION].connected &&
           a->facts[SIDE_DESTINATION].resume_us == 0 &&
           facts_run_state_is(&a->facts[SIDE_DESTINATION], "paused") &&
           (attached_waits_for_cont(a) ||
            attached_judge(a, /* final= */ false) == OWNER_CONT_DESTINATION);
}

void attached_let_it_run(Attached *a)
{
    if (a->waiting[SIDE_DESTINATION]) {
        return; /* what is known may be old */
    }
    if (!is_ours(a)) {
        a->stands_us = 0;
    } else if (a->stands_us == 0) {
        a->stands_us = a->now_us;
    } else if (a->now_us - a->stands_us >= OTHERS_US) {
        a->is_continued = true;
        attached_send(a, SIDE_DESTINATION, TELL_CONT, qmp_command_new("cont"));
        g_ptr_array_add(a->notes,
                        g_strdup("nobody else let the guest run on the "
                                 "destination: it was sent cont"));
    }
}
