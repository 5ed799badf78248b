/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/guest-state.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *run_state;
    const char *phrase;
    bool is_live, is_fault;
    const char *first;   /* to be done before, or NULL */
    const char *command; /* that continues it, or NULL */
} Row;

/* clang-format off */
static const Row rows[] = {
    { "running",        "runs", .is_live = true },
    { "suspended",      "is suspended to RAM", .is_live = true,
      .command = "system_wakeup" },
    { "paused",         "is paused", .command = "cont" },
    { "prelaunch",      "has not been started", .command = "cont" },
    { "debug",          "is stopped by a debugger" },
    { "shutdown",       "is shut down", .is_fault = true },
    { "guest-panicked", "has panicked", .is_fault = true },
    { "internal-error", "is stopped by an internal error", .is_fault = true },
    { "io-error",       "is stopped by an I/O error", .is_fault = true,
      .first = "repair its disk", .command = "cont" },
    { "watchdog",       "is stopped by its watchdog", .is_fault = true,
      .command = "cont" },
    { "inmigrate",      "is still being loaded" },
    { "finish-migrate", "is stopped for the switchover" },
    { "postmigrate",    "is stopped after a migration" },
    { "save-vm",        "is stopped to be saved" },
    { "restore-vm",     "is being restored" },
    { "colo",           "is stopped for COLO" },
};
/* clang-format on */

static const Row *find(const char *run_state)
{
    for (size_t i = 0; run_state && i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].run_state, run_state) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *guest_state_phrase(const char *run_state)
{
    const Row *row = find(run_state);
    return row ? row->phrase : NULL;
}

bool guest_state_is_live(const char *run_state)
{
    const Row *row = find(run_state);
    return row && row->is_live;
}

bool guest_state_is_fault(const char *run_state)
{
    const Row *row = find(run_state);
    return row && row->is_fault;
}

char *guest_state_text(const char *run_state, Side side)
{
    const char *phrase = guest_state_phrase(run_state);
    if (phrase) {
        return g_strdup_printf("the guest %s on the %s", phrase,
                               side_name(side));
    }
    return run_state && *run_state
               ? g_strdup_printf("the guest is in run state %s on the %s",
                                 run_state, side_name(side))
               : g_strdup_printf("the guest is on the %s", side_name(side));
}

char *guest_state_advice(const char *run_state, const char *address)
{
    const Row *row = find(run_state);
    if (!row || !row->command) {
        return NULL;
    }
    const char *verb = row->is_live ? "wake" : "continue";
    return g_strdup_printf(
        "%s%s%s it with qmigrate qmp %s %s", row->first ? row->first : "",
        row->first ? ", then " : "", verb, address, row->command);
}

bool guest_state_is_intended(const char *now, const char *intended)
{
    return strcmp(now, intended) == 0;
}
