/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every row of the rules, broken and kept, on recorded QEMUs that say another
 * version.  What they are worth, tests/qemu/pairs.py asks real ones.
 */
#include "tests/lib/check.h"

#include "caps/rules.h"
#include "tests/lib/recorded-pair.h"
#include "tests/lib/recorded.h"

#define SOCKET CAPS_OVER_TCP
#define FILE_  CAPS_OVER_FILE

static const struct {
    const char *when, *other; /* the row, and a version that it is for */
    const char *version;
    CapsTransport transport;
    const char *broken, *kept; /* settings; "accel=X" too */
    const char *text;          /* a part of what is said */
} cases[] = {
    /* clang-format off */
    { "multifd", "postcopy-ram", "7.2.22", SOCKET,
      "+multifd +postcopy-ram", "+multifd",
      "error S breaks: QEMU 7.2.22 takes multifd with postcopy-ram, and then "
      "the destination aborts (10.1 and newer take it)\n" },
    { "multifd", "postcopy-ram", "10.0.2", SOCKET,
      "+multifd +postcopy-ram", "+postcopy-ram",
      "error S conflict: QEMU 10.0.2 does not take multifd with postcopy-ram "
      "(10.1 and newer take it)\n" },
    { "multifd", "xbzrle", "10.0.2", SOCKET, "+multifd +xbzrle", "+xbzrle",
      "error S conflict: QEMU 10.0.2 does not take multifd with xbzrle (leave "
      "one of them out)\n" },
    { "multifd", "compress", "7.2.22", SOCKET,
      "+multifd +compress", "+compress",
      "error S conflict: QEMU 7.2.22 does not take multifd with compress (use "
      "--compress=METHOD, which multifd does itself)\n" },
    { "multifd transport=file", "mapped-ram", "10.0.2", FILE_,
      "+multifd", "+multifd +mapped-ram",
      "error S missing: multifd needs mapped-ram (add --mapped-ram)\n" },
    { "zero-copy-send", "multifd", "7.2.22", SOCKET,
      "+zero-copy-send", "+zero-copy-send +multifd",
      "error S missing: zero-copy-send needs multifd (add --multifd)\n" },
    { "zero-copy-send", "xbzrle", "7.2.22", SOCKET,
      "+zero-copy-send +multifd +xbzrle", "+zero-copy-send +multifd",
      "does not take zero-copy-send with xbzrle (leave one of them out)\n" },
    { "zero-copy-send", "compress", "7.2.22", SOCKET,
      "+zero-copy-send +compress", "+zero-copy-send",
      "does not take zero-copy-send with compress" },
    { "zero-copy-send", "multifd-compression!=none", "10.0.2", SOCKET,
      "+zero-copy-send +multifd multifd-compression=zstd",
      "+zero-copy-send +multifd multifd-compression=none",
      "does not take zero-copy-send with multifd-compression=zstd" },
    { "zero-copy-send", "tls-creds!=", "10.0.2", SOCKET,
      "+zero-copy-send +multifd tls-creds=tls0",
      "+zero-copy-send +multifd tls-creds=",
      "does not take zero-copy-send with tls-creds=tls0: the kernel cannot "
      "encrypt what it does not copy (leave one of them out)\n" },
    { "zero-copy-send", "transport=tcp", "10.0.2", CAPS_OVER_UNIX,
      "+zero-copy-send +multifd", "+multifd",
      "error S missing: zero-copy-send needs a tcp: address (give --uri "
      "tcp:HOST:0)\n" },
    { "postcopy-preempt", "postcopy-ram", "10.0.2", SOCKET,
      "+postcopy-preempt", "+postcopy-preempt +postcopy-ram",
      "error S missing: postcopy-preempt needs postcopy-ram (add "
      "--postcopy)\n" },
    { "postcopy-preempt", "compress", "7.2.22", SOCKET,
      "+postcopy-preempt +postcopy-ram +compress",
      "+postcopy-preempt +postcopy-ram",
      "does not take postcopy-preempt with compress" },
    { "postcopy-ram", "x-ignore-shared", "7.2.22", SOCKET,
      "+postcopy-ram +x-ignore-shared", "+x-ignore-shared",
      "does not take postcopy-ram with x-ignore-shared" },
    { "postcopy-ram", "transport=one-way", "10.0.2", FILE_,
      "+postcopy-ram", "-postcopy-ram",
      "error S breaks: QEMU 10.0.2 takes postcopy-ram with an address that "
      "nothing comes back from, and then it stops the guest at the end and "
      "fails (leave post-copy out: nobody can be asked for pages)\n" },
    { "postcopy-preempt", "transport=one-way", "10.0.2", FILE_,
      "+postcopy-preempt +postcopy-ram", "+postcopy-ram",
      "error S conflict: QEMU 10.0.2 does not take postcopy-preempt with an "
      "address that nothing comes back from (leave post-copy out: nobody can be asked for pages)\n" },
    { "postcopy-preempt", "transport=single", "10.0.2", CAPS_OVER_PAIR,
      "+postcopy-preempt +postcopy-ram", "+postcopy-ram",
      "does not take postcopy-preempt with an address of one connection: it "
      "takes a second one (give --uri unix:PATH or tcp:HOST:0)\n" },
    { "multifd", "transport=single", "10.0.2", CAPS_OVER_PIPE,
      "+multifd", "-multifd",
      "error S conflict: QEMU 10.0.2 does not take multifd with an address of "
      "one connection (give --uri unix:PATH or tcp:HOST:0)\n" },
    { "mapped-ram", "transport=file", "10.0.2", SOCKET,
      "+mapped-ram", "-mapped-ram",
      "error S missing: mapped-ram needs a file: address (give "
      "--uri file:PATH)\n" },
    { "mapped-ram", "xbzrle", "10.0.2", FILE_,
      "+mapped-ram +xbzrle", "+mapped-ram",
      "does not take mapped-ram with xbzrle" },
    { "mapped-ram", "postcopy-ram", "10.0.2", FILE_,
      "+mapped-ram +postcopy-ram", "+mapped-ram",
      "does not take mapped-ram with postcopy-ram" },
    { "mapped-ram", "multifd-compression!=none", "10.0.2", FILE_,
      "+mapped-ram +multifd multifd-compression=zlib", "+mapped-ram +multifd",
      "does not take mapped-ram with multifd-compression=zlib" },
    { "tls-creds!=", "transport=one-way", "10.0.2", FILE_,
      "tls-creds=tls0", "tls-creds=",
      "takes tls-creds=tls0 with an address that nothing comes back from, and "
      "then fails or hangs" },
    { "switchover-ack", "transport=one-way", "10.0.2", FILE_,
      "+switchover-ack", "", "takes switchover-ack with an address that nothing" },
    { "return-path", "transport=one-way", "10.0.2", FILE_,
      "+return-path", "-return-path",
      "error S breaks: QEMU 10.0.2 takes return-path with an address that "
      "nothing comes back from, and then it stops the guest at the end and "
      "fails (leave --enable return-path out: nobody answers there)\n" },
    { "switchover-ack", "return-path", "10.0.2", SOCKET,
      "+switchover-ack", "+switchover-ack +return-path",
      "error S missing: switchover-ack needs return-path (add --enable "
      "return-path)\n" },
    { "dirty-limit", "auto-converge", "10.0.2", SOCKET,
      "+dirty-limit +auto-converge", "+dirty-limit",
      "does not take dirty-limit with auto-converge" },
    { "mode!=normal mode!=cpr-reboot", "transport=cpr", "10.0.2", SOCKET,
      "mode=cpr-transfer", "mode=normal",
      "error S missing: mode=cpr-transfer needs a cpr: address (set it back: "
      "qmigrate qmp QMP migrate-set-parameters mode=normal)\n" },
    { "mode!=normal", "postcopy-ram", "10.0.2", FILE_,
      "mode=cpr-reboot +postcopy-ram", "mode=cpr-reboot",
      "does not take mode=cpr-reboot with postcopy-ram" },
    { "mode!=normal", "dirty-bitmaps", "10.0.2", FILE_,
      "mode=cpr-reboot +dirty-bitmaps", "mode=cpr-reboot",
      "to QEMU it is a kind of post-copy" },
    { "dirty-limit", "accel!=kvm", "10.0.2", SOCKET,
      "+dirty-limit accel=another", "+dirty-limit accel=kvm",
      "does not take dirty-limit with another accelerator than kvm: it counts "
      "by KVM's dirty ring (start the source with -accel kvm,dirty-ring-size=4096)\n" },
    /* clang-format on */
};

/* Capabilities of both QEMUs, as they came and went, so that any row can be
 * broken. */
static void inventory_with(CapsInventory *inventory, const char *words,
                           const char *version)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);

    recorded_inventory(inventory, "10.0");
    caps_inventory_take_version(inventory, version);
    for (char **word = each; *word; word++) {
        char *equals = strchr(*word, '=');
        if (!equals) {
            caps_inventory_turn(inventory, *word + 1, **word == '+');
        } else if (g_str_has_prefix(*word, "accel=")) {
            inventory->accel = g_strdup(equals + 1);
        } else {
            *equals = '\0';
            json_object_set_string_member(inventory->parameters, *word,
                                          equals + 1);
        }
    }
}

static bool is_of(const CapsRule *rule, CapsVersion version)
{
    return version >= rule->since &&
           (rule->until == 0 || version < rule->until);
}

/* The row of a case. */
static const CapsRule *find_rule(size_t i)
{
    size_t n;
    const CapsRule *rules = caps_rules(&n);
    for (size_t j = 0; j < n; j++) {
        if (strcmp(rules[j].when, cases[i].when) == 0 &&
            strcmp(rules[j].other, cases[i].other) == 0 &&
            is_of(&rules[j], caps_version_parse(cases[i].version))) {
            return &rules[j];
        }
    }
    fail_msg("there is no rule on %s and %s", cases[i].when, cases[i].other);
    return NULL;
}

static void every_rule_is_broken_and_kept(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CapsRule *rule = find_rule(i);
        g_auto(CapsInventory) broken = { 0 };
        g_auto(CapsInventory) kept = { 0 };
        g_autoptr(GPtrArray) findings = findings_new();

        inventory_with(&broken, cases[i].broken, cases[i].version);
        inventory_with(&kept, cases[i].kept, cases[i].version);
        check_case(cases[i].broken,
                   caps_rule_is_broken(rule, &broken, cases[i].transport));
        check_case(cases[i].kept,
                   !caps_rule_is_broken(rule, &kept, cases[i].transport));
        caps_rules_judge(&broken, SIDE_SOURCE, cases[i].transport, findings);
        g_autofree char *text = recorded_findings_to_text(findings);
        check_contains(text, cases[i].text);
    }
}

static void every_rule_has_a_case(void **state)
{
    size_t n;
    const CapsRule *rules = caps_rules(&n);
    for (size_t j = 0; j < n; j++) {
        bool has_case = false;
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            has_case |= find_rule(i) == &rules[j];
        }
        if (!has_case) {
            fail_msg("no case for %s and %s", rules[j].when, rules[j].other);
        }
    }
}

/* Else the text would end in "and then". */
static void every_breaking_rule_says_why(void **state)
{
    size_t n;
    const CapsRule *rules = caps_rules(&n);
    for (size_t i = 0; i < n; i++) {
        check_case(rules[i].when, rules[i].qemu != QEMU_BREAKS || rules[i].why);
        check_case(rules[i].when, rules[i].qemu != QEMU_BREAKS ||
                                      rules[i].kind == RULE_EXCLUDES);
    }
}

static const struct {
    const char *version, *settings;
    guint n_breaks, n_conflicts;
} by_version[] = {
    { "7.2.22", "+multifd +postcopy-ram", 1, 0 },
    { "8.0.5", "+multifd +postcopy-ram", 1, 0 },
    { "8.1.0", "+multifd +postcopy-ram", 0, 1 },
    { "10.0.2", "+multifd +postcopy-ram", 0, 1 },
    { "10.1.0", "+multifd +postcopy-ram", 0, 0 },
    { "12.0.0", "+multifd +postcopy-ram", 0, 0 },
    { "8.1.0", "+multifd +xbzrle", 0, 0 },
    { "8.2.0", "+multifd +xbzrle", 0, 1 },
    { "12.0.0", "+multifd +xbzrle", 0, 1 },
    /* a version that was not told may be any */
    { NULL, "+multifd +postcopy-ram", 1, 1 },
    { "unknown", "+multifd +xbzrle", 0, 1 },
};

static void rules_hold_for_their_versions(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(by_version); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        g_autoptr(GPtrArray) findings = findings_new();
        guint n_breaks = 0, n_conflicts = 0;

        inventory_with(&inventory, by_version[i].settings,
                       by_version[i].version);
        caps_rules_judge(&inventory, SIDE_SOURCE, CAPS_OVER_TCP, findings);
        for (guint j = 0; j < findings->len; j++) {
            const Finding *finding = findings->pdata[j];
            n_breaks += finding->code == FINDING_BREAKS;
            n_conflicts += finding->code == FINDING_CONFLICT;
        }
        if (n_breaks != by_version[i].n_breaks ||
            n_conflicts != by_version[i].n_conflicts) {
            fail_msg("%s: %s: %u, %u", by_version[i].version,
                     by_version[i].settings, n_breaks, n_conflicts);
        }
    }
}

static const struct {
    const char *settings;
    CapsTransport transport;
    bool hold;
} held[] = {
    { "multifd", SOCKET, true },
    { "xbzrle", SOCKET, false },
    { "nonsense", SOCKET, false },
    { "multifd multifd-channels=4", SOCKET, true },
    { "multifd xbzrle", SOCKET, false },
    { "multifd-channels=2", SOCKET, false },
    { "multifd-channels!=2", SOCKET, true },
    { "multifd-channels!=4", SOCKET, false },
    { "tls-creds!=", SOCKET, false },
    { "tls-creds=", SOCKET, true },
    { "transport=file", SOCKET, false },
    { "transport=file", FILE_, true },
    { "transport!=file", SOCKET, true },
    { "transport=tcp", SOCKET, true },
    { "transport=unix", CAPS_OVER_UNIX, true },
    { "transport=unix", SOCKET, false },
    { "transport=one-way", FILE_, true },
    { "transport=one-way", CAPS_OVER_PIPE, true },
    { "transport=one-way", CAPS_OVER_PAIR, false },
    { "transport=single", CAPS_OVER_PAIR, true },
    { "transport=single", FILE_, false },
    { "transport=cpr", SOCKET, false },
    /* what is not told neither is nor is not */
    { "nonsense=1", SOCKET, false },
    { "nonsense!=1", SOCKET, false },
    { "accel=kvm", SOCKET, false },
    { "accel!=kvm", SOCKET, false },
};

static void settings_hold_as_written(void **state)
{
    g_auto(CapsInventory) inventory = { 0 };

    inventory_with(&inventory, "+multifd multifd-channels=4", "10.0.2");
    for (size_t i = 0; i < G_N_ELEMENTS(held); i++) {
        check_case(held[i].settings,
                   caps_settings_hold(held[i].settings, &inventory,
                                      held[i].transport) == held[i].hold);
    }
}

static void settings_name_what_is_in_them(void **state)
{
    static const char *const settings =
        "multifd multifd-compression!=none mode=normal transport=file";
    static const char *const named[] = { "multifd", "multifd-compression",
                                         "mode", "transport" };
    static const char *const others[] = { "multi",  "multifd-", "none",
                                          "normal", "",         "file" };

    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        check_case(named[i], caps_settings_name(settings, named[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        check_case(others[i], !caps_settings_name(settings, others[i]));
    }
}

static void parameters_keep_their_order(void **state)
{
    static const struct {
        int initial, max;
        const char *text;
    } orders[] = {
        { 20, 99, "" },
        { 60, 60, "" },
        { 80, 50,
          "error D bad-value: max-cpu-throttle: 50 % is less than "
          "cpu-throttle-initial, 80 % (give it 80 % at least)\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        g_autoptr(GPtrArray) findings = findings_new();

        recorded_inventory(&inventory, "7.2");
        json_object_set_int_member(inventory.parameters, "cpu-throttle-initial",
                                   orders[i].initial);
        json_object_set_int_member(inventory.parameters, "max-cpu-throttle",
                                   orders[i].max);
        caps_rules_judge(&inventory, SIDE_DESTINATION, SOCKET, findings);
        g_autofree char *text = recorded_findings_to_text(findings);
        assert_string_equal(text, orders[i].text);
    }
}

/* Fresh from the command line no QEMU breaks a rule. */
static void fresh_ones_break_nothing(void **state)
{
    static const char *const versions[] = { "7.2", "10.0" };

    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        for (CapsTransport over = 0; over < N_CAPS_TRANSPORTS; over++) {
            g_auto(CapsInventory) inventory = { 0 };
            g_autoptr(GPtrArray) findings = findings_new();

            recorded_inventory(&inventory, versions[i]);
            caps_rules_judge(&inventory, SIDE_SOURCE, over, findings);
            assert_int_equal(findings->len, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_broken_and_kept),
        cmocka_unit_test(every_rule_has_a_case),
        cmocka_unit_test(every_breaking_rule_says_why),
        cmocka_unit_test(rules_hold_for_their_versions),
        cmocka_unit_test(settings_hold_as_written),
        cmocka_unit_test(settings_name_what_is_in_them),
        cmocka_unit_test(parameters_keep_their_order),
        cmocka_unit_test(fresh_ones_break_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
