/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/plan.h"

static QmpCommand *capabilities_command(GPtrArray *names, bool on)
{
    JsonArray *list = json_array_new();
    for (guint i = 0; i < names->len; i++) {
        JsonObject *row = json_object_new();
        json_object_set_string_member(row, "capability", names->pdata[i]);
        json_object_set_boolean_member(row, "state", on);
        json_array_add_object_element(list, row);
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, list);
    return qmp_command_set_node(qmp_command_new("migrate-set-capabilities"),
                                "capabilities", node);
}

static void add_step(GPtrArray *steps, Side side, QmpCommand *command,
                     QmpCommand *undo)
{
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = side;
    step->command = command;
    step->undo = undo;
    g_ptr_array_add(steps, step);
}

/* Those that go on, or those that go off. */
static void plan_capabilities(const CapsInventory *now,
                              const CapsInventory *wanted, bool on, Side side,
                              GPtrArray *steps)
{
    g_auto(GStrv) names = caps_inventory_names(now, /* capabilities= */ true);
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    for (char **name = names; *name; name++) {
        if (caps_inventory_is_on(now, *name) != on &&
            caps_inventory_is_on(wanted, *name) == on) {
            g_ptr_array_add(changed, *name);
        }
    }
    if (changed->len > 0) {
        add_step(steps, side, capabilities_command(changed, on),
                 capabilities_command(changed, !on));
    }
}

static void plan_parameters(const CapsInventory *now,
                            const CapsInventory *wanted, Side side,
                            GPtrArray *steps)
{
    QmpCommand *command = qmp_command_new("migrate-set-parameters");
    QmpCommand *undo = qmp_command_new("migrate-set-parameters");
    g_auto(GStrv) names = caps_inventory_names(wanted, false);
    for (char **name = names; *name; name++) {
        JsonNode *before = caps_inventory_parameter(now, *name);
        JsonNode *after = caps_inventory_parameter(wanted, *name);
        if (!after || (before && json_node_equal(before, after))) {
            continue;
        }
        qmp_command_set_node(command, *name, json_node_copy(after));
        if (before) { /* else QEMU has no word for "not set" */
            qmp_command_set_node(undo, *name, json_node_copy(before));
        }
    }
    if (command->arguments) {
        add_step(steps, side, command, undo);
    } else {
        qmp_command_free(command);
        qmp_command_free(undo);
    }
}

void caps_plan(const CapsInventory *now, const CapsInventory *wanted, Side side,
               GPtrArray *steps)
{
    plan_capabilities(now, wanted, /* on= */ false, side, steps);
    plan_parameters(now, wanted, side, steps);
    plan_capabilities(now, wanted, /* on= */ true, side, steps);
}

static void add_text(GString *text, const char *name, JsonNode *value)
{
    g_autofree char *words = json_to_string(value, FALSE);
    g_string_append_printf(text, "%s%s=%s", text->len ? ", " : "", name, words);
}

static void add_capabilities_text(GString *text, JsonArray *capabilities)
{
    for (guint i = 0; i < json_array_get_length(capabilities); i++) {
        JsonObject *row = json_array_get_object_element(capabilities, i);
        add_text(text, json_object_get_string_member(row, "capability"),
                 json_object_get_member(row, "state"));
    }
}

char *caps_step_undo_text(const CapsStep *step)
{
    GString *text = g_string_new(NULL);
    JsonObject *arguments = step->undo->arguments;
    g_autoptr(GList) names =
        arguments ? json_object_get_members(arguments) : NULL;
    for (GList *name = names; name; name = name->next) {
        JsonNode *value = json_object_get_member(arguments, name->data);
        if (g_str_equal(name->data, "capabilities")) {
            add_capabilities_text(text, json_node_get_array(value));
        } else {
            add_text(text, name->data, value);
        }
    }
    return g_string_free(text, FALSE);
}
