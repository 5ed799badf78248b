/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/attached-private.h"

#define ANSWER_MS     10000u
#define SWITCHOVER_US G_USEC_PER_SEC /* asked so seldom while it stands still */

/* clang-format off */
static const struct {
    Ask ask;
    const char *command;
    bool once; /* it does not change while QEMU migrates, or hardly */
} questions[] = {
    { ASK_MIGRATION,    "query-migrate",              false },
    { ASK_RUN_STATE,    "query-status",               false },
    { ASK_CAPABILITIES, "query-migrate-capabilities", true },
    { ASK_PARAMETERS,   "query-migrate-parameters",   false },
};
/* clang-format on */

Attached *attached_new(AttachedWish wish, bool has_destination)
{
    Attached *a = g_new0(Attached, 1);
    a->wish = wish;
    a->has_destination = has_destination;
    a->sample = SAMPLE_UNKNOWN;
    a->guest_ran = true;
    a->actions = g_ptr_array_new_with_free_func((GDestroyNotify)action_free);
    a->notes = g_ptr_array_new_with_free_func(g_free);
    return a;
}

void attached_free(Attached *a)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        facts_clear(&a->facts[side]);
        caps_inventory_clear(&a->inventories[side]);
        g_clear_pointer(&a->migration[side], json_node_unref);
        g_free(a->cannot_ask[side]);
    }
    failure_clear(&a->failure);
    g_ptr_array_unref(a->actions);
    g_ptr_array_unref(a->notes);
    g_free(a);
}

/* --- asking --- */

void attached_send(Attached *a, Side side, Ask ask, QmpCommand *command)
{
    Action *action = g_new0(Action, 1);
    *action = (Action){ ACTION_SEND, side, ask, command, ANSWER_MS };
    a->waiting[side] |= ASK_BIT(ask);
    g_ptr_array_add(a->actions, action);
}

static void ask(Attached *a, Side side, bool all)
{
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        if ((all || !questions[i].once) &&
            !(a->waiting[side] & ASK_BIT(questions[i].ask))) {
            attached_send(a, side, questions[i].ask,
                          qmp_command_new(questions[i].command));
        }
    }
}

void attached_ask_round(Attached *a)
{
    a->asked_us = a->now_us;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (a->facts[side].connected) {
            ask(a, side, /* all= */ false);
        }
    }
}

static void connect_to(Attached *a, Side side)
{
    Action *action = g_new0(Action, 1);
    *action = (Action){ .kind = ACTION_CONNECT, .side = side };
    a->connecting[side] = true;
    g_ptr_array_add(a->actions, action);
}

static bool is_known(const Attached *a, Side side)
{
    return !a->connecting[side] && !a->waiting[side];
}

/* A cancel waits for nobody: the destination is asked only what became of it. */
static bool can_begin(const Attached *a)
{
    bool is_urgent = a->wish == ATTACHED_CANCEL &&
                     status_is_in_progress(a->facts[SIDE_SOURCE].status);
    return is_known(a, SIDE_SOURCE) &&
           (is_urgent || is_known(a, SIDE_DESTINATION));
}

/* --- events --- */

/* The guest is somewhere between both, or was, as far as the source tells. */
static void note_progress(Attached *a)
{
    const Facts *source = &a->facts[SIDE_SOURCE];
    switch (source->status) {
    case STATUS_NONE:
    case STATUS_WAIT_UNPLUG:
    case STATUS_SETUP:
    case STATUS_ACTIVE:
        a->may_be_handed = false;
        if (facts_run_state_is(source, "paused")) {
            a->guest_ran = a->seen_running = false; /* I7: so it shall stay */
        } else if (facts_run_state_is(source, "running")) {
            a->guest_ran = a->seen_running = true;
        }
        break;
    case STATUS_IN_PROGRESS:
    case STATUS_DEVICE:
    case STATUS_POSTCOPY_DEVICE:
    case STATUS_POSTCOPY:
    case STATUS_POSTCOPY_PAUSED:
    case STATUS_POSTCOPY_RECOVER:
    case STATUS_COMPLETED:
        a->may_be_handed = true;
        break;
    case STATUS_UNKNOWN:
    case STATUS_PRE_SWITCHOVER:
    case STATUS_CANCELLING:
    case STATUS_FAILED:
    case STATUS_CANCELLED:
    case N_STATUSES:
        break;
    }
}

static void take_migration(Attached *a, Side side, JsonNode *reply)
{
    Sample sample = sample_from_query_migrate(reply, a->now_us);
    Status status = a->facts[side].status;
    facts_take_query_migrate(&a->facts[side], reply);
    if (side == SIDE_SOURCE &&
        (a->moved_us == 0 || status != a->facts[side].status ||
         sample.transferred_bytes != a->sample.transferred_bytes)) {
        a->moved_us = a->now_us;
    }
    if (side == SIDE_SOURCE && sample.transferred_bytes >= 0) {
        a->sample = sample;
    }
    g_clear_pointer(&a->migration[side], json_node_unref);
    a->migration[side] = json_node_ref(reply);
}

static void take_reply(Attached *a, const Event *event)
{
    Side side = event->side;
    a->waiting[side] &= ~ASK_BIT(event->ask);
    switch ((int)event->ask) {
    case ASK_MIGRATION:
        take_migration(a, side, event->value);
        break;
    case ASK_RUN_STATE:
        facts_take_query_status(&a->facts[side], event->value);
        break;
    case ASK_CAPABILITIES:
        caps_inventory_take_capabilities(&a->inventories[side], event->value);
        break;
    case ASK_PARAMETERS:
        caps_inventory_take_parameters(&a->inventories[side], event->value);
        break;
    }
}

/* The source is what it is about; without the destination less is proved. */
static void lose(Attached *a, const Event *event)
{
    Side side = event->side;
    bool is_source = side == SIDE_SOURCE;

    a->facts[side].connected = false;
    a->connecting[side] = false;
    a->waiting[side] = 0;
    g_free(a->cannot_ask[side]);
    a->cannot_ask[side] = g_strdup(event->text);
    if (!a->has_begun && (is_source || a->wish == ATTACHED_POSTCOPY)) {
        attached_fail(a, event->code, failure_row(event->code)->outcome, side,
                      "%s", event->text);
    } else if (is_source) {
        a->lost_us = a->now_us;
    }
}

static void take_refusal(Attached *a, const Event *event)
{
    a->waiting[event->side] &= ~ASK_BIT(event->ask);
    if (event->ask == TELL_CANCEL || event->ask == TELL_POSTCOPY) {
        attached_fail(a, FAILURE_QMP_REFUSED, OUTCOME_REFUSED, event->side,
                      "QEMU refused %s: %s",
                      event->ask == TELL_CANCEL ? "migrate_cancel"
                                                : "migrate-start-postcopy",
                      event->text);
    } else if (event->ask == TELL_CONT) {
        attached_fail(a, FAILURE_QMP_REFUSED, OUTCOME_UNRESOLVED, event->side,
                      "QEMU refused cont: %s", event->text);
    } else if (event->ask != TELL_YANK) { /* it may just have ended */
        attached_fail(a, FAILURE_QMP_REFUSED, OUTCOME_ERROR, event->side,
                      "QEMU refused a question: %s", event->text);
    }
}

static void take_silence(Attached *a, const Event *event)
{
    a->waiting[event->side] &= ~ASK_BIT(event->ask);
    if (!a->has_begun) {
        attached_fail(a, FAILURE_MONITOR_SILENT, OUTCOME_ERROR, event->side,
                      "no answer within %u s", ANSWER_MS / 1000);
    }
}

static void take_event(Attached *a, const Event *event)
{
    Facts *facts = &a->facts[event->side];
    switch (event->kind) {
    case EVENT_START:
        connect_to(a, SIDE_SOURCE);
        if (a->has_destination) {
            connect_to(a, SIDE_DESTINATION);
        }
        break;
    case EVENT_CONNECTED:
        facts->connected = true;
        facts->blind |= a->may_be_handed; /* nobody looked until now */
        a->connecting[event->side] = false;
        a->pid[event->side] = event->pid;
        caps_inventory_take_version(&a->inventories[event->side],
                                    event->version);
        ask(a, event->side, /* all= */ true);
        break;
    case EVENT_REPLY:
        take_reply(a, event);
        break;
    case EVENT_REFUSED:
        take_refusal(a, event);
        break;
    case EVENT_SILENT:
        take_silence(a, event);
        break;
    case EVENT_QMP:
        facts_take_event(facts, event->name, event->data, event->qemu_time_us);
        break;
    case EVENT_LOST:
        lose(a, event);
        break;
    case EVENT_DIED:
        facts->dead = true;
        facts->connected = false;
        a->waiting[event->side] = 0;
        break;
    case EVENT_DEADLINE:
        attached_miss_deadline(a);
        break;
    case EVENT_CANCEL:
    case EVENT_DETACH:
        attached_leave(a);
        break;
    case EVENT_TICK:
    case N_EVENTS:
        break;
    }
}

/* The guest may stand still just now, and wait for QEMU's main loop. */
static bool is_time_to_ask(const Attached *a)
{
    int64_t interval_us = status_is_switchover(a->facts[SIDE_SOURCE].status)
                              ? SWITCHOVER_US
                          : a->ended_us > 0 ? 0
                                            : a->interval_us;
    return a->now_us - a->asked_us >= interval_us;
}

void attached_feed(Attached *a, const Event *event)
{
    if (a->is_over) {
        return;
    }
    a->now_us = event->time_us;
    take_event(a, event);
    note_progress(a);
    if (a->is_over) {
        return;
    }
    if (a->has_begun) {
        attached_step(a);
    } else if (can_begin(a) && event->kind != EVENT_START) {
        attached_begin(a);
    }
    if (!a->is_over && a->has_begun && event->kind == EVENT_TICK &&
        is_time_to_ask(a)) {
        attached_ask_round(a);
    }
}
