/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/recovery-found.h"

FoundSource recovery_found_source(const Facts *facts)
{
    if (facts->dead) {
        return FOUND_GONE;
    }
    if (!facts->connected || facts->run_state[0] == '\0') {
        return FOUND_SILENT;
    }
    switch (facts->status) {
    case STATUS_NONE:
    case STATUS_FAILED:
    case STATUS_CANCELLED:
        return FOUND_KEEPS;
    case STATUS_SETUP:
    case STATUS_WAIT_UNPLUG:
    case STATUS_ACTIVE:
        return FOUND_SENDS;
    case STATUS_PRE_SWITCHOVER:
        return FOUND_HOLDS;
    case STATUS_DEVICE:
        return FOUND_HANDS;
    case STATUS_POSTCOPY:
    case STATUS_POSTCOPY_DEVICE:
        return FOUND_POSTCOPY;
    case STATUS_POSTCOPY_PAUSED:
    case STATUS_POSTCOPY_RECOVER:
        return FOUND_SPLIT;
    case STATUS_COMPLETED:
        return facts_is_running(facts) ? FOUND_KEEPS : FOUND_SENT;
    case STATUS_CANCELLING:
    case STATUS_IN_PROGRESS:
        return FOUND_ENDING;
    default:
        return FOUND_SILENT;
    }
}

FoundDestination recovery_found_destination(const Facts *facts)
{
    if (facts->dead) {
        return FOUND_DEAD;
    }
    if (!facts->connected) {
        return FOUND_MUTE;
    }
    switch (facts->status) {
    case STATUS_NONE:
    case STATUS_CANCELLED:
        return FOUND_WAITS;
    case STATUS_COMPLETED:
        return FOUND_LOADED;
    case STATUS_POSTCOPY:
    case STATUS_POSTCOPY_DEVICE:
        return FOUND_HALF;
    case STATUS_POSTCOPY_PAUSED:
    case STATUS_POSTCOPY_RECOVER:
        return FOUND_CUT;
    case STATUS_FAILED:
        return FOUND_FAILED;
    case STATUS_UNKNOWN:
        return FOUND_MUTE;
    case STATUS_SETUP: /* 7.2 in post-copy says so too, when it listens again */
        return facts_run_state_is(facts, "inmigrate") ? FOUND_LISTENS
                                                      : FOUND_RECEIVES;
    default:
        return FOUND_RECEIVES;
    }
}
