/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include "tests/lib/recorded.h"
#include "tools/caps/compare.h"
#include "tools/caps/describe.h"

static void values_are_exact(void **state)
{
    static const struct {
        const char *parameter, *value, *text;
    } cases[] = {
        { "max-bandwidth", "134217728", "128 MiB/s" },
        { "max-bandwidth", "10000000", "10000000 B/s" },
        { "max-bandwidth", "134217729", "134217729 B/s" },
        { "max-bandwidth", "0", "0 B/s" },
        /* 2^64 - 1, as it lies in the node */
        { "max-bandwidth", "-1", "18446744073709551615 B/s" },
        { "xbzrle-cache-size", "1073741824", "1 GiB" },
        { "xbzrle-cache-size", "1610612736", "1.5 GiB" },
        { "downtime-limit", "300", "300 ms" },
        { "downtime-limit", "20000", "20 s" },
        { "downtime-limit", "20001", "20001 ms" },
        { "cpu-throttle-initial", "20", "20 %" },
        { "multifd-channels", "2", "2" },
        { "multifd-compression", "none", "none" },
        { "direct-io", "false", "false" },
        { "tls-creds", "", "\"\"" },
        { "block-bitmap-mapping", NULL, "not set" },
        { "newer", "-5", "-5" },
        { "newer", "[]", "[]" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        print_message("%s=%s\n", cases[i].parameter, cases[i].value);
        g_autofree char *text = describe_value(
            caps_table_parameter(cases[i].parameter), cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

static void ranges_are_words(void **state)
{
    static const struct {
        const char *parameter, *text;
    } cases[] = {
        { "multifd-channels", "1 to 255" },
        { "cpu-throttle-initial", "1 to 99 %" },
        { "announce-step", "1 ms to 10 s" },
        { "downtime-limit", "0 to 2000 s" },
        { "vcpu-dirty-limit", "from 1 MiB/s" },
        { "max-bandwidth",
          "0, or from 10 B/s; QEMU takes others for no limit" },
        { "max-cpu-throttle", "1 to 99 %, not less than cpu-throttle-initial" },
        { "xbzrle-cache-size", "a power of two, 4 KiB to 1 TiB" },
        { "tls-creds", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        print_message("%s\n", cases[i].parameter);
        g_autofree char *text =
            describe_range(caps_table_parameter(cases[i].parameter));
        assert_string_equal(text, cases[i].text);
    }
}

static void a_change_tells_the_default(void **state)
{
    const CapsRow *row = caps_table_parameter("downtime-limit");
    g_autofree char *same = describe_change(row, "300");
    g_autofree char *other = describe_change(row, "301");
    g_autofree char *unknown = describe_change(NULL, "301");
    g_autofree char *varies =
        describe_change(caps_table_parameter("zero-page-detection"), "legacy");

    assert_string_equal(same, "");
    assert_string_equal(other, "default 300 ms");
    assert_string_equal(unknown, "");
    assert_string_equal(varies, "");
}

static void marks_are_those_of_the_schema(void **state)
{
    static const struct {
        const char *version;
        bool is_capability;
        const char *name, *marks;
    } cases[] = {
        { "10.0", true, "multifd", "" },
        { "10.0", true, "x-colo", "unstable" },
        { "10.0", true, "zero-blocks",
          "deprecated since 9.2: without block it does nothing" },
        { "7.2", true, "zero-blocks", "" },
        { "7.2", true, "block", "" }, /* not yet */
        { "10.0", false, "downtime-limit", "" },
        { "10.0", false, "x-checkpoint-delay", "unstable" },
        { "10.0", true, "quantum-send", "newer than this program" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        recorded_inventory(&inventory, cases[i].version);
        print_message("%s %s\n", cases[i].version, cases[i].name);
        g_autofree char *marks =
            describe_marks(&inventory, cases[i].is_capability, cases[i].name);
        assert_string_equal(marks, cases[i].marks);
    }
}

static void notes_stand_on_lines(void **state)
{
    static const struct {
        const char *parts[3], *text;
    } cases[] = {
        { { NULL, NULL, NULL }, "" },
        { { "one", NULL, "" }, "one" },
        { { NULL, "one", "two" }, "one\n- two" },
        { { "one", "two", "three" }, "one\n- two\n- three" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = describe_together(
            cases[i].parts[0], cases[i].parts[1], cases[i].parts[2]);
        assert_string_equal(text, cases[i].text);
    }
    g_autofree char *feature = describe_feature(caps_feature("zero-copy"));
    check_contains(
        feature, "\n- sets zero-copy-send\n- needs multifd, a tcp: address\n");
    check_contains(feature, "\n- wants memory that the source may lock");
    g_autofree char *row =
        describe_capability(caps_table_capability("background-snapshot"));
    check_contains(row, "\n- never turned on by us: ");
}

static const Compared *find(const GPtrArray *compared, const char *name)
{
    for (guint i = 0; i < compared->len; i++) {
        const Compared *one = compared->pdata[i];
        if (strcmp(one->name, name) == 0) {
            return one;
        }
    }
    return NULL;
}

static void compares_two(void **state)
{
    CapsInventory inventories[N_SIDES] = { 0 };
    recorded_inventory(&inventories[SIDE_SOURCE], "7.2");
    recorded_inventory(&inventories[SIDE_DESTINATION], "10.0");
    caps_inventory_turn(&inventories[SIDE_SOURCE], "xbzrle", true);

    g_autoptr(GPtrArray) all = compare(inventories, true);
    const Compared *multifd = find(all, "multifd");
    const Compared *xbzrle = find(all, "xbzrle");
    const Compared *block = find(all, "block");
    assert_false(multifd->differs);
    assert_string_equal(multifd->values[SIDE_SOURCE], "off");
    assert_true(xbzrle->differs);
    assert_string_equal(xbzrle->values[SIDE_SOURCE], "on");
    assert_true(block->differs && block->has[SIDE_SOURCE]);
    assert_false(block->has[SIDE_DESTINATION]);
    assert_null(block->values[SIDE_DESTINATION]);
    for (guint i = 1; i < all->len; i++) {
        const Compared *before = all->pdata[i - 1], *after = all->pdata[i];
        assert_true(strcmp(before->name, after->name) < 0);
    }

    g_autoptr(GPtrArray) parameters = compare(inventories, false);
    assert_false(find(parameters, "downtime-limit")->differs);
    assert_false(find(parameters, "block-bitmap-mapping")->differs);
    assert_true(find(parameters, "mode")->differs);
    caps_inventory_clear(&inventories[SIDE_SOURCE]);
    caps_inventory_clear(&inventories[SIDE_DESTINATION]);
}

static void takes_one_that_told_nothing(void **state)
{
    CapsInventory inventories[N_SIDES] = { 0 };
    g_autoptr(GPtrArray) capabilities = compare(inventories, true);
    g_autoptr(GPtrArray) parameters = compare(inventories, false);
    CapsMarks marks = caps_inventory_marks(&inventories[0], true, "multifd");

    assert_int_equal(capabilities->len, 0);
    assert_int_equal(parameters->len, 0);
    assert_false(marks.is_told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_exact),
        cmocka_unit_test(ranges_are_words),
        cmocka_unit_test(a_change_tells_the_default),
        cmocka_unit_test(marks_are_those_of_the_schema),
        cmocka_unit_test(notes_stand_on_lines),
        cmocka_unit_test(compares_two),
        cmocka_unit_test(takes_one_that_told_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
