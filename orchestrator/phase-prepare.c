/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * prepare: set what was agreed, step by step, then let the destination listen.
 * All of it can be undone: the guest does not notice.
 */
#include "orchestrator/phases.h"
#include "orchestrator/uri.h"

static void listen_for_it(Migration *m)
{
    QmpCommand *command = qmp_command_new("migrate-incoming");
    qmp_command_set_string(command, "uri", m->settings->uri);
    /* Otherwise QEMU exits on a failure and takes its reason along. */
    if (caps_inventory_has_argument(&m->inventories[SIDE_DESTINATION],
                                    "migrate-incoming", "exit-on-error")) {
        qmp_command_set_bool(command, "exit-on-error", false);
    }
    phase_ask(m, SIDE_DESTINATION, TELL_INCOMING, command);
}

static void next_step(Migration *m)
{
    if (m->n_sent < m->steps->len) {
        const CapsStep *step = m->steps->pdata[m->n_sent++];
        phase_ask(m, step->side, TELL_SETTING, qmp_command_copy(step->command));
    } else {
        listen_for_it(m);
    }
}

static void take_setting(Migration *m)
{
    const CapsStep *step = m->steps->pdata[m->n_sent - 1];
    caps_inventory_apply(&m->inventories[step->side], step->command);
}

PhaseId prepare_enter(Migration *m)
{
    next_step(m);
    return m->phase;
}

PhaseId prepare_handle(Migration *m, const Event *event)
{
    if (event->kind != EVENT_REPLY) {
        return m->phase;
    }
    switch ((int)event->ask) {
    case TELL_SETTING:
        take_setting(m);
        next_step(m);
        break;
    case TELL_INCOMING:
        phase_ask(m, SIDE_DESTINATION, ASK_MIGRATION, NULL);
        break;
    case ASK_MIGRATION:
        if (event->side != SIDE_DESTINATION) {
            break;
        }
        m->migrate_uri = uri_for_source(
            m->settings->uri, m->settings->destination_host, event->value);
        return m->migrate_uri
                   ? PHASE_TRANSFER
                   : phase_fail(m, FAILURE_INCOMING_REFUSED, SIDE_DESTINATION,
                                "does not say at which port it listens");
    }
    return m->phase;
}
