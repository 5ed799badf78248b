/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/unresolved-hint.h"

#include <glib.h>

/* How a side stands.  Bits, so that a row can name several. */
typedef enum {
    AT_RUNS = 1 << 0,
    AT_ALL = 1 << 1,   /* completed and paused: has all of a guest */
    AT_LEFT = 1 << 2,  /* completed and postmigrate: the guest went elsewhere */
    AT_RESET = 1 << 3, /* the same, and cont would boot it anew */
    AT_STANDS = 1 << 4,
    AT_DEAD = 1 << 5,
    AT_UNKNOWN = 1 << 6,
    AT_ANY = (1 << 7) - 1,
} At;

/* clang-format off */
static const struct {
    unsigned source, destination; /* of At */
    bool needs_arrived;
    UnresolvedHint hint;
} hints[] = {
    { AT_RUNS, AT_RUNS, false,
      { "both run a guest: if it is the same one, stop one of them now with "
        "qmigrate qmp QMP stop", N_SIDES } },
    { AT_ANY, AT_LEFT, false,
      { "the guest was migrated on from the destination: find the QEMU or file "
        "that has it now; cont neither the source nor the destination",
        N_SIDES } },
    { AT_ANY, AT_ANY, true,
      { "the guest ran on the destination, in post-copy: never cont the "
        "source; it has an old copy, and what the guest has done since would "
        "be lost", N_SIDES } },
    { AT_UNKNOWN, AT_ANY, false,
      { "run qmigrate recover when the source answers again; until then cont "
        "neither side", N_SIDES } },
    { AT_ANY, AT_UNKNOWN, false,
      { "run qmigrate recover when the destination answers again; until then "
        "cont neither side", N_SIDES } },
    { AT_RUNS, AT_ANY, false,
      { "the source runs the guest: never cont the destination", N_SIDES } },
    { AT_ANY, AT_RUNS, false,
      { "the destination runs the guest: never cont the source", N_SIDES } },
    { AT_ALL, AT_ALL, false,
      { "both have a guest that is paused, and the source was continued after "
        "its migration: decide which one is the newer, quit the other QEMU, "
        "and only then cont", N_SIDES } },
    { AT_LEFT | AT_RESET | AT_DEAD, AT_ALL, false,
      { "the destination has all of the guest: unless someone paused it, run "
        "qmigrate qmp DESTINATION cont; never cont the source",
        SIDE_DESTINATION } },
    { AT_RESET, AT_ANY, false,
      { "the source was reset after the guest had left it: never cont it, that "
        "boots the guest anew", N_SIDES } },
    { AT_ANY, AT_ANY, false,
      { "ask both, by qmigrate qmp QMP query-status and query-migrate; cont the "
        "source only if the guest never ran on the destination", N_SIDES } },
};
/* clang-format on */

static At where(const Facts *facts)
{
    if (facts->dead) {
        return AT_DEAD;
    }
    if (!facts->connected || facts->run_state[0] == '\0' ||
        facts->status == STATUS_UNKNOWN) {
        return AT_UNKNOWN;
    }
    if (facts_is_running(facts)) {
        return AT_RUNS;
    }
    if (facts->status != STATUS_COMPLETED) {
        return AT_STANDS;
    }
    return facts_is_reset(facts)                 ? AT_RESET
           : facts_has_left(facts)               ? AT_LEFT
           : facts_run_state_is(facts, "paused") ? AT_ALL
                                                 : AT_STANDS;
}

UnresolvedHint unresolved_hint(const Facts facts[N_SIDES], bool arrived)
{
    At source = where(&facts[SIDE_SOURCE]);
    At destination = where(&facts[SIDE_DESTINATION]);
    for (size_t i = 0; i < G_N_ELEMENTS(hints); i++) {
        if (hints[i].source & source && hints[i].destination & destination &&
            (!hints[i].needs_arrived || arrived)) {
            return hints[i].hint;
        }
    }
    g_assert_not_reached();
}
