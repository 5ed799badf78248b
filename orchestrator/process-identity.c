/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/process-identity.h"

#include <string.h>

bool process_identity_is_known(const ProcessIdentity *identity)
{
    return identity->pid > 0 && identity->start_ticks > 0 &&
           identity->pid_namespace > 0 && identity->boot_id[0];
}

bool process_identity_equal(const ProcessIdentity *a, const ProcessIdentity *b)
{
    return process_identity_is_known(a) && process_identity_is_known(b) &&
           a->pid == b->pid && a->start_ticks == b->start_ticks &&
           a->pid_namespace == b->pid_namespace &&
           strcmp(a->boot_id, b->boot_id) == 0;
}
