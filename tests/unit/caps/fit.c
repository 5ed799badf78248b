/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which features fit each pair of the recorded QEMUs. */
#include "tests/lib/check.h"

#include "caps/fit.h"
#include "tests/lib/recorded-pair.h"

static const char *const versions[] = { "7.2", "10.0" };

#define WANTS(kind, name, since)                                               \
    "QEMU 7.2.22 has no " kind " '" name "', and both sides need it; it came " \
    "with QEMU " since
#define LACKS(kind, name, since)                                               \
    "there is no " kind " '" name "' in QEMU 7.2.22; it came with QEMU " since

/* In the order of versions, the source first; NULL: as the pair before. */
static const struct {
    const char *option;
    const char *texts[4]; /* "+" in front: it fits */
} expected[] = {
    /* clang-format off */
    { "multifd",       { "+", "+", "+", "+" } },
    { "compress",      { "+zlib, zstd; with --multifd", NULL, NULL, NULL } },
    { "zero-copy",
      { "+with --multifd --uri tcp:HOST:0; memory that the source may lock",
        NULL, NULL, NULL } },
    { "postcopy",      { "+userfaultfd for the destination", NULL, NULL, NULL } },
    { "preempt",       { "+userfaultfd for the destination", NULL, NULL, NULL } },
    { "auto-converge", { "+", "+", "+", "+" } },
    { "dirty-limit",
      { "source: " LACKS("capability", "dirty-limit", "8.1"), NULL,
        "+KVM with dirty-ring-size", NULL } },
    { "xbzrle",        { "+", "+", "+", "+" } },
    { "switchover-ack",
      { LACKS("capability", "switchover-ack", "8.1"),
        "source: " WANTS("capability", "switchover-ack", "8.1"),
        "destination: " WANTS("capability", "switchover-ack", "8.1"), "+" } },
    { "avail-switchover-bandwidth",
      { "source: " LACKS("parameter", "avail-switchover-bandwidth", "8.2"),
        NULL, "+", NULL } },
    { "mapped-ram",
      { LACKS("capability", "mapped-ram", "9.0"),
        "source: " WANTS("capability", "mapped-ram", "9.0"),
        "destination: " WANTS("capability", "mapped-ram", "9.0"),
        "+with --uri file:PATH" } },
    { "direct-io",
      { LACKS("parameter", "direct-io", "9.1"),
        "source: " WANTS("parameter", "direct-io", "9.1"),
        "destination: " WANTS("parameter", "direct-io", "9.1"),
        "+with --mapped-ram --multifd --uri file:PATH; a file system with "
        "O_DIRECT" } },
    { "zero-page-detection",
      { "source: " LACKS("parameter", "zero-page-detection", "9.0"), NULL,
        "+", NULL } },
    { "ignore-shared", { "+memory that both QEMUs can see", NULL, NULL, NULL } },
    { "validate-uuid", { "+", "+", "+", "+" } },
    /* clang-format on */
};

static void check_fit(const CapsFit *fit, size_t i, size_t pair)
{
    while (pair > 0 && !expected[i].texts[pair]) {
        pair--;
    }
    g_autofree char *text = g_strconcat(fit->fits ? "+" : "", fit->text, NULL);
    assert_string_equal(fit->feature->option, expected[i].option);
    if (strcmp(text, expected[i].texts[pair]) != 0) {
        fail_msg("pair %zu: %s: %s", pair, expected[i].option, text);
    }
}

static void tells_of_each_feature(void **state)
{
    for (size_t pair = 0; pair < 4; pair++) {
        g_auto(RecordedPair) recorded = { 0 };
        recorded_pair_init(&recorded, versions[pair / 2], versions[pair % 2]);
        g_autoptr(GPtrArray) fits = caps_fit(recorded.inventories);

        assert_int_equal(fits->len, G_N_ELEMENTS(expected));
        for (guint i = 0; i < fits->len; i++) {
            check_fit(fits->pdata[i], i, pair);
        }
    }
}

static const CapsFit *find(const GPtrArray *fits, const char *option)
{
    for (guint i = 0; i < fits->len; i++) {
        const CapsFit *fit = fits->pdata[i];
        if (strcmp(fit->feature->option, option) == 0) {
            return fit;
        }
    }
    return NULL;
}

/* What a person set by hand stays set, and counts. */
static void looks_at_what_is_set(void **state)
{
    static const struct {
        const char *what, *set, *option;
        bool fits;
        const char *text;
    } cases[] = {
        { "the accelerator", "accel=another", "dirty-limit", false,
          "source: QEMU 10.0.2 does not take dirty-limit with another "
          "accelerator than kvm" },
        { "the accelerator", "accel=kvm", "dirty-limit", true, "" },
        { "the other throttle", "+auto-converge", "dirty-limit", false,
          "does not take dirty-limit with auto-converge" },
        { "TLS", "tls-creds=tls0", "zero-copy", false,
          "does not take zero-copy-send with tls-creds=tls0" },
        { "xbzrle", "+xbzrle", "multifd", false,
          "does not take multifd with xbzrle" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(RecordedPair) pair = { 0 };
        recorded_pair_init(&pair, "10.0", "10.0");
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            if (g_str_has_prefix(cases[i].set, "accel=")) {
                pair.inventories[side].accel =
                    g_strdup(cases[i].set + strlen("accel="));
            } else {
                recorded_pair_set(&pair, side, cases[i].set);
            }
        }
        g_autoptr(GPtrArray) fits = caps_fit(pair.inventories);
        const CapsFit *fit = find(fits, cases[i].option);
        check_case(cases[i].what, fit->fits == cases[i].fits);
        check_contains(fit->text, cases[i].text);
    }
}

/* Their builds may have no method in common. */
static void compression_is_what_both_have(void **state)
{
    static const char *const replies[N_SIDES] = {
        "{\"multifd-compression\":\"none\"}", "{}"
    };
    CapsInventory inventories[N_SIDES] = { 0 };

    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_autoptr(JsonNode) reply = json_from_string(replies[side], NULL);
        caps_inventory_take_parameters(&inventories[side], reply);
    }
    g_autoptr(GPtrArray) fits = caps_fit(inventories);
    const CapsFit *fit = find(fits, "compress");
    assert_false(fit->fits);
    assert_string_equal(fit->text, "both QEMUs have no method in common");
    caps_inventory_clear(&inventories[SIDE_SOURCE]);
    caps_inventory_clear(&inventories[SIDE_DESTINATION]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_of_each_feature),
        cmocka_unit_test(looks_at_what_is_set),
        cmocka_unit_test(compression_is_what_both_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
