/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/outcome.h"

#include <glib.h>

/* clang-format off */
static const OutcomeRow rows[N_OUTCOMES] = {
    [OUTCOME_MIGRATED]        = { "migrated", 0, "destination",
        "the guest runs on the destination" },
    [OUTCOME_ERROR]           = { "error", 1, "source",
        "our own or the environment's failure; nothing was touched" },
    [OUTCOME_USAGE]           = { "usage", 2, "source",
        "wrong arguments or file; nothing was touched" },
    [OUTCOME_REFUSED]         = { "refused", 3, "source",
        "it cannot work, see why; nothing was touched" },
    [OUTCOME_FAILED]          = { "failed", 4, "source",
        "the migration failed; the guest is on the source" },
    [OUTCOME_CANCELLED]       = { "cancelled", 5, "source",
        "given up as asked; the guest is on the source" },
    [OUTCOME_POSTCOPY_PAUSED] = { "postcopy-paused", 6, "split",
        "the guest is split between both and paused; it can be recovered" },
    [OUTCOME_UNRESOLVED]      = { "unresolved", 7, "unknown",
        "where the guest runs could not be established: look now" },
    [OUTCOME_LOST]            = { "lost", 8, "none",
        "the guest is proved gone" },
    [OUTCOME_VERDICT]         = { "verdict", 9, "destination",
        "it migrated, but an expectation was not met" },
    [OUTCOME_SKIP]            = { "skip", 125, "none",
        "cannot be tested here" },
};
/* clang-format on */

const OutcomeRow *outcome_row(Outcome outcome)
{
    g_assert(outcome < N_OUTCOMES);
    return &rows[outcome];
}
