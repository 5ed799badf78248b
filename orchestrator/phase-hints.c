/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a person has to know and to do where this program must not do it: another
 * client's migration has the guest, or a guest that cannot survive still runs.
 */
#include "orchestrator/phases.h"

static void set_hint(Migration *m, char *hint)
{
    g_free(m->failure.hint);
    m->failure.hint = hint;
}

bool phase_say_unproved(Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    if (!m->context.is_taken_over || !m->context.started ||
        m->context.ours.proof != OURS_NO ||
        status_is_in_progress(source->status)) {
        return false;
    }
    if (m->failure.code == FAILURE_INTERRUPTED) {
        failure_clear(&m->failure);
    }
    phase_fail(m, FAILURE_NOT_PROVED, N_SIDES,
               "nothing proves that the source still reports the interrupted "
               "migration");
    phase_note(m, "the guest may have been continued on the source after the "
                  "interrupted migration, and moved elsewhere: nothing was "
                  "sent");
    set_hint(m,
             g_strdup_printf(
                 "make sure that no other QEMU runs the guest; then, if "
                 "nobody continued the source since and the destination has "
                 "completed, run it there: qmigrate qmp %s cont; if someone "
                 "did, the newest guest is where the source's last migration "
                 "went, and this destination must be quit: qmigrate qmp %s "
                 "quit",
                 migration_monitor(m, SIDE_DESTINATION),
                 migration_monitor(m, SIDE_DESTINATION)));
    return true;
}

void phase_say_taken(Migration *m)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    if (phase_say_unproved(m)) {
        return;
    }
    const char *hint =
        "another client migrated the guest away from the source: ask who did, "
        "and run qmigrate status with both of its QEMUs; never cont the source "
        "unless the guest's new QEMU is proved never to have run it";

    if (m->context.held && m->context.guest_ran) {
        hint = "this run stopped the guest to save it, and another client's "
               "migration came first: when that is over, run qmigrate qmp QMP "
               "cont on the QEMU that has the guest then";
    } else if (status_is_in_progress(source->status)) {
        hint = "another client migrates the guest: run qmigrate status, and "
               "let whoever started that finish or cancel it";
    }
    if (m->settings->recover_only && m->record && facts_has_left(source)) {
        hint = "if no other client migrated the guest, it went to the recorded "
               "destination: cont the source only if that never ran the guest; "
               "if it went to another QEMU, never";
    }
    phase_note(m,
               "nothing proves that the source's migration is %s (run state "
               "%s, migration %s)",
               m->settings->recover_only ? "the recorded one" : "this run's",
               source->run_state, source->status_word);
    set_hint(m, g_strdup(hint));
}

static char *how_to_quit(const Migration *m, Side side)
{
    g_autofree char *process =
        m->pid[side] > 0 ? g_strdup_printf("process %d", (int)m->pid[side])
                         : g_strdup("its process");
    return g_strdup_printf("run qmigrate qmp %s quit, or kill %s if it does "
                           "not answer",
                           side == SIDE_SOURCE ? "SOURCE" : "DESTINATION",
                           process);
}

void phase_say_doomed(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const Facts *facts = &m->facts[side];
        if (facts->dead) {
            phase_note(m, "the %s is dead", side_name(side));
            continue;
        }
        bool is_still =
            facts->connected && *facts->run_state && !facts_is_running(facts);
        g_autofree char *quit = how_to_quit(m, side);
        phase_note(m, "the %s's QEMU is left: run state %s, migration %s",
                   side_name(side),
                   *facts->run_state ? facts->run_state : "unknown",
                   *facts->status_word ? facts->status_word : "unknown");
        if (!is_still) {
            set_hint(m,
                     g_strdup_printf(
                         "the guest cannot survive: a part of its memory is "
                         "lost; but "
                         "the %s still runs it and can write to its disks: %s",
                         side_name(side), quit));
        }
    }
}
