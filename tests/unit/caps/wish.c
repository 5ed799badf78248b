/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values as people write them, to what a real QEMU holds, or why not. */
#include "tests/lib/check.h"

#include "caps/wish.h"
#include "qmp/json.h"
#include "tests/lib/recorded-pair.h"
#include "tests/lib/recorded.h"

static const struct {
    const char *version, *name, *value, *json;
} good[] = {
    /* a unit, or QEMU's own without one */
    { "7.2", "downtime-limit", "1.5s", "1500" },
    { "7.2", "downtime-limit", "0", "0" },
    { "7.2", "downtime-limit", "2000000", "2000000" },
    { "7.2", "max-bandwidth", "10Gbit/s", "1250000000" },
    { "7.2", "cpu-throttle-initial", "99%", "99" },
    { "7.2", "multifd-channels", "255", "255" },
    { "7.2", "x-checkpoint-delay", "4294967295", "4294967295" },
    { "10.0", "vcpu-dirty-limit", "1", "1" },
    /* 0, or from where QEMU does what it is told */
    { "7.2", "max-bandwidth", "0", "0" },
    { "7.2", "max-bandwidth", "10", "10" },
    { "7.2", "max-bandwidth", "18446744073709551615", "-1" },
    { "7.2", "max-postcopy-bandwidth", "0", "0" },
    { "7.2", "max-postcopy-bandwidth", "10B/s", "10" },
    { "10.0", "avail-switchover-bandwidth", "0", "0" },
    { "10.0", "avail-switchover-bandwidth", "1kB/s", "1000" },
    { "10.0", "avail-switchover-bandwidth", "9000000000000000",
      "9000000000000000" },
    /* powers of two */
    { "7.2", "xbzrle-cache-size", "4096", "4096" },
    { "7.2", "xbzrle-cache-size", "1TiB", "1099511627776" },
    /* on and off */
    { "7.2", "cpu-throttle-tailslow", "on", "true" },
    { "7.2", "cpu-throttle-tailslow", "true", "true" },
    { "10.0", "direct-io", "off", "false" },
    { "10.0", "direct-io", "false", "false" },
    /* words */
    { "7.2", "multifd-compression", "zlib", "\"zlib\"" },
    { "10.0", "zero-page-detection", "legacy", "\"legacy\"" },
    { "10.0", "mode", "cpr-reboot", "\"cpr-reboot\"" },
    { "7.2", "tls-creds", "", "\"\"" },
    { "7.2", "tls-hostname", "a=b \"c\"", "\"a=b \\\"c\\\"\"" },
    { "7.2", "tls-authz", "1", "\"1\"" },
    /* JSON */
    { "7.2", "block-bitmap-mapping", "[]", "[]" },
    { "10.0", "block-bitmap-mapping",
      "[{\"node-name\":\"a\",\"alias\":\"b\",\"bitmaps\":[]}]",
      "[{\"node-name\":\"a\",\"alias\":\"b\",\"bitmaps\":[]}]" },
    /* 9.0 and newer heed a level, an older one has it already */
    { "10.0", "multifd-zstd-level", "20", "20" },
    { "10.0", "multifd-zlib-level", "0", "0" },
    { "7.2", "multifd-zstd-level", "1", "1" },
};

static void takes_what_qemu_takes(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(CapsWish) wish =
            caps_wish_parameter(good[i].name, good[i].value);

        recorded_inventory(&inventory, good[i].version);
        check_case(good[i].value, caps_wish_check(wish, NULL));
        check_case(good[i].value, caps_wish_is_known(wish, &inventory));
        caps_wish_apply(wish, &inventory, SIDE_SOURCE, findings);
        g_autofree char *found = recorded_findings_to_text(findings);
        g_autofree char *value = qmp_json_to_text(
            caps_inventory_parameter(&inventory, good[i].name));
        if (strcmp(value, good[i].json) != 0 ||
            (*found && !strstr(found, " stays: "))) {
            fail_msg("%s=%s: %s %s", good[i].name, good[i].value, value, found);
        }
    }
}

static const struct {
    const char *version, *name, *value;
    bool is_clear; /* without asking a QEMU */
    const char *why;
} bad[] = {
    { "7.2", "multifd-channels", "many", true, "'many' is not a number" },
    { "7.2", "multifd-channels", "-1", true, "'-1' is not a number from 0" },
    { "7.2", "multifd-channels", "0", true, "'0' is not from 1 to 255" },
    { "7.2", "multifd-channels", "256", true, "'256' is not from 1 to 255" },
    { "7.2", "downtime-limit", "1GiB", true, "has a unit that does not fit" },
    { "7.2", "downtime-limit", "2000001", true,
      "'2000001' is not from 0 ms to 2000.0 s" },
    { "7.2", "downtime-limit", "2001s", true, "is not from 0 ms to 2000.0 s" },
    { "7.2", "announce-step", "0", true, "'0' is not from 1 ms to 10.0 s" },
    { "7.2", "max-bandwidth", "18446744073709551616", true,
      "does not fit in 64 bits" },
    { "7.2", "max-bandwidth", "1", true,
      "'1' is neither 0 nor at least 10 B/s: QEMU takes that for no limit" },
    { "7.2", "max-bandwidth", "72bit/s", true, "neither 0 nor at least 10" },
    { "7.2", "max-postcopy-bandwidth", "9", true,
      "'9' is neither 0 nor at least 10 B/s: QEMU takes that for no limit" },
    { "10.0", "avail-switchover-bandwidth", "999", true,
      "'999' is neither 0 nor from 1000 B/s to 8185 TiB/s: QEMU takes that for "
      "nothing" },
    { "10.0", "avail-switchover-bandwidth", "9000000000000001", true,
      "QEMU takes that for nothing" },
    { "7.2", "xbzrle-cache-size", "2048", true,
      "'2048' is not from 4.00 KiB to 1.00 TiB" },
    { "7.2", "xbzrle-cache-size", "2TiB", true,
      "'2TiB' is not from 4.00 KiB to 1.00 TiB" },
    { "7.2", "xbzrle-cache-size", "96MiB", true, "'96MiB' is no power of two" },
    { "10.0", "vcpu-dirty-limit", "0", true, "'0' is not at least 1" },
    { "7.2", "x-checkpoint-delay", "4294967296", true, "is not from 0 ms" },
    { "7.2", "cpu-throttle-initial", "100%", true, "is not from 1 % to 99 %" },
    { "7.2", "cpu-throttle-tailslow", "maybe", false,
      "'maybe' is neither on nor off" },
    { "7.2", "cpu-throttle-tailslow", "1", false, "is neither on nor off" },
    { "7.2", "multifd-compression", "Zlib", false,
      "'Zlib' is none of none, zlib, zstd" },
    { "7.2", "multifd-compression", "", false, "'' is none of none, zlib" },
    { "10.0", "zero-page-detection", "x", false,
      "'x' is none of none, legacy, multifd" },
    { "7.2", "block-bitmap-mapping", "a", false, "'a' is no JSON value" },
    { "7.2", "block-bitmap-mapping", "[", false, "'[' is no JSON value" },
    { "7.2", "block-bitmap-mapping", "1,\"x\":2", false, "is no JSON value" },
    { "7.2", "block-bitmap-mapping", "", false, "'' is no JSON value" },
    { "7.2", "multifd-zstd-level", "5", false,
      "QEMU 7.2.22 takes '5', and leaves it at 1 (leave it out; QEMU 9.0 and "
      "newer do it)" },
    { "7.2", "multifd-zlib-level", "0", false,
      "QEMU 7.2.22 takes '0', and leaves it at 1" },
};

static void refuses_with_the_reason(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(GError) error = NULL;
        g_autoptr(CapsWish) wish =
            caps_wish_parameter(bad[i].name, bad[i].value);

        recorded_inventory(&inventory, bad[i].version);
        g_autofree char *before = recorded_settings_to_text(&inventory);
        check_case(bad[i].value,
                   caps_wish_check(wish, &error) == !bad[i].is_clear);
        if (bad[i].is_clear) {
            check_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
            check_contains(error->message, bad[i].why);
        }
        caps_wish_apply(wish, &inventory, SIDE_DESTINATION, findings);
        g_autofree char *after = recorded_settings_to_text(&inventory);
        g_autofree char *found = recorded_findings_to_text(findings);
        assert_string_equal(before, after);
        check_contains(found, "error D bad-value: ");
        check_contains(found, bad[i].name);
        check_contains(found, bad[i].why);
    }
}

static void some_are_never_ours_to_turn(void **state)
{
    static const struct {
        const char *name;
        bool on;
        const char *text;
    } cases[] = {
        { "events", false,
          "error S not-a-migration: events cannot be turned off: both QEMUs "
          "are watched by it (leave it out)\n" },
        { "x-colo", true,
          "error S not-a-migration: x-colo cannot be turned on: it keeps both "
          "QEMUs running: that is no migration (leave it out)\n" },
        { "background-snapshot", true,
          "error S not-a-migration: background-snapshot cannot be turned on: "
          "it saves the guest to a file and leaves it where it is (leave it "
          "out)\n" },
        { "events", true, "" },
        { "x-colo", false, "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(CapsWish) wish =
            caps_wish_capability(cases[i].name, cases[i].on);

        recorded_inventory(&inventory, "10.0");
        caps_inventory_turn(&inventory, cases[i].name, !cases[i].on);
        caps_wish_apply(wish, &inventory, SIDE_SOURCE, findings);
        g_autofree char *found = recorded_findings_to_text(findings);
        assert_string_equal(found, cases[i].text);
        check_case(cases[i].name,
                   caps_inventory_is_on(&inventory, cases[i].name) ==
                       (cases[i].on != (*found != '\0')));
    }
}

/* What is newer than the table gets its type from the schema, nothing else. */
static void newer_ones_have_their_type(void **state)
{
    static const struct {
        const char *type, *value, *found;
    } cases[] = {
        { "int", "5", "" },
        { "int", "abc", "error S bad-value: quantum-bits: 'abc' is not a" },
        { "int", "5MiB", "has a unit that does not fit; it takes a plain" },
        { "bool", "on", "" },
        { "bool", "5", "error S bad-value: quantum-bits: '5' is neither on" },
        { "str", "abc", "" },
        { "str", "5", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(CapsWish) wish =
            caps_wish_parameter("quantum-bits", cases[i].value);

        recorded_inventory(&inventory, "10.0");
        recorded_inventory_add(&inventory, "10.0", "quantum-send",
                               "quantum-bits", cases[i].type);
        assert_true(caps_wish_check(wish, NULL));
        caps_wish_apply(wish, &inventory, SIDE_SOURCE, findings);
        g_autofree char *found = recorded_findings_to_text(findings);
        if (!*cases[i].found != !*found || !strstr(found, cases[i].found)) {
            fail_msg("%s %s: %s", cases[i].type, cases[i].value, found);
        }
    }
}

static void a_copy_is_the_same(void **state)
{
    g_autoptr(CapsWish) wish = caps_wish_parameter("tls-creds", "tls0");
    g_autoptr(CapsWish) plain = caps_wish_capability("events", true);

    wish->option = g_strdup("tls");
    g_autoptr(CapsWish) copy = caps_wish_copy(wish);
    g_autoptr(CapsWish) plain_copy = caps_wish_copy(plain);
    assert_string_equal(copy->name, "tls-creds");
    assert_string_equal(copy->value, "tls0");
    assert_string_equal(copy->option, "tls");
    assert_null(plain_copy->value);
    assert_null(plain_copy->option);
    assert_true(plain_copy->on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_qemu_takes),
        cmocka_unit_test(refuses_with_the_reason),
        cmocka_unit_test(some_are_never_ours_to_turn),
        cmocka_unit_test(newer_ones_have_their_type),
        cmocka_unit_test(a_copy_is_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
