/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest addresses of memory, from what real QEMUs print and from odd texts. */
#include "tests/lib/check.h"

#include "caps/layout.h"
#include "qmp/json.h"
#include "tests/lib/recorded.h"

static GPtrArray *recorded_layout(const char *version)
{
    g_autoptr(JsonNode) replies = recorded_reply("machine", version);
    GPtrArray *layout = caps_layout_parse(
        qmp_json_string(json_node_get_object(replies), "layout"));

    if (!layout) {
        fail_msg("%s: no layout", version);
    }
    return layout;
}

static void finds_what_the_real_ones_have(void **state)
{
    static const char *const versions[] = { "7.2", "10.0" };

    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(GPtrArray) layout = recorded_layout(versions[v]);
        g_autofree char *ram = caps_layout_to_text(layout, "ram0");
        g_autofree char *bios = caps_layout_to_text(layout, "pc.bios");
        assert_string_equal(ram, "0x0"); /* in two pieces, of one base */
        assert_string_equal(bios, "0xe0000 and 0xfffc0000");
        assert_false(caps_layout_has(layout, "vga.vram"));
    }
}

#define VIEW(as)                                                               \
    "FlatView #0\n AS \"" as "\", root: r\n Root memory region: r\n"
#define RANGE(start, words) "  " start "-00000000ffffffff (prio 0, " words "\n"
#define NONE                "FlatView #0\n AS \"memory\", root: r\n  No rendered FlatView\n"

static const struct {
    const char *what, *text;
    const char *at; /* where the block m is; NULL: there is no layout */
} odd[] = {
    { "nothing", "", NULL },
    { "another text", "unknown command: 'info mtree'\r\n", NULL },
    { "no memory", NONE, NULL },
    { "memory of a device", VIEW("dev") RANGE("0", "ram): m"), NULL },
    { "of a vCPU", VIEW("cpu-memory-0") RANGE("0", "ram): m"), NULL },
    { "registers", VIEW("memory") RANGE("0", "i/o): m"), NULL },
    { "memory", VIEW("memory") RANGE("0000000000001000", "ram): m"), "0x1000" },
    { "read-only for a while", VIEW("memory") RANGE("1000", "rom): m"),
      "0x1000" },
    { "that keeps what is in it", VIEW("memory") RANGE("0", "nv-ram): m"),
      "0x0" },
    { "with an accelerator", VIEW("memory") RANGE("0", "ram): m KVM"), "0x0" },
    { "from the middle", VIEW("memory") RANGE("3000", "ram): m @1000 KVM"),
      "0x3000" },
    { "two pieces side by side",
      VIEW("memory") RANGE("0", "ram): m") RANGE("1000", "ram): m @1000"),
      "0x0" },
    { "two pieces apart",
      VIEW("memory") RANGE("0", "ram): m") RANGE("2000", "ram): m @1000"),
      "0x0 and 0x2000" },
    { "memory after another view",
      VIEW("I/O") RANGE("0", "ram): m") VIEW("memory") RANGE("1000", "ram): m"),
      "0x1000" },
    { "another view after memory",
      VIEW("memory") RANGE("1000", "ram): m") VIEW("I/O") RANGE("0", "ram): m"),
      "0x1000" },
    { "too long an address",
      VIEW("memory") RANGE("11112222333344445", "ram): m"), NULL },
};

static void takes_only_the_memory_of_the_guest(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autoptr(GPtrArray) layout = caps_layout_parse(odd[i].text);
        g_autofree char *at = layout ? caps_layout_to_text(layout, "m") : NULL;
        if (g_strcmp0(at, odd[i].at) != 0) {
            fail_msg("%s: %s", odd[i].what, at);
        }
    }
}

static void compares_bases(void **state)
{
    g_autoptr(GPtrArray) one = caps_layout_parse(
        VIEW("memory") RANGE("0", "ram): m") RANGE("1000", "ram): n"));
    g_autoptr(GPtrArray) two = caps_layout_parse(
        VIEW("memory") RANGE("1000", "ram): m @1000") RANGE("9000", "ram): m"));

    assert_true(caps_layout_is_in(one, two, "m"));
    assert_false(caps_layout_is_in(two, one, "m"));
    assert_false(caps_layout_is_in(one, two, "n"));
    assert_true(caps_layout_is_in(two, one, "n")); /* none is nowhere else */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_the_real_ones_have),
        cmocka_unit_test(takes_only_the_memory_of_the_guest),
        cmocka_unit_test(compares_bases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
