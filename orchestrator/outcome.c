/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/outcome.h"

#include <glib.h>

/* clang-format off */
static const OutcomeRow rows[N_OUTCOMES] = {
    [OUTCOME_MIGRATED]        = { "migrated", 0, "destination",
        "the guest is on the destination, in the run state it had" },
    [OUTCOME_ERROR]           = { "error", 1, "source",
        "could not start; the guest is where it was" },
    [OUTCOME_USAGE]           = { "usage", 2, "source",
        "wrong arguments or file; nothing was changed" },
    [OUTCOME_REFUSED]         = { "refused", 3, "source",
        "cannot work; nothing was changed" },
    [OUTCOME_FAILED]          = { "failed", 4, "source",
        "the migration failed; the guest is on the source" },
    [OUTCOME_CANCELLED]       = { "cancelled", 5, "source",
        "cancelled; the guest is on the source" },
    [OUTCOME_POSTCOPY_PAUSED] = { "postcopy-paused", 6, "split",
        "the guest is split between both and paused; qmigrate recover resumes it" },
    [OUTCOME_UNRESOLVED]      = { "unresolved", 7, "unknown",
        "cannot tell which QEMU owns the guest; check both now" },
    [OUTCOME_LOST]            = { "lost", 8, "none",
        "the guest is proved gone" },
    [OUTCOME_VERDICT]         = { "verdict", 9, "destination",
        "migrated, but the guest or an expectation is not as it should be" },
    [OUTCOME_SKIP]            = { "skip", 125, "none",
        "cannot be tested here" },
};
/* clang-format on */

const OutcomeRow *outcome_row(Outcome outcome)
{
    g_assert(outcome < N_OUTCOMES);
    return &rows[outcome];
}
