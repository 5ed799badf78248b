/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The actions of a scenario, each by a row. */
#include "tools/lab/steps-act.h"

#include <signal.h>
#include <string.h>

#include "caps/table.h"

typedef struct {
    Steps *script;
    const ScenarioAction *action;
} Asked;

/* QEMU may refuse: what a scenario does can be wrong on purpose, and what comes
 * of it is what is expected or not. */
static void on_answer(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autofree Asked *asked = user_data;
    JsonNode *node =
        qmp_client_execute_finish(QMP_CLIENT(object), result, &error);

    if (node) {
        json_node_unref(node);
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
               error->domain == QMP_ERROR && error->code == QMP_ERROR_COMMAND) {
        steps_note_refused(asked->script, asked->action, error->message);
    }
}

/* Takes @command over. */
static void tell(Steps *script, const ScenarioAction *action, Side side,
                 QmpCommand *command)
{
    QmpClient *client = script->sides[side]->client;
    if (!client) {
        steps_note_refused(script, action, "its QEMU is gone");
    } else {
        Asked *asked = g_new(Asked, 1);
        *asked = (Asked){ script, action };
        qmp_client_execute_async(client, command, STEPS_MS, script->cancellable,
                                 on_answer, asked);
    }
    qmp_command_free(command);
}

static void act_cancel(Steps *script, const ScenarioAction *action)
{
    script->handlers.cancel(script->user_data);
}

static void act_postcopy(Steps *script, const ScenarioAction *action)
{
    tell(script, action, SIDE_SOURCE,
         qmp_command_new("migrate-start-postcopy"));
}

static void act_pause(Steps *script, const ScenarioAction *action)
{
    QmpCommand *command = qmp_command_new("migrate-pause");
    command->oob = true;
    tell(script, action, action->side, command);
}

static void act_continue(Steps *script, const ScenarioAction *action)
{
    tell(script, action, SIDE_SOURCE,
         qmp_command_set_string(qmp_command_new("migrate-continue"), "state",
                                "pre-switchover"));
}

static void act_run_state(Steps *script, const ScenarioAction *action)
{
    tell(script, action, action->side,
         qmp_command_new(action->kind == ACT_STOP ? "stop" : "cont"));
}

static void act_qmp(Steps *script, const ScenarioAction *action)
{
    QmpCommand *command = qmp_command_new(action->name);
    if (action->arguments) {
        command->arguments = json_object_ref(action->arguments);
    }
    tell(script, action, action->side, command);
}

/* A number in the parameter's unit, true or false, else the word itself. */
static void act_set(Steps *script, const ScenarioAction *action)
{
    static const char *const words[] = { "true", "false", NULL };
    const CapsRow *row = caps_table_parameter(action->name);
    QmpCommand *command = qmp_command_new("migrate-set-parameters");
    uint64_t number = 0;

    if (g_strv_contains(words, action->value)) {
        qmp_command_set_bool(command, action->name,
                             strcmp(action->value, "true") == 0);
    } else if (unit_parse(action->value, caps_row_unit(row), &number, NULL)) {
        qmp_command_set_int(command, action->name, number);
    } else {
        qmp_command_set_string(command, action->name, action->value);
    }
    tell(script, action, SIDE_SOURCE, command);
}

static void act_signal(Steps *script, const ScenarioAction *action)
{
    static const int signals[] = {
        [ACT_KILL] = SIGKILL, [ACT_FREEZE] = SIGSTOP, [ACT_THAW] = SIGCONT
    };
    if (action->side == N_SIDES) {
        script->handlers.kill(script->user_data);
        return;
    }
    Qemu *qemu = script->sides[action->side]->qemu;
    if (!qemu || !qemu_signal(qemu, signals[action->kind])) {
        steps_note_refused(script, action, "its QEMU is gone");
    }
}

/* By its serial line: docs/guest.rst. */
static void tell_guest(Steps *script, const ScenarioAction *action,
                       const char *words)
{
    Qemu *qemu = script->sides[action->side]->qemu;
    if (!qemu) {
        steps_note_refused(script, action, "its QEMU is gone");
        return;
    }
    for (; *words; words++) {
        qemu_tell_guest(qemu, *words);
    }
}

static void act_guest(Steps *script, const ScenarioAction *action)
{
    g_autofree char *rate =
        g_strdup_printf("d%" G_GUINT64_FORMAT "\n", action->number);
    switch (action->guest) {
    case GUEST_REBOOT:
        tell(script, action, action->side, qmp_command_new("system_reset"));
        break;
    case GUEST_POWEROFF:
        tell_guest(script, action, "o");
        break;
    case GUEST_SUSPEND:
        tell_guest(script, action, "s");
        break;
    case GUEST_WAKE:
        tell(script, action, action->side, qmp_command_new("system_wakeup"));
        break;
    case GUEST_REPORT:
        tell_guest(script, action, "r");
        break;
    case GUEST_DIRTY_RATE:
        tell_guest(script, action, rate);
        break;
    }
}

static void act_recover(Steps *script, const ScenarioAction *action)
{
    script->is_recovering = true;
    script->handlers.recover(script->user_data);
}

static void act_link(Steps *script, const ScenarioAction *action)
{
    link_do(script->link, action->link, action->number);
}

static void act_again(Steps *script, const ScenarioAction *action)
{
    script->wants_again = true;
}

void steps_act(Steps *script, const ScenarioAction *action)
{
    static void (*const does[])(Steps *, const ScenarioAction *) = {
        [ACT_CANCEL] = act_cancel,     [ACT_POSTCOPY] = act_postcopy,
        [ACT_RECOVER] = act_recover,   [ACT_PAUSE] = act_pause,
        [ACT_CONTINUE] = act_continue, [ACT_STOP] = act_run_state,
        [ACT_CONT] = act_run_state,    [ACT_SET] = act_set,
        [ACT_QMP] = act_qmp,           [ACT_KILL] = act_signal,
        [ACT_FREEZE] = act_signal,     [ACT_THAW] = act_signal,
        [ACT_GUEST] = act_guest,       [ACT_LINK] = act_link,
        [ACT_AGAIN] = act_again,
    };
    does[action->kind](script, action);
}
