/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree of devices, from what real QEMUs print and from odd texts. */
#include "tests/lib/check.h"

#include "caps/device.h"
#include "qmp/json.h"
#include "tests/lib/recorded.h"

static GPtrArray *recorded_devices(const char *version)
{
    g_autoptr(JsonNode) replies = recorded_reply("machine", version);
    GPtrArray *devices = caps_devices_parse(
        qmp_json_string(json_node_get_object(replies), "devices"));

    if (!devices) {
        fail_msg("%s: no devices", version);
    }
    return devices;
}

static const CapsDevice *find(const GPtrArray *devices, const char *type,
                              const char *id)
{
    for (guint i = 0; i < devices->len; i++) {
        const CapsDevice *device = devices->pdata[i];
        if (strcmp(device->type, type) == 0 &&
            (!id || g_strcmp0(device->id, id) == 0)) {
            return device;
        }
    }
    fail_msg("no %s", type);
    return NULL;
}

static const struct {
    const char *type, *id, *parent, *bus, *where;
} known[] = {
    { "hpet", NULL, NULL, "main-system-bus", "" },
    { "q35-pcihost", NULL, NULL, "main-system-bus", "" },
    { "pcie-root-port", "port0", "q35-pcihost", "pcie.0", "addr 01.0" },
    { "virtio-net-pci", "net0", "pcie-root-port", "port0", "addr 00.0" },
    { "virtio-net-device", NULL, "virtio-net-pci", "virtio-bus", "" },
    { "virtio-blk-pci", "disk0", "q35-pcihost", "pcie.0", "addr 02.0" },
    { "virtio-scsi-pci", "hba0", "q35-pcihost", "pcie.0", "addr 03.0" },
    { "scsi-hd", NULL, "virtio-scsi-device", "hba0.0",
      "channel 0, scsi-id 0, lun 0" },
    { "VGA", NULL, "q35-pcihost", "pcie.0", "addr 04.0" },
    { "ich9-usb-ehci1", NULL, "q35-pcihost", "pcie.0", "addr 1d.7" },
    { "usb-tablet", NULL, "ich9-usb-ehci1", "usb-bus.0", "port 1" },
    { "isa-serial", NULL, "ICH9-LPC", "isa.0", "iobase 1016, irq 4" },
    { "mc146818rtc", NULL, "ICH9-LPC", "isa.0", "iobase 112, irq 8" },
    { "smbus-eeprom", NULL, "ICH9-SMB", "i2c", "address 87" },
};

static void finds_what_the_real_ones_have(void **state)
{
    static const char *const versions[] = { "7.2", "10.0" };

    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(GPtrArray) devices = recorded_devices(versions[v]);
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
            const CapsDevice *device =
                find(devices, known[i].type, known[i].id);
            const char *parent = device->parent ? device->parent->type : NULL;
            check_case(known[i].type, g_strcmp0(device->id, known[i].id) == 0);
            check_case(known[i].type, g_strcmp0(parent, known[i].parent) == 0);
            assert_string_equal(device->bus, known[i].bus);
            assert_string_equal(device->where, known[i].where);
        }
    }
}

/* The same machine has the same places, whatever code makes it. */
static void is_the_same_tree_in_both(void **state)
{
    g_autoptr(GPtrArray) old = recorded_devices("7.2");
    g_autoptr(GPtrArray) new = recorded_devices("10.0");

    assert_int_equal(old->len, new->len);
    for (guint i = 0; i < old->len; i++) {
        const CapsDevice *device = old->pdata[i];
        guint n_old = 0, n_new = 0;
        for (guint j = 0; j < old->len; j++) {
            const CapsDevice *one = old->pdata[j], *other = new->pdata[j];
            n_old += strcmp(one->type, device->type) == 0 &&
                     strcmp(one->place, device->place) == 0;
            n_new += strcmp(other->type, device->type) == 0 &&
                     strcmp(other->place, device->place) == 0;
        }
        check_case(device->type, n_old == n_new);
    }
}

#define ROOT "bus: main-system-bus\n  type System\n"
#define HOST ROOT "  dev: host, id \"\"\n"

static const struct {
    const char *what, *text;
    guint n; /* 0: it is no tree */
} odd[] = {
    { "nothing", "", 0 },
    { "another text", "unknown command: 'info qtree'\r\n", 0 },
    { "no device", ROOT, 0 },
    { "a device on no bus", "dev: a, id \"\"\n", 0 },
    { "a device on a bus of no type", "bus: b\n  dev: a, id \"\"\n", 0 },
    { "a device without an id", ROOT "  dev: a\n", 0 },
    { "a device too deep", ROOT "    dev: a, id \"\"\n", 0 },
    { "a bus of no device", ROOT "    bus: b\n", 0 },
    { "half an id", ROOT "  dev: a, id \"\n", 1 },
    { "a property of no device", ROOT "    x = 1\n", 0 },
    { "properties of all kinds", HOST "    =\n     = \n    addr = \n    addr\n",
      1 },
    { "two roots", HOST HOST, 2 },
    { "a bus below",
      HOST "    bus: b\n      type PCI\n      dev: a, id \"i\"\n", 2 },
};

static void takes_nothing_that_is_none(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autoptr(GPtrArray) devices = caps_devices_parse(odd[i].text);
        check_case(odd[i].what, (devices ? devices->len : 0) == odd[i].n);
    }
}

static void any_depth_is_survived(void **state)
{
    g_autoptr(GString) text = g_string_new("");
    for (int depth = 0; depth < 200; depth += 2) {
        g_string_append_printf(text,
                               "%*sbus: b\n%*stype PCI\n%*sdev: d, "
                               "id \"\"\n",
                               depth * 2, "", depth * 2 + 2, "", depth * 2 + 2,
                               "");
    }
    g_autoptr(GPtrArray) devices = caps_devices_parse(text->str);
    assert_null(devices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_the_real_ones_have),
        cmocka_unit_test(is_the_same_tree_in_both),
        cmocka_unit_test(takes_nothing_that_is_none),
        cmocka_unit_test(any_depth_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
