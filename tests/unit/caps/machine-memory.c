/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that QEMU breaks on, and modules that are plugged in. */
#include "tests/lib/machine-pair.h"

#define E           FINDING_ERROR
#define W           FINDING_WARNING
#define Q(question) CAPS_MACHINE_##question
#define SRC         SIDE_SOURCE
#define DST         SIDE_DESTINATION
/* Enough of a table of blocks, and of 10.0's for the block that lies first. */
#define BLOCK(name, offset, used, total)                                       \
    name " 4 KiB " #offset " " #used " " #total "\\n"
#define BLOCKS(rows) "{\"human-readable-text\":\"titles\\n" rows "\"}"
#define DIMM(backend, address, slot, node)                                     \
    "{\"type\":\"dimm\",\"data\":{\"memdev\":\"/objects/" backend              \
    "\",\"addr\":" #address ",\"slot\":" #slot ",\"node\":" #node "}}"
#define VIRTIO_MEM(backend, address)                                           \
    "{\"type\":\"virtio-mem\",\"data\":{\"memdev\":\"/objects/" backend        \
    "\",\"memaddr\":" #address ",\"node\":0}}"

/* Whether a QEMU aborts when memory lies behind shorter memory. */
static const struct {
    const char *version, *accel;
    int found; /* -1: nothing */
} short_blocks[] = {
    { "7.2.22", "another", -1 },
    { "9.2.0", "another", FINDING_WARNING },
    { "10.0.2", "another", FINDING_ERROR },
    { "10.0.2", "kvm", -1 },
    { "10.0.2", NULL, -1 },
    { "11.1.3", "another", FINDING_ERROR },
    { NULL, "another", -1 },
};

static void memory_behind_shorter_memory(void **state)
{
    static const Change change = { CAPS_MACHINE_BLOCKS, NULL,
                                   BLOCKS(BLOCK("", 0x0, 0x100000, 0x100000)
                                              BLOCK("ram0", 0x100000, 0x4000000,
                                                    0x4000000)) };

    for (size_t i = 0; i < G_N_ELEMENTS(short_blocks); i++) {
        Pair pair;
        pair_init(&pair, "10.0", "10.0");
        take_all(&pair.machines[SRC], "10.0", &change, 1);
        take_all(&pair.machines[DST], "10.0", NULL, 0);
        g_free(pair.wanted[SRC].accel);
        pair.wanted[SRC].accel = g_strdup(short_blocks[i].accel);
        caps_inventory_take_version(&pair.wanted[SRC], short_blocks[i].version);
        pair_compare(&pair);
        const Finding *finding =
            pair.findings->len > 0 ? pair.findings->pdata[0] : NULL;
        assert_int_equal(finding ? (int)finding->severity : -1,
                         short_blocks[i].found);
        if (finding) {
            assert_int_equal(finding->code, FINDING_BREAKS);
            check_contains(finding->text, "(that no device uses)");
        }
        pair_clear(&pair);
    }
}

static const struct {
    const char *what;
    const char *modules[N_SIDES];
    const char *found; /* all findings, by text; NULL: none */
    Severity severity;
} modules[] = {
    { "the same", { DIMM("a", 4096, 0, 0), DIMM("a", 4096, 0, 0) } },
    { "of another address",
      { DIMM("a", 4096, 0, 0), DIMM("a", 8192, 0, 0) },
      "'a' at 0x1000 on the source, at 0x2000",
      E },
    { "in another slot",
      { DIMM("a", 4096, 0, 0), DIMM("a", 4096, 1, 0) },
      "'a' is in slot 0 on the source, in slot 1",
      W },
    { "on another node",
      { DIMM("a", 4096, 0, 0), DIMM("a", 4096, 0, 1) },
      "'a' is on NUMA node 0 on the source, on node 1",
      W },
    { "virtio-mem of another address",
      { VIRTIO_MEM("a", 4096), VIRTIO_MEM("a", 8192) },
      "'a' at 0x1000 on the source, at 0x2000",
      E },
    { "the main memory's backend, plugged in on both sides",
      { DIMM("ram0", 4096, 0, 0), DIMM("ram0", 8192, 0, 0) },
      "'ram0' at 0x1000 on the source, at 0x2000",
      E },
    { "without a backend",
      { "{\"type\":\"sgx-epc\",\"data\":{\"memaddr\":1}}", "" } },
    { "in another order",
      { DIMM("a", 0, 0, 0) "," DIMM("b", 9, 1, 0),
        DIMM("b", 9, 1, 0) "," DIMM("a", 0, 0, 0) } },
};

static void modules_keep_their_places(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(modules); i++) {
        Pair pair;
        pair_init(&pair, "7.2", "7.2");
        for (int side = 0; side < N_SIDES; side++) {
            g_autofree char *reply =
                g_strdup_printf("[%s]", modules[i].modules[side]);
            const Change change = { Q(MEMORY_DEVICES), NULL, reply };
            take_all(&pair.machines[side], "7.2", &change, 1);
        }
        pair_compare(&pair);
        assert_int_equal(pair.findings->len, modules[i].found ? 1 : 0);
        if (modules[i].found) {
            const Finding *finding = pair.findings->pdata[0];
            check_contains(finding->text, modules[i].found);
            assert_int_equal(finding->severity, modules[i].severity);
            assert_non_null(finding->hint);
        }
        pair_clear(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_behind_shorter_memory),
        cmocka_unit_test(modules_keep_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
