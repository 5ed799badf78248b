/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/device.h"

#include <string.h>

/* Two blanks for each: a bus below a device below a bus... */
#define DEPTH_MAX 64

/* Of a PCI device, with the id of the virtio-net that stands by for it. */
#define PRIMARY_OF "failover_pair_id = "

/* What tells two places on a bus of this type apart. */
/* clang-format off */
static const struct {
    const char *bus_type, *property;
} places[] = {
    { "PCI",               "addr" },
    { "PCIE",              "addr" },
    { "CXL",               "addr" },
    { "ISA",               "iobase" },
    { "ISA",               "irq" },
    { "IDE",               "unit" },
    { "floppy-bus",        "unit" },
    { "SCSI",              "channel" },
    { "SCSI",              "scsi-id" },
    { "SCSI",              "lun" },
    { "i2c-bus",           "address" },
    { "virtio-serial-bus", "nr" },
};
/* clang-format on */

typedef struct {
    char *name, *type;
    char *place; /* where those on it begin */
    CapsDevice *owner;
} Bus;

/* What was met last at a depth: the lines one deeper belong to it. */
typedef struct {
    Bus *bus;
    CapsDevice *device;
    Bus *home;        /* what the device is on */
    unsigned n_buses; /* of the device */
} Level;

typedef struct {
    GPtrArray *devices, *buses;
    Level levels[DEPTH_MAX];
} Parser;

static void device_free(CapsDevice *device)
{
    g_free(device->type);
    g_free(device->id);
    g_free(device->bus);
    g_free(device->where);
    g_free(device->place);
    g_clear_pointer(&device->properties, g_hash_table_unref);
    g_free(device);
}

static void bus_free(Bus *bus)
{
    g_free(bus->name);
    g_free(bus->type);
    g_free(bus->place);
    g_free(bus);
}

static bool take_bus(Parser *parser, Level *above, Level *level,
                     const char *name)
{
    Bus *bus = g_new0(Bus, 1);
    g_ptr_array_add(parser->buses, bus);
    bus->name = g_strdup(name);
    level->bus = bus;
    if (!above) {
        bus->place = g_strdup("");
        return true;
    }
    bus->owner = above->device;
    /* By number, as a name is made of the device's id.  QEMU has told where
     * the device is before it comes to its buses. */
    bus->place = bus->owner ? g_strdup_printf("%s/%u:", bus->owner->place,
                                              above->n_buses++)
                            : NULL;
    return bus->owner;
}

/* TYPE, id "ID" */
static bool take_device(Parser *parser, Level *above, Level *level,
                        const char *words)
{
    const char *comma = strstr(words, ", id \"");
    if (!comma || !above || !above->bus || !above->bus->type) {
        return false;
    }

    CapsDevice *device = g_new0(CapsDevice, 1);
    const char *id = comma + strlen(", id \"");
    size_t id_length = strlen(id);
    g_ptr_array_add(parser->devices, device);
    device->properties =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    device->type = g_strndup(words, comma - words);
    device->id = id_length > 1 ? g_strndup(id, id_length - 1) : NULL;
    device->parent = above->bus->owner;
    device->bus = g_strdup(above->bus->name);
    device->where = g_strdup("");
    device->place = g_strdup(above->bus->place);
    *level = (Level){ .device = device, .home = above->bus };
    return true;
}

static void append(char **text, const char *separator, const char *word)
{
    char *longer = g_strconcat(*text, **text ? separator : "", word, NULL);
    g_free(*text);
    *text = longer;
}

static void add_where(CapsDevice *device, const char *property,
                      const char *value, size_t n)
{
    g_autofree char *where =
        g_strdup_printf("%s %.*s", property, (int)n, value);
    append(&device->where, ", ", where);
    append(&device->place, " ", where);
}

/* A number is followed by itself in another notation: "512 (512 B)". */
static char *value_at(const char *text)
{
    const char *end = *text == '"' ? strrchr(text + 1, '"') : NULL;
    return end ? g_strndup(text + 1, end - text - 1)
               : g_strndup(text, strcspn(text, " "));
}

/* NAME = VALUE, or what the bus prints of a device in words of its own. */
static void take_property(Level *level, const char *line)
{
    const char *bus_type = level->home->type;
    const char *equals = strstr(line, " = ");
    const char *port = strstr(line, ", port ");

    if (equals) {
        g_hash_table_insert(level->device->properties,
                            g_strndup(line, equals - line),
                            value_at(equals + strlen(" = ")));
    }
    if (g_str_has_prefix(line, PRIMARY_OF)) {
        const char *standby = line + strlen(PRIMARY_OF);
        level->device->is_primary =
            strcmp(standby, "\"\"") != 0 && strcmp(standby, "<null>") != 0;
        return;
    }
    /* The property "port" is what was wished for, which may be nothing. */
    if (!equals && port && strcmp(bus_type, "usb-bus") == 0) {
        port += strlen(", port ");
        add_where(level->device, "port", port, strcspn(port, ","));
        return;
    }
    for (size_t i = 0; equals && i < G_N_ELEMENTS(places); i++) {
        const char *property = places[i].property;
        if (strcmp(places[i].bus_type, bus_type) == 0 &&
            strlen(property) == (size_t)(equals - line) &&
            g_str_has_prefix(line, property)) {
            const char *value = equals + strlen(" = ");
            add_where(level->device, property, value, strcspn(value, " "));
        }
    }
}

/* False: a line that cannot stand here. */
static bool take_line(Parser *parser, const char *line)
{
    size_t blanks = strspn(line, " ");
    unsigned depth = blanks / 2;
    if (depth >= DEPTH_MAX) {
        return false;
    }

    Level *level = &parser->levels[depth];
    Level *above = depth > 0 ? level - 1 : NULL;
    line += blanks;
    if (g_str_has_prefix(line, "bus: ")) {
        return take_bus(parser, above, level, line + strlen("bus: "));
    }
    if (g_str_has_prefix(line, "dev: ")) {
        return take_device(parser, above, level, line + strlen("dev: "));
    }
    if (above && above->bus && !above->bus->type &&
        g_str_has_prefix(line, "type ")) {
        above->bus->type = g_strdup(line + strlen("type "));
    } else if (above && above->device) {
        take_property(above, line);
    }
    return true;
}

GPtrArray *caps_devices_parse(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) devices =
        g_ptr_array_new_with_free_func((GDestroyNotify)device_free);
    g_autoptr(GPtrArray) buses =
        g_ptr_array_new_with_free_func((GDestroyNotify)bus_free);
    Parser parser = { .devices = devices, .buses = buses };

    for (size_t i = 0; lines[i]; i++) {
        if (!take_line(&parser, g_strchomp(lines[i]))) {
            return NULL;
        }
    }
    return devices->len > 0 ? g_steal_pointer(&devices) : NULL;
}

const char *caps_device_property(const CapsDevice *device, const char *name)
{
    return g_hash_table_lookup(device->properties, name);
}

char *caps_device_name(const CapsDevice *device)
{
    return device->id ? g_strdup_printf("%s '%s'", device->type, device->id)
                      : g_strdup(device->type);
}

char *caps_device_place(const CapsDevice *device)
{
    return g_strdup_printf("%s%s%s", device->bus, *device->where ? " " : "",
                           device->where);
}

const CapsDevice *caps_device_of_user(const CapsDevice *device)
{
    bool is_part = device->parent && strcmp(device->bus, "virtio-bus") == 0;
    return is_part ? device->parent : device;
}
