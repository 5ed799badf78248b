/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Apart from the other replies, so that tests of qmp/ alone need no caps/. */
#include "tests/lib/recorded.h"

#include <string.h>

#include "qmp/json.h"

static const char *full_version(const char *version)
{
    return strcmp(version, "7.2") == 0 ? "7.2.22" : "10.0.2";
}

void recorded_inventory(CapsInventory *inventory, const char *version)
{
    g_autoptr(JsonNode) capabilities =
        recorded_reply("query-migrate-capabilities", version);
    g_autoptr(JsonNode) parameters =
        recorded_reply("query-migrate-parameters", version);

    if (!caps_inventory_take_capabilities(inventory, capabilities) ||
        !caps_inventory_take_parameters(inventory, parameters)) {
        g_error("the replies recorded from %s are none", version);
    }
    inventory->schema = qmp_schema_ref(recorded_schema(version));
    caps_inventory_take_version(inventory, full_version(version));
}

/* Names in tests/data/replies/machine-*.json. */
static const char *const machine_names[N_CAPS_MACHINE_QUESTIONS] = {
    [CAPS_MACHINE_TYPE] = "type",
    [CAPS_MACHINE_TYPES] = "types",
    [CAPS_MACHINE_UUID] = "uuid",
    [CAPS_MACHINE_MEMORY] = "memory",
    [CAPS_MACHINE_SLOTS] = "slots",
    [CAPS_MACHINE_BACKENDS] = "backends",
    [CAPS_MACHINE_BLOCKS] = "blocks",
    [CAPS_MACHINE_LAYOUT] = "layout",
    [CAPS_MACHINE_MEMORY_DEVICES] = "memory-devices",
    [CAPS_MACHINE_CPUS] = "cpus",
    [CAPS_MACHINE_TOPOLOGY] = "topology",
    [CAPS_MACHINE_CPU_MODEL] = "cpu-model",
    [CAPS_MACHINE_CPU_VENDOR] = "cpu-vendor",
    [CAPS_MACHINE_CPU_FEATURES] = "cpu-features",
    [CAPS_MACHINE_NAMED_DEVICES] = "named-devices",
    [CAPS_MACHINE_OTHER_DEVICES] = "other-devices",
    [CAPS_MACHINE_DEVICES] = "devices",
    [CAPS_MACHINE_DISKS] = "disks",
    [CAPS_MACHINE_SMM] = "smm",
    [CAPS_MACHINE_S3] = "s3",
    [CAPS_MACHINE_S4] = "s4",
    [CAPS_MACHINE_PCI_HOTPLUG] = "pci-hotplug",
    [CAPS_MACHINE_OBJECTS] = "objects",
};

JsonNode *recorded_machine_reply(CapsMachineQuestion question,
                                 const char *version)
{
    g_autoptr(JsonNode) replies = recorded_reply("machine", version);

    return json_object_dup_member(json_node_get_object(replies),
                                  machine_names[question]);
}

/* ---- what no QEMU has yet ---- */

static JsonObject *find_entity(JsonArray *schema, const char *name)
{
    for (guint i = 0; i < json_array_get_length(schema); i++) {
        JsonObject *entity = json_array_get_object_element(schema, i);

        if (strcmp(qmp_json_string(entity, "name"), name) == 0) {
            return entity;
        }
    }
    g_error("the schema has no %s", name);
}

static JsonArray *arguments_of(JsonArray *schema, const char *command)
{
    JsonObject *entity = find_entity(schema, command);

    return qmp_json_array(
        find_entity(schema, qmp_json_string(entity, "arg-type")), "members");
}

static JsonObject *first_type(JsonArray *schema, JsonArray *members)
{
    JsonObject *member = json_array_get_object_element(members, 0);

    return find_entity(schema, qmp_json_string(member, "type"));
}

static void add_to_schema(JsonArray *schema, const char *capability,
                          const char *parameter, const char *type)
{
    JsonObject *list =
        first_type(schema, arguments_of(schema, "migrate-set-capabilities"));
    JsonObject *status =
        find_entity(schema, qmp_json_string(list, "element-type"));
    JsonObject *names = first_type(schema, qmp_json_array(status, "members"));
    JsonObject *value = json_object_new();
    JsonObject *argument = json_object_new();

    json_object_set_string_member(value, "name", capability);
    json_array_add_object_element(qmp_json_array(names, "members"), value);
    json_array_add_string_element(qmp_json_array(names, "values"), capability);
    json_object_set_string_member(argument, "name", parameter);
    json_object_set_string_member(argument, "type", type);
    json_object_set_null_member(argument, "default");
    json_array_add_object_element(
        arguments_of(schema, "migrate-set-parameters"), argument);
}

void recorded_inventory_add(CapsInventory *inventory, const char *version,
                            const char *capability, const char *parameter,
                            const char *type)
{
    g_autoptr(JsonNode) schema = recorded_reply("query-qmp-schema", version);

    add_to_schema(json_node_get_array(schema), capability, parameter, type);
    caps_inventory_take_schema(inventory, schema);
    caps_inventory_turn(inventory, capability, false);
    if (strcmp(type, "int") == 0) {
        json_object_set_int_member(inventory->parameters, parameter, 1);
    } else if (strcmp(type, "bool") == 0) {
        json_object_set_boolean_member(inventory->parameters, parameter, false);
    } else {
        json_object_set_string_member(inventory->parameters, parameter, "");
    }
}
