/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect: ask both sides what they are, change nothing, and refuse what cannot
 * work.  QEMU itself verifies little and then hangs rather than fails.
 */
#include <string.h>

#include "orchestrator/phases.h"
#include "orchestrator/uri.h"
#include "qmp/json.h"

static const Ask questions[] = { ASK_RUN_STATE, ASK_MIGRATION, ASK_CAPABILITIES,
                                 ASK_PARAMETERS, ASK_MACHINE };

PhaseId inspect_enter(Migration *m)
{
    phase_connect(m, SIDE_SOURCE);
    phase_connect(m, SIDE_DESTINATION);
    return m->phase;
}

static void ask_all(Migration *m, Side side)
{
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        QmpCommand *command = NULL;
        if (questions[i] == ASK_MACHINE) {
            command = qmp_command_new("qom-get");
            qmp_command_set_string(command, "path", "/machine");
            qmp_command_set_string(command, "property", "type");
        }
        phase_ask(m, side, questions[i], command);
    }
    /* It tells what migrate-incoming takes; 200 KB cost each QEMU 50 ms. */
    if (side == SIDE_DESTINATION) {
        phase_ask(m, side, ASK_SCHEMA, NULL);
    }
}

static void take_blocked(Migration *m, JsonNode *reply)
{
    JsonArray *reasons =
        reply && JSON_NODE_HOLDS_OBJECT(reply)
            ? qmp_json_array(json_node_get_object(reply), "blocked-reasons")
            : NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (guint i = 0; reasons && i < json_array_get_length(reasons); i++) {
        JsonNode *reason = json_array_get_element(reasons, i);
        if (json_node_get_value_type(reason) == G_TYPE_STRING) {
            g_ptr_array_add(words, (char *)json_node_get_string(reason));
        }
    }
    if (words->len > 0) {
        g_ptr_array_add(words, NULL);
        g_free(m->blocked);
        m->blocked = g_strjoinv("; ", (char **)words->pdata);
    }
}

/* Each returns true when it has refused. */
static bool refuse_source(Migration *m)
{
    static const char *const no_guest[] = { "inmigrate",  "postmigrate",
                                            "restore-vm", "save-vm",
                                            "colo",       NULL };
    const Facts *source = &m->facts[SIDE_SOURCE];

    if (status_is_in_progress(source->status) &&
        !facts_run_state_is(source, "inmigrate")) {
        phase_fail(m, FAILURE_MIGRATING_ALREADY, SIDE_SOURCE,
                   "a migration is going on already (%s)", source->status_word);
    } else if (g_strv_contains(no_guest, source->run_state) ||
               facts_run_state_is(source, "finish-migrate")) {
        phase_fail(m, FAILURE_SOURCE_STATE, SIDE_SOURCE,
                   "has no guest to migrate: its run state is %s",
                   source->run_state);
    } else if (m->blocked) {
        phase_fail(m, FAILURE_BLOCKED, SIDE_SOURCE, "migration is blocked: %s",
                   m->blocked);
    }
    return m->failure.code != FAILURE_NONE;
}

static bool refuse_destination(Migration *m)
{
    const Facts *destination = &m->facts[SIDE_DESTINATION];

    if (!facts_run_state_is(destination, "inmigrate")) {
        phase_fail(m, FAILURE_NOT_WAITING, SIDE_DESTINATION,
                   "does not wait for a migration: its run state is %s",
                   destination->run_state);
    } else if (destination->status != STATUS_NONE) {
        phase_fail(m, FAILURE_NOT_WAITING, SIDE_DESTINATION,
                   "its one migration was begun already (%s)",
                   destination->status_word);
    }
    return m->failure.code != FAILURE_NONE;
}

static bool refuse_same(Migration *m)
{
    if (m->pid[SIDE_SOURCE] > 0 &&
        m->pid[SIDE_SOURCE] == m->pid[SIDE_DESTINATION]) {
        phase_fail(m, FAILURE_SAME_QEMU, N_SIDES,
                   "both addresses lead to process %d", m->pid[SIDE_SOURCE]);
    }
    return m->failure.code != FAILURE_NONE;
}

static bool refuse_pair(Migration *m)
{
    char *const *machine = m->machine;

    if (!m->settings->no_preflight && machine[SIDE_SOURCE] &&
        machine[SIDE_DESTINATION] &&
        strcmp(machine[SIDE_SOURCE], machine[SIDE_DESTINATION]) != 0) {
        phase_fail(m, FAILURE_INCOMPATIBLE, N_SIDES,
                   "the machine types differ: the source is %s, "
                   "the destination is %s",
                   machine[SIDE_SOURCE], machine[SIDE_DESTINATION]);
    }
    return m->failure.code != FAILURE_NONE;
}

/* The same of both sides is said once, of neither. */
static bool is_of_both(GPtrArray *reasons, guint i)
{
    const CapsReason *reason = reasons->pdata[i];
    for (guint j = 0; j < reasons->len; j++) {
        const CapsReason *other = reasons->pdata[j];
        if (other->side != reason->side &&
            strcmp(other->text, reason->text) == 0) {
            return true;
        }
    }
    return false;
}

static bool refuse_wishes(Migration *m, GPtrArray *reasons)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const CapsReason *first = reasons->pdata[0];
    g_autofree char *hint = g_strdup(first->hint);

    for (guint i = 0; i < reasons->len; i++) {
        const CapsReason *reason = reasons->pdata[i];
        bool both = is_of_both(reasons, i);
        if (both && reason->side == SIDE_DESTINATION) {
            continue;
        }
        g_string_append_printf(text, "%s%s: %s", text->len ? "; " : "",
                               both ? "both sides" : side_name(reason->side),
                               reason->text);
    }
    phase_fail(m,
               first->unknown ? FAILURE_UNKNOWN_SETTING : FAILURE_INCOMPATIBLE,
               N_SIDES, "%s", text->str);
    if (!m->failure.hint) {
        m->failure.hint = g_steal_pointer(&hint);
    }
    return true;
}

/* What every migration needs, in front of what the user wishes. */
static GPtrArray *all_wishes(Migration *m)
{
    const CapsInventory *inventories = m->inventories;
    GPtrArray *wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);

    if (caps_inventory_has(&inventories[SIDE_SOURCE], "events") &&
        caps_inventory_has(&inventories[SIDE_DESTINATION], "events")) {
        g_ptr_array_add(wishes, caps_wish_capability("events", true));
    }
    /* Never on file: or exec:, where QEMU hangs with it; uri.c lets only
     * sockets through. */
    if (caps_inventory_has(&inventories[SIDE_SOURCE], "return-path")) {
        g_ptr_array_add(wishes, caps_wish_capability("return-path", true));
    }
    if (caps_inventory_has(&inventories[SIDE_SOURCE],
                           "pause-before-switchover") &&
        caps_inventory_has(&inventories[SIDE_DESTINATION],
                           "pause-before-switchover")) {
        g_ptr_array_add(wishes,
                        caps_wish_capability("pause-before-switchover", true));
        m->will_pause = true;
    }
    for (guint i = 0; m->settings->wishes && i < m->settings->wishes->len;
         i++) {
        const CapsWish *wish = m->settings->wishes->pdata[i];
        g_ptr_array_add(
            wishes, wish->value ? caps_wish_parameter(wish->name, wish->value)
                                : caps_wish_capability(wish->name, wish->on));
        if (strcmp(wish->name, "pause-before-switchover") == 0) {
            m->will_pause = wish->on;
        }
    }
    return wishes;
}

static bool refuse_plan(Migration *m)
{
    g_autoptr(GPtrArray) wishes = all_wishes(m);
    g_autoptr(GPtrArray) reasons =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_reason_free);

    return !caps_agree(m->inventories, wishes, m->steps, reasons) &&
           refuse_wishes(m, reasons);
}

PhaseId inspect_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_CONNECTED) {
        ask_all(m, event->side);
    } else if (event->kind == EVENT_REPLY && event->ask == ASK_MIGRATION &&
               event->side == SIDE_SOURCE) {
        take_blocked(m, event->value);
    }
    if (phase_is_waiting(m)) {
        return m->phase;
    }
    if (refuse_same(m) || refuse_source(m) || refuse_destination(m) ||
        refuse_pair(m) || refuse_plan(m)) {
        return phase_row(m->phase)->on_failure;
    }
    const Facts *source = &m->facts[SIDE_SOURCE];
    m->context.guest_ran = facts_run_state_is(source, "running") ||
                           facts_run_state_is(source, "suspended");
    return PHASE_PREPARE;
}
