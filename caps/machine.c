/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/machine.h"

#include <string.h>

#include "caps/block.h"
#include "caps/cpu.h"
#include "caps/device.h"
#include "caps/disk.h"
#include "caps/layout.h"
#include "qmp/json.h"

/* On every machine with vCPUs this is the first one; if it is not, then what
 * it tells is not of the shape of a vCPU. */
#define FIRST_CPU "/machine/unattached/device[0]"

static JsonObject *object_of(JsonNode *node)
{
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static const char *string_of(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

/* QOM's "NAME-machine" and "NAME-x86_64-cpu" are what -machine and -cpu call
 * NAME. */
static bool take_type(CapsMachine *machine, JsonNode *reply)
{
    const char *type = string_of(reply);
    if (!type || !g_str_has_suffix(type, "-machine")) {
        return false;
    }
    machine->type = g_strndup(type, strlen(type) - strlen("-machine"));
    return true;
}

static bool take_cpu_model(CapsMachine *machine, JsonNode *reply)
{
    const char *type = string_of(reply);
    if (!type || !g_str_has_suffix(type, "-cpu")) {
        return false;
    }
    g_autofree char *model = g_strndup(type, strlen(type) - strlen("-cpu"));
    char *target = strrchr(model, '-');
    if (target) {
        *target = '\0';
    }
    machine->cpu_model = g_steal_pointer(&model);
    return true;
}

static bool take_cpu_vendor(CapsMachine *machine, JsonNode *reply)
{
    machine->cpu_vendor = g_strdup(string_of(reply));
    return machine->cpu_vendor;
}

static bool take_types(CapsMachine *machine, JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    JsonArray *rows = json_node_get_array(reply);
    machine->types =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = object_of(json_array_get_element(rows, i));
        const char *name = qmp_json_string(row, "name");
        const char *alias = qmp_json_string(row, "alias");
        if (name) {
            g_hash_table_insert(machine->types, g_strdup(name),
                                g_strdup(alias ? alias : ""));
        }
    }
    return true;
}

static bool take_uuid(CapsMachine *machine, JsonNode *reply)
{
    machine->uuid = g_strdup(qmp_json_string(object_of(reply), "UUID"));
    return machine->uuid;
}

static bool take_memory(CapsMachine *machine, JsonNode *reply)
{
    JsonObject *sizes = object_of(reply);
    uint64_t base;
    if (!qmp_json_size(sizes, "base-memory", &base)) {
        return false;
    }
    /* not there on a machine whose memory cannot grow */
    qmp_json_size(sizes, "plugged-memory", &machine->plugged_bytes);
    machine->memory_bytes = base + machine->plugged_bytes;
    return true;
}

static bool take_slots(CapsMachine *machine, JsonNode *reply)
{
    JsonObject *memory = object_of(reply);
    uint64_t size;
    qmp_json_size(memory, "slots", &machine->n_slots); /* none: 0 */
    qmp_json_size(memory, "max-size", &machine->max_bytes);
    return qmp_json_size(memory, "size", &size);
}

static bool take_backends(CapsMachine *machine, JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    JsonArray *rows = json_node_get_array(reply);
    machine->backends =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = object_of(json_array_get_element(rows, i));
        const char *id = qmp_json_string(row, "id");
        CapsBackend backend = { 0 };
        if (id && qmp_json_bool(row, "share", &backend.share)) {
            qmp_json_size(row, "size", &backend.bytes);
            g_hash_table_insert(machine->backends, g_strdup(id),
                                g_memdup2(&backend, sizeof(backend)));
        }
    }
    return true;
}

static bool take_blocks(CapsMachine *machine, JsonNode *reply)
{
    const char *text = qmp_json_string(object_of(reply), "human-readable-text");
    machine->blocks = text ? caps_blocks_parse(text) : NULL;
    return machine->blocks;
}

static bool take_layout(CapsMachine *machine, JsonNode *reply)
{
    const char *text = string_of(reply);
    machine->layout = text ? caps_layout_parse(text) : NULL;
    return machine->layout;
}

static void memory_device_free(CapsMemoryDevice *device)
{
    g_free(device->backend);
    g_free(device);
}

static int64_t number_or_none(JsonObject *object, const char *name)
{
    uint64_t value;
    return qmp_json_size(object, name, &value) && value <= INT64_MAX
               ? (int64_t)value
               : -1;
}

/* One without a backend (a balloon, memory of SGX) is not in the stream. */
static CapsMemoryDevice *take_memory_device(JsonObject *row)
{
    JsonObject *data = qmp_json_object(row, "data");
    const char *backend = data ? qmp_json_string(data, "memdev") : NULL;
    CapsMemoryDevice device = { .address_property = "addr" };

    if (!backend) {
        return NULL;
    }
    if (!qmp_json_size(data, "addr", &device.address)) {
        device.address_property = "memaddr";
        if (!qmp_json_size(data, "memaddr", &device.address)) {
            return NULL;
        }
    }
    device.backend = g_path_get_basename(backend);
    device.slot = number_or_none(data, "slot");
    device.node = number_or_none(data, "node");
    return g_memdup2(&device, sizeof(device));
}

static bool take_memory_devices(CapsMachine *machine, JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    JsonArray *rows = json_node_get_array(reply);
    machine->memory_devices =
        g_ptr_array_new_with_free_func((GDestroyNotify)memory_device_free);
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        CapsMemoryDevice *device =
            take_memory_device(object_of(json_array_get_element(rows, i)));
        if (device) {
            g_ptr_array_add(machine->memory_devices, device);
        }
    }
    return true;
}

static bool take_cpu(JsonObject *row, CapsCpu *cpu)
{
    JsonObject *props = qmp_json_object(row, "props");
    if (props) {
        qmp_json_size(props, "socket-id", &cpu->socket);
        qmp_json_size(props, "die-id", &cpu->die);
        qmp_json_size(props, "module-id", &cpu->module);
        qmp_json_size(props, "core-id", &cpu->core);
        qmp_json_size(props, "thread-id", &cpu->thread);
    }
    return qmp_json_size(row, "cpu-index", &cpu->index);
}

static bool take_cpus(CapsMachine *machine, JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    JsonArray *rows = json_node_get_array(reply);
    machine->cpus = g_array_new(FALSE, FALSE, sizeof(CapsCpu));
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        CapsCpu cpu = { 0 };
        if (!take_cpu(object_of(json_array_get_element(rows, i)), &cpu)) {
            return false;
        }
        g_array_append_val(machine->cpus, cpu);
    }
    machine->n_vcpus = machine->cpus->len;
    return true;
}

static bool take_topology(CapsMachine *machine, JsonNode *reply)
{
    JsonObject *smp = object_of(reply);
    machine->dies = machine->modules = 1; /* 7.2 has no modules */
    qmp_json_size(smp, "dies", &machine->dies);
    qmp_json_size(smp, "modules", &machine->modules);
    qmp_json_size(smp, "maxcpus", &machine->max_cpus);
    return qmp_json_size(smp, "cores", &machine->cores) &&
           qmp_json_size(smp, "threads", &machine->threads);
}

static bool take_cpu_features(CapsMachine *machine, JsonNode *reply)
{
    machine->cpu_words = caps_cpu_words_parse(reply);
    return machine->cpu_words;
}

/* {"name":"net0","type":"child<virtio-net-pci>"}; other rows are properties. */
static bool take_made(CapsMachine *machine, CapsMade made, JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    JsonArray *rows = json_node_get_array(reply);
    machine->made[made] = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = object_of(json_array_get_element(rows, i));
        const char *type = qmp_json_string(row, "type");
        if (type && g_str_has_prefix(type, "child<") &&
            g_str_has_suffix(type, ">")) {
            type += strlen("child<");
            g_ptr_array_add(machine->made[made],
                            g_strndup(type, strlen(type) - 1));
        }
    }
    return true;
}

static bool take_named_devices(CapsMachine *machine, JsonNode *reply)
{
    return take_made(machine, CAPS_MADE_NAMED, reply);
}

static bool take_other_devices(CapsMachine *machine, JsonNode *reply)
{
    return take_made(machine, CAPS_MADE_OTHER, reply);
}

static bool take_devices(CapsMachine *machine, JsonNode *reply)
{
    const char *text = string_of(reply);
    machine->devices = text ? caps_devices_parse(text) : NULL;
    return machine->devices;
}

static bool take_disks(CapsMachine *machine, JsonNode *reply)
{
    machine->disks = caps_disks_parse(reply);
    return machine->disks;
}

static bool take_objects(CapsMachine *machine, JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return false;
    }
    JsonArray *rows = json_node_get_array(reply);
    machine->objects =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = object_of(json_array_get_element(rows, i));
        const char *name = qmp_json_string(row, "name");
        const char *type = qmp_json_string(row, "type");
        if (name && type && g_str_has_prefix(type, "child<") &&
            g_str_has_suffix(type, ">")) {
            type += strlen("child<");
            g_hash_table_insert(machine->objects, g_strdup(name),
                                g_strndup(type, strlen(type) - 1));
        }
    }
    return true;
}

/* A word, number or boolean, as -machine and -global have it. */
static char *word_of(JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_VALUE(reply)) {
        return NULL;
    }
    return string_of(reply) ? g_strdup(string_of(reply))
                            : qmp_json_to_text(reply);
}

typedef bool Take(CapsMachine *machine, JsonNode *reply);

/* clang-format off */
static const struct {
    Take *take; /* NULL: one word, which is kept */
    const char *command;
    const char *argument[2], *value[2];
} questions[N_CAPS_MACHINE_QUESTIONS] = {
#define QOM_GET(object, property) \
    "qom-get", { "path", "property" }, { object, property }
#define QOM_LIST(object) "qom-list", { "path" }, { object }
#define ACPI_DEVICE "/machine/acpi-device" /* of q35 and pc */
    [CAPS_MACHINE_TYPE] = { take_type, QOM_GET("/machine", "type") },
    [CAPS_MACHINE_TYPES] = { take_types, "query-machines" },
    [CAPS_MACHINE_UUID] = { take_uuid, "query-uuid" },
    [CAPS_MACHINE_MEMORY] = { take_memory, "query-memory-size-summary" },
    [CAPS_MACHINE_SLOTS] = { take_slots, QOM_GET("/machine", "memory") },
    [CAPS_MACHINE_BACKENDS] = { take_backends, "query-memdev" },
    [CAPS_MACHINE_BLOCKS] = { take_blocks, "x-query-ramblock" },
    [CAPS_MACHINE_LAYOUT] = { take_layout, "human-monitor-command",
        { "command-line" }, { "info mtree -f" } },
    [CAPS_MACHINE_MEMORY_DEVICES] = { take_memory_devices,
        "query-memory-devices" },
    [CAPS_MACHINE_CPUS] = { take_cpus, "query-cpus-fast" },
    [CAPS_MACHINE_TOPOLOGY] = { take_topology, QOM_GET("/machine", "smp") },
    [CAPS_MACHINE_CPU_MODEL] = { take_cpu_model, QOM_GET(FIRST_CPU, "type") },
    [CAPS_MACHINE_CPU_VENDOR] = { take_cpu_vendor,
        QOM_GET(FIRST_CPU, "vendor") },
    [CAPS_MACHINE_CPU_FEATURES] = { take_cpu_features,
        QOM_GET(FIRST_CPU, "feature-words") },
    [CAPS_MACHINE_NAMED_DEVICES] = { take_named_devices,
        QOM_LIST("/machine/peripheral") },
    [CAPS_MACHINE_OTHER_DEVICES] = { take_other_devices,
        QOM_LIST("/machine/peripheral-anon") },
    [CAPS_MACHINE_DEVICES] = { take_devices, "human-monitor-command",
        { "command-line" }, { "info qtree" } },
    [CAPS_MACHINE_DISKS] = { take_disks, "query-block" },
    [CAPS_MACHINE_SMM] = { NULL, QOM_GET("/machine", "smm") },
    [CAPS_MACHINE_S3] = { NULL, QOM_GET(ACPI_DEVICE, "disable_s3") },
    [CAPS_MACHINE_S4] = { NULL, QOM_GET(ACPI_DEVICE, "disable_s4") },
    [CAPS_MACHINE_PCI_HOTPLUG] = { NULL,
        QOM_GET(ACPI_DEVICE, "acpi-pci-hotplug-with-bridge-support") },
    [CAPS_MACHINE_OBJECTS] = { take_objects, QOM_LIST("/objects") },
#undef QOM_GET
#undef QOM_LIST
#undef ACPI_DEVICE
};
/* clang-format on */

void caps_machine_clear(CapsMachine *machine)
{
    g_clear_pointer(&machine->type, g_free);
    g_clear_pointer(&machine->types, g_hash_table_unref);
    g_clear_pointer(&machine->uuid, g_free);
    g_clear_pointer(&machine->backends, g_hash_table_unref);
    g_clear_pointer(&machine->blocks, g_ptr_array_unref);
    g_clear_pointer(&machine->layout, g_ptr_array_unref);
    g_clear_pointer(&machine->memory_devices, g_ptr_array_unref);
    g_clear_pointer(&machine->cpus, g_array_unref);
    g_clear_pointer(&machine->cpu_model, g_free);
    g_clear_pointer(&machine->cpu_vendor, g_free);
    g_clear_pointer(&machine->cpu_words, g_array_unref);
    g_clear_pointer(&machine->made[CAPS_MADE_NAMED], g_ptr_array_unref);
    g_clear_pointer(&machine->made[CAPS_MADE_OTHER], g_ptr_array_unref);
    g_clear_pointer(&machine->devices, g_ptr_array_unref);
    g_clear_pointer(&machine->disks, g_ptr_array_unref);
    g_clear_pointer(&machine->objects, g_hash_table_unref);
    for (int i = 0; i < N_CAPS_MACHINE_QUESTIONS; i++) {
        g_free(machine->settings[i]);
    }
    *machine = (CapsMachine){ 0 };
}

QmpCommand *caps_machine_question(CapsMachineQuestion question)
{
    QmpCommand *command = qmp_command_new(questions[question].command);
    for (size_t i = 0; i < 2 && questions[question].argument[i]; i++) {
        qmp_command_set_string(command, questions[question].argument[i],
                               questions[question].value[i]);
    }
    return command;
}

const char *caps_machine_question_name(CapsMachineQuestion question)
{
    const char *const *value = questions[question].value;
    if (!value[0]) {
        return questions[question].command;
    }
    g_autofree char *name =
        g_strjoin(" ", questions[question].command, value[0], value[1], NULL);
    return g_intern_string(name);
}

bool caps_machine_take(CapsMachine *machine, CapsMachineQuestion question,
                       JsonNode *reply)
{
    g_assert(!machine->told[question]);
    Take *take = questions[question].take;
    if (reply && !take) {
        machine->settings[question] = word_of(reply);
    }
    machine->told[question] =
        reply &&
        (take ? take(machine, reply) : machine->settings[question] != NULL);
    return machine->told[question];
}

void caps_machine_will_have(CapsMachine *machine, const char *id)
{
    if (machine->objects) {
        g_hash_table_insert(machine->objects, g_strdup(id), g_strdup(""));
    }
}

/* Machine types up to 3.1 name the block of a file by its backend's path, all
 * others by the id. */
const char *caps_machine_backend_of(const CapsMachine *machine,
                                    const CapsBlock *block)
{
    const char *id = g_str_has_prefix(block->name, "/objects/")
                         ? block->name + strlen("/objects/")
                         : block->name;
    return machine->told[CAPS_MACHINE_BACKENDS] &&
                   g_hash_table_contains(machine->backends, id)
               ? id
               : NULL;
}

bool caps_machine_leaves_out(const CapsMachine *machine, CapsVersion version,
                             const char *id)
{
    const CapsBackend *backend =
        machine->backends ? g_hash_table_lookup(machine->backends, id) : NULL;
    const char *type =
        machine->objects ? g_hash_table_lookup(machine->objects, id) : NULL;

    return backend && backend->share &&
           (version < CAPS_VERSION(8, 1) || !type ||
            strcmp(type, "memory-backend-file") == 0);
}

uint64_t caps_machine_left_out_bytes(const CapsMachine *machine,
                                     CapsVersion version)
{
    GHashTableIter iter;
    gpointer id, backend;
    uint64_t bytes = 0;

    if (!machine->backends) {
        return 0;
    }
    g_hash_table_iter_init(&iter, machine->backends);
    while (g_hash_table_iter_next(&iter, &id, &backend)) {
        if (caps_machine_leaves_out(machine, version, id)) {
            bytes += ((const CapsBackend *)backend)->bytes;
        }
    }
    return bytes;
}
