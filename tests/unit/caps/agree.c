/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wishes and two real inventories to commands and what puts them back. */
#include "tests/lib/check.h"

#include "caps/table.h"
#include "tests/lib/recorded-pair.h"
#include "tests/lib/recorded.h"

/* ---- agreed ---- */

static const struct {
    const char *what, *source, *destination, *wishes, *plan, *undo;
} plans[] = {
    { "nothing wished", "7.2", "10.0", "", "", "" },
    { "off already", "7.2", "10.0", "-multifd", "", "" },
    { "set already", "7.2", "10.0", "downtime-limit=300 max-bandwidth=128MiB/s",
      "", "" },
    { "on both", "7.2", "10.0", "+events", "S +events; D +events",
      "S -events; D -events" },
    { "on the source", "7.2", "10.0", "+return-path", "S +return-path",
      "S -return-path" },
    { "on the destination", "7.2", "10.0", "announce-rounds=7",
      "D announce-rounds=7", "D announce-rounds=5" },
    { "a quantity, on the source", "7.2", "10.0", "downtime-limit=2s",
      "S downtime-limit=2000", "S downtime-limit=300" },
    { "an empty word", "7.2", "10.0", "tls-creds=", "", "" },
    { "all of one kind in one command", "7.2", "10.0",
      "+xbzrle +auto-converge +return-path",
      "S +auto-converge +return-path +xbzrle",
      "S -auto-converge -return-path -xbzrle" },
    { "parameters first, side by side", "7.2", "10.0",
      "multifd-channels=4 +multifd downtime-limit=1",
      "S downtime-limit=1 multifd-channels=4; S +multifd; "
      "D multifd-channels=4; D +multifd",
      "S downtime-limit=300 multifd-channels=2; S -multifd; "
      "D multifd-channels=2; D -multifd" },
    { "a later wish wins", "7.2", "10.0", "+xbzrle -xbzrle", "", "" },
    { "a later wish wins", "7.2", "10.0", "-xbzrle +xbzrle", "S +xbzrle",
      "S -xbzrle" },
    { "a later value wins", "7.2", "10.0", "downtime-limit=1 downtime-limit=2",
      "S downtime-limit=2", "S downtime-limit=300" },
    { "back to what it is", "7.2", "10.0",
      "downtime-limit=1 downtime-limit=300", "", "" },
    { "2^64 - 1 goes as QEMU takes it", "7.2", "10.0",
      "max-bandwidth=18446744073709551615", "S max-bandwidth=-1",
      "S max-bandwidth=134217728" },
    { "off what only one side has", "10.0", "7.2", "-switchover-ack", "", "" },
    { "off what neither has any more", "10.0", "10.0", "-compress", "", "" },
    { "the source alone has it and needs it", "10.0", "7.2",
      "avail-switchover-bandwidth=1Gbit/s",
      "S avail-switchover-bandwidth=125000000",
      "S avail-switchover-bandwidth=0" },
    { "a level that the source alone heeds", "10.0", "7.2",
      "--multifd=2 --compress=zstd:5",
      "S multifd-compression=zstd multifd-zstd-level=5; S +multifd; "
      "D multifd-compression=zstd; D +multifd",
      "S multifd-compression=none multifd-zstd-level=1; S -multifd; "
      "D multifd-compression=none; D -multifd" },
    { "post-copy with its own connection", "7.2", "10.0", "--preempt",
      "S +postcopy-preempt +postcopy-ram; D +postcopy-preempt +postcopy-ram",
      "S -postcopy-preempt -postcopy-ram; D -postcopy-preempt -postcopy-ram" },
    { "a list", "10.0", "10.0", "+dirty-bitmaps block-bitmap-mapping=[]",
      "S block-bitmap-mapping=[]; S +dirty-bitmaps; "
      "D block-bitmap-mapping=[]",
      "S; S -dirty-bitmaps; D" },
};

static void plans_only_what_differs(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        g_auto(RecordedPair) pair = { 0 };

        recorded_pair_init(&pair, plans[i].source, plans[i].destination);
        recorded_pair_wish(&pair, plans[i].wishes);
        check_case(plans[i].what, recorded_pair_agree(&pair));
        g_autofree char *found = recorded_findings_to_text(pair.findings);
        g_autofree char *plan = recorded_plan_to_text(pair.steps, false);
        g_autofree char *undo = recorded_plan_to_text(pair.steps, true);
        if (strcmp(plan, plans[i].plan) != 0 ||
            strcmp(undo, plans[i].undo) != 0 ||
            (*found && !strstr(found, " stays: "))) {
            fail_msg("%s: %s, put back by %s\n%s", plans[i].what, plan, undo,
                     found);
        }
    }
}

/* ---- refused ---- */

static const struct {
    const char *what, *source, *destination, *wishes, *found;
} refused[] = {
    /* clang-format off */
    { "unknown on both, said once", "7.2", "10.0", "+event",
      "error * unknown-name: there is no capability 'event' (did you mean "
      "events?)\n" },
    { "nothing near", "7.2", "7.2", "+something-else",
      "error * unknown-name: there is no capability 'something-else' (qmigrate "
      "caps lists what there is)\n" },
    { "unknown, and off", "7.2", "7.2", "-nonsense",
      "error * unknown-name: there is no capability 'nonsense' (qmigrate caps "
      "lists what there is)\n" },
    { "a parameter nobody has", "7.2", "7.2", "downtime_limit=1",
      "error * unknown-name: there is no parameter 'downtime_limit' (did you "
      "mean downtime-limit?)\n" },
    { "a capability as a parameter", "7.2", "7.2", "xbzrle=on",
      "error * unknown-name: there is no parameter 'xbzrle' (it is a "
      "capability: give --enable xbzrle)\n" },
    { "a parameter as a capability", "7.2", "7.2", "+downtime-limit",
      "error * unknown-name: there is no capability 'downtime-limit'" },
    { "too new for both", "7.2", "7.2", "+mapped-ram",
      "error * unknown-name: there is no capability 'mapped-ram' in QEMU "
      "7.2.22 (it came with QEMU 9.0)\n" },
    { "too old for both", "10.0", "10.0", "+compress",
      "error * unknown-name: there is no capability 'compress' in QEMU 10.0.2 "
      "(it went with QEMU 9.1; deprecated since 8.2: multifd with "
      "multifd-compression instead)\n" },
    { "one that the source needs and lacks", "7.2", "10.0",
      "avail-switchover-bandwidth=1Gbit/s",
      "error S unknown-name: there is no parameter 'avail-switchover-bandwidth' "
      "in QEMU 7.2.22 (it came with QEMU 8.2)\n" },
    { "one that the destination lacks", "10.0", "7.2", "+mapped-ram",
      "error D one-side: QEMU 7.2.22 has no capability 'mapped-ram', and both "
      "sides need it (it came with QEMU 9.0)\n"
      "error S missing: mapped-ram needs a file: address (give --uri "
      "file:PATH)\n" },
    { "one that the source lacks", "7.2", "10.0", "+return-path +switchover-ack",
      "error S one-side: QEMU 7.2.22 has no capability 'switchover-ack', and "
      "both sides need it (it came with QEMU 8.1)\n" },
    { "one that went", "7.2", "10.0", "+compress",
      "error D one-side: QEMU 10.0.2 has no capability 'compress', and both "
      "sides need it (it went with QEMU 9.1; deprecated since 8.2: multifd "
      "with multifd-compression instead)\n" },
    { "a word that one build lacks", "10.0", "7.2", "direct-io=on",
      "error D one-side: QEMU 7.2.22 has no parameter 'direct-io', and both "
      "sides need it (it came with QEMU 9.1)\n"
      "warning * no-effect: direct-io does nothing without mapped-ram\n"
      "warning * no-effect: direct-io does nothing without multifd\n" },
    { "no migration", "7.2", "10.0", "+x-colo -events",
      "error * not-a-migration: x-colo cannot be turned on: it keeps both QEMUs "
      "running: that is no migration (leave it out)\n"
      "error * not-a-migration: events cannot be turned off: both QEMUs are "
      "watched by it (leave it out)\n" },
    { "a bad value of both, said once", "7.2", "10.0",
      "+multifd multifd-channels=256",
      "error * bad-value: multifd-channels: '256' is not from 1 to 255\n" },
    { "a level that the source throws away", "7.2", "10.0",
      "--multifd=2 --compress=zstd:5",
      "error S bad-value: multifd-zstd-level: QEMU 7.2.22 takes '5', and leaves "
      "it at 1 (leave it out; QEMU 9.0 and newer do it)\n" },
    { "values that do not fit each other", "7.2", "10.0",
      "--auto-converge=80:10:50",
      "error S bad-value: max-cpu-throttle: 50 % is less than "
      "cpu-throttle-initial, 80 % (give it 80 % at least)\n" },
    { "the same rule of both, said once", "10.0", "10.0",
      "+multifd +postcopy-ram",
      "error * conflict: QEMU 10.0.2 does not take multifd with postcopy-ram "
      "(10.1 and newer take it)\n" },
    { "each QEMU has its own reason", "7.2", "10.0", "+multifd +postcopy-ram",
      "error S breaks: QEMU 7.2.22 takes multifd with postcopy-ram, and then "
      "the destination aborts (10.1 and newer take it)\n"
      "error D conflict: QEMU 10.0.2 does not take multifd with postcopy-ram "
      "(10.1 and newer take it)\n" },
    { "all reasons at once", "10.0", "7.2",
      "--zero-copy --switchover-ack downtime-limit=1GiB +nonsense --postcopy "
      "--xbzrle=96MiB",
      "error D one-side: QEMU 7.2.22 has no capability 'switchover-ack', and "
      "both sides need it (it came with QEMU 8.1)\n"
      "error S bad-value: downtime-limit: '1GiB' has a unit that does not fit; "
      "it takes milliseconds, for example 300ms or 2s\n"
      "error * unknown-name: there is no capability 'nonsense' (qmigrate caps "
      "lists what there is)\n"
      "error * bad-value: xbzrle-cache-size: '96MiB' is no power of two\n"
      "error S missing: zero-copy-send needs multifd (add --multifd)\n"
      "error S conflict: QEMU 10.0.2 does not take zero-copy-send with xbzrle "
      "(leave one of them out)\n"
      "error S missing: switchover-ack needs return-path (add --enable "
      "return-path)\n" },
    /* clang-format on */
};

static void refuses_with_every_reason(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_auto(RecordedPair) pair = { 0 };

        recorded_pair_init(&pair, refused[i].source, refused[i].destination);
        recorded_pair_wish(&pair, refused[i].wishes);
        check_case(refused[i].what, !recorded_pair_agree(&pair));
        check_case(refused[i].what, pair.steps->len == 0);
        g_autofree char *found = recorded_findings_to_text(pair.findings);
        if (!g_str_has_prefix(found, refused[i].found)) {
            fail_msg("%s:\n%s", refused[i].what, found);
        }
    }
}

/* ---- agreed, with a word ---- */

static const struct {
    const char *what, *source, *destination, *wishes, *found;
} told[] = {
    { "deprecated", "7.2", "7.2", "+compress",
      "warning * deprecated: compress is deprecated since 8.2: multifd with "
      "multifd-compression instead\n" },
    { "deprecated, a parameter", "7.2", "10.0", "block-incremental=on",
      "warning * deprecated: block-incremental is deprecated since 8.2: with "
      "block\n"
      "warning * no-effect: block-incremental does nothing without block\n" },
    { "turned off it may be", "7.2", "7.2", "-compress", "" },
    { "without effect", "7.2", "7.2", "multifd-channels=4",
      "warning * no-effect: multifd-channels does nothing without multifd\n" },
};

static void tells_what_is_worth_knowing(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        g_auto(RecordedPair) pair = { 0 };

        recorded_pair_init(&pair, told[i].source, told[i].destination);
        recorded_pair_wish(&pair, told[i].wishes);
        check_case(told[i].what, recorded_pair_agree(&pair));
        g_autofree char *found = recorded_findings_to_text(pair.findings);
        assert_string_equal(found, told[i].found);
    }
}

/* ---- newer than this program ---- */

#define NEWER(name, where)                                                     \
    "note * new-to-us: " name                                                  \
    " is newer than this program: set as it is on " where "\n"

static const struct {
    const char *what;
    bool has[N_SIDES];
    const char *type, *wishes, *found;
    const char *plan; /* NULL: refused */
} newer[] = {
    { "on both",
      { true, true },
      "int",
      "+quantum-send quantum-bits=5",
      NEWER("quantum-send", "both sides") NEWER("quantum-bits", "both sides"),
      "S quantum-bits=5; S +quantum-send; D quantum-bits=5; "
      "D +quantum-send" },
    { "on the source",
      { true, false },
      "int",
      "+quantum-send quantum-bits=5",
      NEWER("quantum-send", "the source, the destination lacks it")
          NEWER("quantum-bits", "the source, the destination lacks it"),
      "S quantum-bits=5; S +quantum-send" },
    { "on the destination",
      { false, true },
      "str",
      "quantum-bits=five",
      NEWER("quantum-bits", "the destination, the source lacks it"),
      "D quantum-bits=five" },
    { "a number as it is",
      { true, true },
      "int",
      "quantum-bits=18446744073709551615",
      NEWER("quantum-bits", "both sides"),
      "S quantum-bits=-1; D quantum-bits=-1" },
    { "of another type",
      { true, true },
      "int",
      "quantum-bits=abc",
      NEWER("quantum-bits",
            "both sides") "error * bad-value: quantum-bits: 'abc' is not a "
                          "number from 0; it takes "
                          "a plain number, for example 4\n",
      NULL },
    { "on or off",
      { true, true },
      "bool",
      "quantum-bits=5",
      NEWER("quantum-bits", "both sides") "error * bad-value: quantum-bits: "
                                          "'5' is neither on nor off\n",
      NULL },
    { "misspelt, it is near",
      { true, true },
      "int",
      "+quantum-sent",
      "error * unknown-name: there is no capability 'quantum-sent' (did you "
      "mean quantum-send?)\n",
      NULL },
};

static void newer_ones_are_passed_on(void **state)
{
    static const char *const versions[N_SIDES] = { "7.2", "10.0" };

    for (size_t i = 0; i < G_N_ELEMENTS(newer); i++) {
        g_auto(RecordedPair) pair = { 0 };

        recorded_pair_init(&pair, versions[SIDE_SOURCE],
                           versions[SIDE_DESTINATION]);
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            if (newer[i].has[side]) {
                recorded_inventory_add(&pair.inventories[side], versions[side],
                                       "quantum-send", "quantum-bits",
                                       newer[i].type);
            }
        }
        recorded_pair_wish(&pair, newer[i].wishes);
        bool agreed = recorded_pair_agree(&pair);
        g_autofree char *found = recorded_findings_to_text(pair.findings);
        g_autofree char *plan = recorded_plan_to_text(pair.steps, false);
        if (agreed != (newer[i].plan != NULL) ||
            strcmp(plan, agreed ? newer[i].plan : "") != 0 ||
            strcmp(found, newer[i].found) != 0) {
            fail_msg("%s: %s\n%s", newer[i].what, plan, found);
        }
    }
}

/* The last word has QEMU's own schema, whatever we think of a type. */
static void nothing_leaves_that_the_schema_does_not_take(void **state)
{
    g_auto(RecordedPair) pair = { 0 };

    recorded_pair_init(&pair, "10.0", "10.0");
    recorded_pair_wish(&pair, "+dirty-bitmaps block-bitmap-mapping=[{}]");
    assert_false(recorded_pair_agree(&pair));
    g_autofree char *found = recorded_findings_to_text(pair.findings);
    check_contains(found, "error * bad-value: migrate-set-parameters: "
                          "block-bitmap-mapping[0].node-name: missing\n");
}

/* ---- let QEMU judge ---- */

static const struct {
    const char *what, *source, *destination, *set_on_source, *wishes, *found;
    const char *plan; /* NULL: refused all the same */
} left_to_qemu[] = {
    { "a conflict", "10.0", "10.0", "", "+multifd +xbzrle",
      "warning S conflict: QEMU 10.0.2 does not take multifd with xbzrle "
      "(leave one of them out)\n",
      "S +multifd +xbzrle; D +multifd" },
    { "what breaks", "7.2", "7.2", "", "+multifd +postcopy-ram",
      "warning * breaks: ",
      "S +multifd +postcopy-ram; D +multifd +postcopy-ram" },
    { "what is missing", "10.0", "10.0", "", "+zero-copy-send",
      "warning S missing: zero-copy-send needs multifd (add --multifd)\n",
      "S +zero-copy-send" },
    { "what one side lacks", "7.2", "10.0", "", "+compress",
      "warning D one-side: ", "S +compress" },
    { "what differs", "7.2", "10.0", "+multifd", "",
      "warning * differs: multifd is on on the source alone", "" },
    { "an unknown name", "7.2", "10.0", "", "+nonsense",
      "error * unknown-name: ", NULL },
    { "a bad value", "7.2", "10.0", "", "downtime-limit=x",
      "error S bad-value: ", NULL },
    { "no migration", "7.2", "10.0", "", "+x-colo",
      "error * not-a-migration: ", NULL },
};

static void softens_what_qemu_can_judge(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(left_to_qemu); i++) {
        g_auto(RecordedPair) pair = { 0 };

        recorded_pair_init(&pair, left_to_qemu[i].source,
                           left_to_qemu[i].destination);
        recorded_pair_set(&pair, SIDE_SOURCE, left_to_qemu[i].set_on_source);
        recorded_pair_wish(&pair, left_to_qemu[i].wishes);
        pair.request.let_qemu_judge = true;
        bool agreed = recorded_pair_agree(&pair);
        g_autofree char *found = recorded_findings_to_text(pair.findings);
        g_autofree char *plan = recorded_plan_to_text(pair.steps, false);
        if (agreed != (left_to_qemu[i].plan != NULL) ||
            strcmp(plan, agreed ? left_to_qemu[i].plan : "") != 0 ||
            !g_str_has_prefix(found, left_to_qemu[i].found)) {
            fail_msg("%s: %s\n%s", left_to_qemu[i].what, plan, found);
        }
    }
}

/* What was found before the agreement is none of its business. */
static void earlier_findings_stay_as_they_are(void **state)
{
    g_auto(RecordedPair) pair = { 0 };

    recorded_pair_init(&pair, "7.2", "10.0");
    for (int i = 0; i < 2; i++) {
        findings_add(pair.findings, FINDING_CONFLICT, FINDING_ERROR,
                     SIDE_SOURCE, NULL, "found before");
    }
    pair.request.let_qemu_judge = true;
    recorded_pair_wish(&pair, "+events");
    assert_true(recorded_pair_agree(&pair));
    assert_int_equal(findings_count(pair.findings, FINDING_ERROR), 2);
    assert_true(pair.steps->len > 0);
}

/* ---- there and back ---- */

static const char *const some[] = {
    "+events",
    "-return-path",
    "+return-path",
    "+xbzrle",
    "-xbzrle",
    "+multifd",
    "-multifd",
    "+postcopy-ram",
    "-postcopy-ram",
    "+release-ram",
    "+postcopy-blocktime",
    "+validate-uuid",
    "+zero-copy-send",
    "-zero-copy-send",
    "downtime-limit=0",
    "downtime-limit=2s",
    "max-bandwidth=18446744073709551615",
    "max-bandwidth=0",
    "max-bandwidth=9223372036854775808",
    "multifd-channels=255",
    "multifd-channels=2",
    "multifd-compression=zlib",
    "multifd-compression=none",
    "tls-hostname=a.b",
    "tls-creds=tls0",
    "tls-creds=",
    "announce-max=1s",
    "cpu-throttle-tailslow=on",
    "cpu-throttle-tailslow=off",
    "xbzrle-cache-size=128MiB",
};

static void wish_at_random(RecordedPair *pair, GRand *dice)
{
    guint n = g_rand_int_range(dice, 0, 12);

    g_ptr_array_set_size(pair->request.wishes, 0);
    g_ptr_array_set_size(pair->findings, 0);
    for (guint i = 0; i < n; i++) {
        recorded_pair_wish(pair,
                           some[g_rand_int_range(dice, 0, G_N_ELEMENTS(some))]);
    }
}

/* Every wish that a side needs is true there. */
static void check_fulfilled(const RecordedPair *pair)
{
    for (Side side = 0; side < N_SIDES; side++) {
        g_autoptr(GHashTable) last = g_hash_table_new(g_str_hash, g_str_equal);
        GHashTableIter iter;
        gpointer name, on;

        for (guint i = 0; i < pair->request.wishes->len; i++) {
            const CapsWish *one = pair->request.wishes->pdata[i];
            const CapsRow *row = caps_table_capability(one->name);
            if (!one->value && (caps_row_sides(row) & (1 << side))) {
                g_hash_table_insert(last, one->name, GINT_TO_POINTER(one->on));
            }
        }
        g_hash_table_iter_init(&iter, last);
        while (g_hash_table_iter_next(&iter, &name, &on)) {
            check_case((const char *)name,
                       caps_inventory_is_on(&pair->inventories[side], name) ==
                           GPOINTER_TO_INT(on));
        }
    }
}

static void walk_steps(RecordedPair *pair, bool undo)
{
    static const char *const versions[N_SIDES] = { "7.2", "10.0" };

    for (guint i = 0; i < pair->steps->len; i++) {
        const CapsStep *step =
            pair->steps->pdata[undo ? pair->steps->len - 1 - i : i];
        const QmpCommand *command = undo ? step->undo : step->command;

        recorded_check_command(versions[step->side], command);
        caps_inventory_apply(&pair->inventories[step->side], command);
    }
}

static char *pair_to_text(const CapsInventory inventories[])
{
    g_autofree char *source =
        recorded_settings_to_text(&inventories[SIDE_SOURCE]);
    g_autofree char *destination =
        recorded_settings_to_text(&inventories[SIDE_DESTINATION]);
    return g_strconcat(source, "\n", destination, NULL);
}

/* From any state that other plans led to, a plan and its undo lead back. */
static void undo_leads_back(void **state)
{
    GRand *dice = g_rand_new_with_seed(42);
    g_auto(RecordedPair) pair = { 0 };
    guint n_agreed = 0;

    recorded_pair_init(&pair, "7.2", "10.0");
    for (int round = 0; round < 2000; round++) {
        wish_at_random(&pair, dice);
        if (!recorded_pair_agree(&pair)) {
            continue;
        }
        g_autofree char *before = pair_to_text(pair.inventories);
        g_autofree char *wanted = pair_to_text(pair.wanted);
        walk_steps(&pair, /* undo= */ false);
        g_autofree char *then = pair_to_text(pair.inventories);
        assert_string_equal(then, wanted);
        check_fulfilled(&pair);
        walk_steps(&pair, /* undo= */ true);
        g_autofree char *after = pair_to_text(pair.inventories);
        assert_string_equal(after, before);
        if (g_rand_boolean(dice)) {
            walk_steps(&pair, /* undo= */ false); /* the next starts here */
            /* once there, the same wishes ask for nothing more */
            assert_true(recorded_pair_agree(&pair));
            assert_int_equal(pair.steps->len, 0);
        }
        n_agreed++;
    }
    assert_true(n_agreed > 500);
    g_rand_free(dice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_only_what_differs),
        cmocka_unit_test(refuses_with_every_reason),
        cmocka_unit_test(tells_what_is_worth_knowing),
        cmocka_unit_test(newer_ones_are_passed_on),
        cmocka_unit_test(nothing_leaves_that_the_schema_does_not_take),
        cmocka_unit_test(softens_what_qemu_can_judge),
        cmocka_unit_test(earlier_findings_stay_as_they_are),
        cmocka_unit_test(undo_leads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
