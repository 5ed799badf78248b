/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of memory, from the tables of real QEMUs and from odd ones. */
#include "tests/lib/check.h"

#include "caps/block.h"
#include "qmp/json.h"
#include "tests/lib/recorded.h"

#define MIB (UINT64_C(1) << 20)

static const struct {
    const char *name;
    uint64_t used_bytes, total_bytes;
} known[] = {
    { "ram0", 64 * MIB, 64 * MIB },
    { "0000:00:04.0/vga.vram", 16 * MIB, 16 * MIB },
    { "0000:00:01.0:00.0/virtio-net-pci.rom", MIB / 4, MIB / 4 },
    { "/rom@etc/acpi/tables", MIB / 8, 2 * MIB },
    { "pc.bios", MIB / 4, MIB / 4 },
};

static const CapsBlock *find(const GPtrArray *blocks, const char *name)
{
    for (guint i = 0; i < blocks->len; i++) {
        const CapsBlock *block = blocks->pdata[i];
        if (strcmp(block->name, name) == 0) {
            return block;
        }
    }
    fail_msg("no %s", name);
    return NULL;
}

static void finds_what_the_real_ones_have(void **state)
{
    static const char *const versions[] = { "7.2", "10.0" };

    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(JsonNode) replies = recorded_reply("machine", versions[v]);
        JsonObject *reply =
            qmp_json_object(json_node_get_object(replies), "blocks");
        g_autoptr(GPtrArray) blocks =
            caps_blocks_parse(qmp_json_string(reply, "human-readable-text"));
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
            const CapsBlock *block = find(blocks, known[i].name);
            assert_int_equal(block->used_bytes, known[i].used_bytes);
            assert_int_equal(block->total_bytes, known[i].total_bytes);
            assert_string_equal(block->page_size, "4 KiB");
        }
        assert_int_equal(find(blocks, "ram0")->offset, 0);
    }
}

#define TITLES "Block Name PSize Offset Used Total\n"

static const struct {
    const char *what, *text;
    guint n; /* 0: it is no table */
} odd[] = {
    { "nothing", "", 0 },
    { "titles alone", TITLES, 0 },
    { "another text", TITLES "no such thing\n", 0 },
    { "a number that is none", TITLES "a 4 KiB 0x0 0xx 0x1\n", 0 },
    { "a number too long", TITLES "a 4 KiB 0x0 0x10000000000000000 0x1\n", 0 },
    { "a column missing", TITLES "a 4 KiB 0x0 0x1\n", 0 },
    { "a name of two words", TITLES " a b  4 KiB  0x0 0x1 0x1\n", 1 },
    { "no name", TITLES "  4 KiB 0x0 0x1 0x1\r\n", 1 },
    { "huge pages", TITLES "a 1 GiB 0x0 0xffffffffffffffff 0x1 0x2 rw\n", 1 },
};

static void takes_nothing_that_is_none(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autoptr(GPtrArray) blocks = caps_blocks_parse(odd[i].text);
        check_case(odd[i].what, (blocks ? blocks->len : 0) == odd[i].n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_the_real_ones_have),
        cmocka_unit_test(takes_nothing_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
