/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of commands and what puts them back: whatever is set before and
 * wanted then, no QEMU sees on the way what it would refuse.
 */
#include "tests/lib/check.h"

#include "caps/plan.h"
#include "tests/lib/recorded-pair.h"
#include "tests/lib/recorded.h"

/* The same words set what is there now and what is wanted then. */
static const struct {
    const char *what, *now, *wanted, *plan, *undo;
} cases[] = {
    { "nothing differs", "+multifd multifd-channels=4",
      "+multifd multifd-channels=4", "", "" },
    { "off, parameters, on", "+xbzrle", "+multifd multifd-compression=zstd",
      "S -xbzrle; S multifd-compression=zstd; S +multifd",
      "S +xbzrle; S multifd-compression=none; S -multifd" },
    { "a value goes before what it excludes comes",
      "+multifd multifd-compression=zstd", "+multifd +zero-copy-send",
      "S multifd-compression=none; S +zero-copy-send",
      "S multifd-compression=zstd; S -zero-copy-send" },
    { "what excludes a value goes before it comes", "+multifd +zero-copy-send",
      "+multifd multifd-compression=zstd",
      "S -zero-copy-send; S multifd-compression=zstd",
      "S +zero-copy-send; S multifd-compression=none" },
    { "what is needed goes together with who needs it",
      "+postcopy-preempt +postcopy-ram", "",
      "S -postcopy-preempt -postcopy-ram",
      "S +postcopy-preempt +postcopy-ram" },
    { "and comes together", "", "+zero-copy-send +multifd",
      "S +multifd +zero-copy-send", "S -multifd -zero-copy-send" },
    { "all parameters in one command", "",
      "cpu-throttle-initial=60 max-cpu-throttle=60",
      "S cpu-throttle-initial=60 max-cpu-throttle=60",
      "S cpu-throttle-initial=20 max-cpu-throttle=99" },
    { "what had no value has no undo", "", "block-bitmap-mapping=[]",
      "S block-bitmap-mapping=[]", "S" },
    { "2^64 - 1 goes as QEMU takes it, and comes back",
      "max-bandwidth=18446744073709551615", "max-bandwidth=0",
      "S max-bandwidth=0", "S max-bandwidth=-1" },
};

static void set(CapsInventory *inventory, const char *words)
{
    RecordedPair pair;

    recorded_pair_init(&pair, "10.0", "10.0");
    recorded_pair_set(&pair, SIDE_SOURCE, words);
    caps_inventory_copy(&pair.inventories[SIDE_SOURCE], inventory);
    recorded_pair_clear(&pair);
}

static void commands_are_in_order(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CapsInventory) now = { 0 };
        g_auto(CapsInventory) wanted = { 0 };
        g_autoptr(GPtrArray) steps =
            g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);

        set(&now, cases[i].now);
        set(&wanted, cases[i].wanted);
        caps_plan(&now, &wanted, SIDE_SOURCE, steps);
        g_autofree char *plan = recorded_plan_to_text(steps, false);
        g_autofree char *undo = recorded_plan_to_text(steps, true);
        if (strcmp(plan, cases[i].plan) != 0 ||
            strcmp(undo, cases[i].undo) != 0) {
            fail_msg("%s: %s, put back by %s", cases[i].what, plan, undo);
        }
    }
}

/* ---- from any state to any other ---- */

static const char *const some[] = {
    "+multifd",
    "+zero-copy-send",
    "+xbzrle",
    "+postcopy-ram",
    "+postcopy-preempt",
    "+x-ignore-shared",
    "+auto-converge",
    "+dirty-limit",
    "+return-path",
    "+switchover-ack",
    "+mapped-ram",
    "multifd-compression=zlib",
    "tls-creds=tls0",
    "multifd-channels=8",
    "downtime-limit=1s",
    "max-bandwidth=0",
    "cpu-throttle-initial=60",
};

/* What QEMU refuses when it is set, as far as our rules know. */
static bool is_refused(const CapsInventory *inventory)
{
    size_t n;
    const CapsRule *rules = caps_rules(&n);

    for (size_t i = 0; i < n; i++) {
        if (rules[i].qemu == QEMU_REFUSES &&
            caps_rule_is_broken(&rules[i], inventory, CAPS_OVER_TCP)) {
            return true;
        }
    }
    return false;
}

static void set_at_random(CapsInventory *inventory, GRand *dice)
{
    do {
        g_autoptr(GString) words = g_string_new(NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(some); i++) {
            if (g_rand_int_range(dice, 0, 4) == 0) {
                g_string_append_printf(words, "%s%s", words->len ? " " : "",
                                       some[i]);
            }
        }
        caps_inventory_clear(inventory);
        set(inventory, words->str);
    } while (is_refused(inventory));
}

static void walk(CapsInventory *inventory, const GPtrArray *steps, bool undo)
{
    for (guint i = 0; i < steps->len; i++) {
        const CapsStep *step = steps->pdata[undo ? steps->len - 1 - i : i];
        const QmpCommand *command = undo ? step->undo : step->command;

        recorded_check_command("10.0", command);
        caps_inventory_apply(inventory, command);
        if (is_refused(inventory)) {
            g_autofree char *text = recorded_settings_to_text(inventory);
            fail_msg("QEMU would refuse%s", text);
        }
    }
}

static void check_same(const CapsInventory *one, const CapsInventory *other)
{
    g_autofree char *text = recorded_settings_to_text(one);
    g_autofree char *wanted = recorded_settings_to_text(other);
    assert_string_equal(text, wanted);
}

static void never_passes_through_what_is_refused(void **state)
{
    GRand *dice = g_rand_new_with_seed(42);

    for (int round = 0; round < 300; round++) {
        g_auto(CapsInventory) before = { 0 };
        g_auto(CapsInventory) wanted = { 0 };
        g_auto(CapsInventory) qemu = { 0 };
        g_autoptr(GPtrArray) steps =
            g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);

        set_at_random(&before, dice);
        set_at_random(&wanted, dice);
        caps_inventory_copy(&before, &qemu);
        caps_plan(&before, &wanted, SIDE_SOURCE, steps);
        walk(&qemu, steps, /* undo= */ false);
        check_same(&qemu, &wanted);
        walk(&qemu, steps, /* undo= */ true);
        check_same(&qemu, &before);
    }
    g_rand_free(dice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_in_order),
        cmocka_unit_test(never_passes_through_what_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
