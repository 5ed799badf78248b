/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/rehearse.h"

#include <string.h>

#include "orchestrator/phases.h"
#include "orchestrator/uri.h"
#include "qmp/parser.h"

#define STEPS_MAX 1000 /* a machine that never ends would be a bug */

typedef struct {
    Migration *m;
    GQueue asked; /* of Action: what was sent and is not answered yet */
    GPtrArray *commands;
    const char *status[N_SIDES], *run_state[N_SIDES];
} Stage;

static void collect(Stage *stage)
{
    GPtrArray *actions = stage->m->actions;
    for (guint i = 0; i < actions->len; i++) {
        const Action *action = actions->pdata[i];
        if (action->kind != ACTION_SEND) {
            continue;
        }
        Action *kept = g_new0(Action, 1);
        *kept = *action;
        kept->command = qmp_command_copy(action->command);
        g_queue_push_tail(&stage->asked, kept);
    }
    g_ptr_array_set_size(actions, 0);
}

static void feed(Stage *stage, Event event)
{
    event.time_us = ++stage->m->now_us;
    migration_feed(stage->m, &event);
    collect(stage);
}

static JsonNode *parse(const char *text)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, qmp_parse_object(text, strlen(text), NULL));
    return node;
}

static void tell_status(Stage *stage, Side side, const char *status)
{
    g_autofree char *text = g_strdup_printf("{\"status\":\"%s\"}", status);
    g_autoptr(JsonNode) data = parse(text);
    stage->status[side] = status;
    feed(stage, (Event){ .kind = EVENT_QMP,
                         .side = side,
                         .name = "MIGRATION",
                         .data = json_node_get_object(data),
                         .qemu_time_us = stage->m->now_us });
}

static void tell_run_state(Stage *stage, Side side, const char *event,
                           const char *run_state)
{
    stage->run_state[side] = run_state;
    feed(stage, (Event){ .kind = EVENT_QMP,
                         .side = side,
                         .name = event,
                         .qemu_time_us = stage->m->now_us });
}

/* The one that QEMU would choose is not known. */
static char *port_to_text(const Migration *m)
{
    g_auto(Uri) uri = { 0 };
    return uri_parse(migration_uri(m), &uri, NULL) && uri.port
               ? g_strdup_printf("%u", uri.port)
               : g_strdup(REHEARSED_PORT);
}

/* NULL: as it was told, with no more to say. */
static JsonNode *answer(const Stage *stage, const Action *action)
{
    if (action->ask == ASK_CAPABILITIES || action->ask == ASK_PARAMETERS) {
        return NULL;
    }
    g_autofree char *text = NULL;
    if (action->ask == ASK_RUN_STATE) {
        text = g_strdup_printf("{\"status\":\"%s\"}",
                               stage->run_state[action->side]);
    } else if (action->ask == ASK_MIGRATION) {
        g_autofree char *port = port_to_text(stage->m);
        text = g_strdup_printf(
            "{\"status\":\"%s\",\"socket-address\":[{\"type\":\"inet\","
            "\"host\":\"\",\"port\":\"%s\"}]}",
            stage->status[action->side], port);
    }
    return parse(text ? text : "{}");
}

static void complete(Stage *stage)
{
    stage->run_state[SIDE_SOURCE] = "postmigrate";
    stage->run_state[SIDE_DESTINATION] = "paused";
    tell_status(stage, SIDE_DESTINATION, "completed");
    tell_status(stage, SIDE_SOURCE, "completed");
}

/* The source sends; how it goes on depends on what it sends to. */
static void migrate(Stage *stage)
{
    tell_status(stage, SIDE_SOURCE, "active");
    if (uri_is_file(migration_uri(stage->m))) {
        stage->run_state[SIDE_SOURCE] = "postmigrate";
        tell_status(stage, SIDE_SOURCE, "completed");
        return;
    }
    if (stage->m->context.guest_ran) {
        tell_run_state(stage, SIDE_SOURCE, "STOP", "finish-migrate");
    }
    if (stage->m->will_pause) {
        tell_status(stage, SIDE_SOURCE, "pre-switchover");
    } else {
        complete(stage);
    }
}

/* What follows from a command in a QEMU that does as it is told. */
static void follow(Stage *stage, const Action *action)
{
    switch ((int)action->ask) {
    case TELL_STOP:
        tell_run_state(stage, action->side, "STOP", "paused");
        break;
    case TELL_INCOMING:
        stage->status[SIDE_DESTINATION] = "setup";
        if (uri_is_file(migration_uri(stage->m))) {
            stage->run_state[SIDE_DESTINATION] = "paused";
            tell_status(stage, SIDE_DESTINATION, "completed");
        }
        break;
    case TELL_MIGRATE:
        migrate(stage);
        break;
    case TELL_CONTINUE:
        complete(stage);
        break;
    case TELL_CONT:
        tell_run_state(stage, action->side, "RESUME", "running");
        break;
    }
}

static void free_command(gpointer data)
{
    RehearsedCommand *command = data;
    qmp_command_free(command->command);
    g_free(command);
}

static void keep(Stage *stage, const Action *action)
{
    if (ask_row(action->ask)->is_question) {
        return;
    }
    RehearsedCommand *command = g_new0(RehearsedCommand, 1);
    command->side = action->side;
    command->command = qmp_command_copy(action->command);
    g_ptr_array_add(stage->commands, command);
}

GPtrArray *rehearse(Migration *m)
{
    Stage stage = {
        .m = m,
        .asked = G_QUEUE_INIT,
        .commands = g_ptr_array_new_with_free_func(free_command),
        .status = { "none", "none" },
        .run_state = { m->context.guest_ran ? "running" : "paused",
                       "inmigrate" },
    };
    Action *action;

    migration_go_on(m);
    collect(&stage);
    for (guint i = 0;
         i < STEPS_MAX && (action = g_queue_pop_head(&stage.asked)); i++) {
        g_autoptr(JsonNode) value = answer(&stage, action);
        keep(&stage, action);
        feed(&stage, (Event){ .kind = EVENT_REPLY,
                              .side = action->side,
                              .ask = action->ask,
                              .value = value });
        follow(&stage, action);
        action_free(action);
    }
    g_queue_clear_full(&stage.asked, (GDestroyNotify)action_free);
    return stage.commands;
}
