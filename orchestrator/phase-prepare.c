/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * prepare: set what was agreed, step by step, then let the destination listen.
 * All of it can be undone: the guest does not notice.  Nobody listens at a file:
 * the destination is told of it when it is complete.
 */
#include "orchestrator/phases.h"
#include "orchestrator/uri.h"
#include "orchestrator/way.h"

void phase_tell_incoming(Migration *m)
{
    QmpCommand *command = qmp_command_new("migrate-incoming");
    way_tell(m, SIDE_DESTINATION, command, migration_uri(m));
    /* Otherwise QEMU exits on a failure and takes its reason along. */
    if (caps_inventory_has_argument(&m->inventories[SIDE_DESTINATION],
                                    "migrate-incoming", "exit-on-error")) {
        qmp_command_set_bool(command, "exit-on-error", false);
    }
    phase_ask(m, SIDE_DESTINATION, TELL_INCOMING, command);
}

/* What QEMU made of it, which may be something else than it was told. */
static void read_back(Migration *m)
{
    for (guint i = 0; i < m->steps->len; i++) {
        const CapsStep *step = m->steps->pdata[i];
        phase_ask(m, step->side, ASK_CAPABILITIES, NULL);
        phase_ask(m, step->side, ASK_PARAMETERS, NULL);
    }
    m->is_read_back = true;
}

static PhaseId listen_or_write(Migration *m)
{
    for (guint i = 0; i < m->steps->len; i++) {
        const CapsStep *step = m->steps->pdata[i];
        g_autofree char *what = caps_inventory_difference(
            &m->inventories[step->side], step->command);
        if (what && !m->settings->no_preflight) {
            return phase_fail(m, FAILURE_SETTING_REFUSED, step->side,
                              "QEMU took it and made something else of it: %s",
                              what);
        }
    }
    if (m->context.through_file) {
        m->migrate_uri = g_strdup(migration_uri(m));
        return PHASE_TRANSFER;
    }
    phase_tell_incoming(m);
    return m->phase;
}

static PhaseId next_step(Migration *m)
{
    if (m->n_sent < m->steps->len) {
        const CapsStep *step = m->steps->pdata[m->n_sent++];
        phase_ask(m, step->side, TELL_SETTING, qmp_command_copy(step->command));
    } else if (m->steps->len > 0 && !m->is_read_back) {
        read_back(m);
    } else if (!phase_is_waiting(m)) {
        return listen_or_write(m);
    }
    return m->phase;
}

static void take_setting(Migration *m)
{
    const CapsStep *step = m->steps->pdata[m->n_sent - 1];
    caps_inventory_apply(&m->inventories[step->side], step->command);
}

PhaseId prepare_enter(Migration *m)
{
    PhaseId next = phase_check_external(m);
    return next == m->phase ? next_step(m) : next;
}

PhaseId prepare_handle(Migration *m, const Event *event)
{
    PhaseId next = phase_check_external(m);
    if (next != m->phase || event->kind != EVENT_REPLY) {
        return next;
    }
    switch ((int)event->ask) {
    case TELL_SETTING:
        take_setting(m);
        return next_step(m);
    case ASK_CAPABILITIES:
    case ASK_PARAMETERS:
        return next_step(m);
    case TELL_INCOMING:
        phase_ask(m, SIDE_DESTINATION, ASK_MIGRATION, NULL);
        break;
    case ASK_MIGRATION:
        if (event->side != SIDE_DESTINATION) {
            break;
        }
        m->migrate_uri = uri_for_source(
            migration_uri(m), m->settings->destination_host, event->value);
        return m->migrate_uri
                   ? PHASE_TRANSFER
                   : phase_fail(m, FAILURE_INCOMING_REFUSED, SIDE_DESTINATION,
                                "does not say at which port it listens");
    }
    return m->phase;
}
