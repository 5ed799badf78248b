/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/report-guest.h"

#include <string.h>

#include "orchestrator/guest-state.h"
#include "orchestrator/remains.h"

/* The source has nothing of it any more. */
static const char *guest_elsewhere(const Facts *destination)
{
    bool is_there = destination->status == STATUS_COMPLETED ||
                    facts_run_state_is(destination, "running");
    return is_there ? "destination" : "unknown";
}

/* No migration was started. */
static bool is_early(Outcome outcome, const Migration *m)
{
    return outcome == OUTCOME_ERROR || outcome == OUTCOME_USAGE ||
           outcome == OUTCOME_REFUSED ||
           (outcome == OUTCOME_CANCELLED && m && !m->context.started);
}

/* Before a migration the guest is where it was; a run that asked nobody does not
 * know where that is. */
const char *report_guest(Outcome outcome, const Migration *m)
{
    const char *word = outcome_row(outcome)->guest;
    if (m && outcome == OUTCOME_VERDICT &&
        m->failure.code == FAILURE_GUEST_OFF) {
        return "none";
    }
    if (!is_early(outcome, m)) {
        return word;
    }
    if (m && m->resolve_us > 0 && outcome == OUTCOME_ERROR &&
        m->facts[SIDE_SOURCE].dead && !m->settings->recover_only) {
        return "none"; /* resolve has proved it */
    }
    if (!m || m->facts[SIDE_SOURCE].status == STATUS_UNKNOWN) {
        return "unknown";
    }
    const Facts *source = &m->facts[SIDE_SOURCE];
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    if (status_is_postcopy(source->status)) {
        return destination->dead ? "none" : "split";
    }
    if (facts_has_left(source)) {
        return guest_elsewhere(destination);
    }
    return source->dead ? "none" : word;
}

static bool is_on(const char *guest, Side side)
{
    return strcmp(guest, side_name(side)) == 0;
}

const char *report_guest_state(const char *guest, const Migration *m)
{
    for (Side side = SIDE_SOURCE; m && side < N_SIDES; side++) {
        const Facts *facts = &m->facts[side];
        if (is_on(guest, side) && facts->connected && *facts->run_state) {
            return facts->run_state;
        }
    }
    return NULL;
}

/* "the guest is paused on the source, as before; continue it with..." */
static char *guest_text(const char *guest, const Migration *m)
{
    const char *run_state = report_guest_state(guest, m);
    Side side = is_on(guest, SIDE_SOURCE) ? SIDE_SOURCE : SIDE_DESTINATION;
    /* 7.2: it was stopped before, and its migration failed. */
    if (side == SIDE_SOURCE && g_strcmp0(run_state, "postmigrate") == 0 &&
        *m->seen) {
        run_state = m->seen;
    }
    g_autofree char *text = guest_state_text(run_state, side);
    if (!run_state || strcmp(run_state, "running") == 0) {
        return g_steal_pointer(&text);
    }
    g_autofree char *advice =
        guest_state_advice(run_state, migration_monitor(m, side));
    bool is_as_before = strcmp(run_state, m->found) == 0;
    return g_strdup_printf("%s%s%s%s", text,
                           is_as_before ? ", as it was before" : "",
                           advice ? "; " : "", advice ? advice : "");
}

static char *early_text(Outcome outcome, const char *guest, const Migration *m)
{
    const Remains none = { SETTINGS_UNTOUCHED, DESTINATION_FREE };
    g_autofree char *remains = remains_text(m ? remains_of(m) : none);
    const char *what = outcome == OUTCOME_ERROR     ? "could not start"
                       : outcome == OUTCOME_REFUSED ? "cannot work"
                       : outcome == OUTCOME_USAGE   ? "wrong arguments or file"
                                                    : "as requested";
    return g_strdup_printf(
        "%s; %s%s", what,
        strcmp(guest, "none") == 0 ? "the guest ended with its QEMU; " : "",
        remains);
}

static const char *cancelled_how(FailureCode code)
{
    return code == FAILURE_CANCELLED_ELSEWHERE ? "by another QMP client"
           : code == FAILURE_INTERRUPTED       ? "the interrupted migration"
                                               : "as requested";
}

char *report_text(Outcome outcome, const Failure *failure, const char *guest,
                  const Migration *m)
{
    if (strcmp(guest, "none") == 0 && outcome != OUTCOME_LOST && !m) {
        return g_strdup("there is no guest");
    }
    if (is_early(outcome, m)) {
        return early_text(outcome, guest, m);
    }
    if (outcome == OUTCOME_VERDICT && strcmp(guest, "none") == 0) {
        return g_strdup_printf("migrated, but then %s", failure->message);
    }
    if (!m || (!is_on(guest, SIDE_SOURCE) && !is_on(guest, SIDE_DESTINATION))) {
        return g_strdup(outcome_row(outcome)->meaning);
    }
    g_autofree char *text = guest_text(guest, m);
    switch (outcome) {
    case OUTCOME_FAILED:
        return g_strdup_printf("the migration failed; %s", text);
    case OUTCOME_CANCELLED:
        return g_strdup_printf("%s; %s", cancelled_how(failure->code), text);
    case OUTCOME_VERDICT:
        return failure->code == FAILURE_GUEST_STATE
                   ? g_strdup_printf("migrated, but %s", text)
                   : g_strdup_printf("%s, but an expectation was not met",
                                     text);
    default:
        return g_steal_pointer(&text);
    }
}
