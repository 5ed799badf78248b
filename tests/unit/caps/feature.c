/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Features: their values, what they come to, and --multifd=auto. */
#include "tests/lib/check.h"

#include "caps/feature.h"
#include "caps/table.h"
#include "tests/lib/recorded-pair.h"

#define GBIT UINT64_C(1000000000)

/* ---- the table ---- */

static void check_names(const CapsFeature *feature)
{
    for (size_t i = 0;
         i < G_N_ELEMENTS(feature->capabilities) && feature->capabilities[i];
         i++) {
        check_case(feature->option,
                   caps_table_capability(feature->capabilities[i]) != NULL);
    }
    for (size_t i = 0;
         i < G_N_ELEMENTS(feature->parameters) && feature->parameters[i]; i++) {
        check_case(feature->option,
                   caps_table_parameter(feature->parameters[i]) != NULL);
    }
}

static void rows_name_what_is_in_the_table(void **state)
{
    size_t n;
    const CapsFeature *features = caps_features(&n);

    for (size_t i = 0; i < n; i++) {
        const CapsFeature *feature = &features[i];
        check_names(feature);
        assert_ptr_equal(caps_feature(feature->option), feature);
        check_case(feature->option,
                   feature->help &&
                       feature->help[strlen(feature->help) - 1] != '.');
        check_case(feature->option,
                   feature->value || !feature->is_value_optional);
        check_case(feature->option,
                   feature->capabilities[0] || feature->parameters[0]);
    }
    assert_null(caps_feature("nonsense"));
}

/* ---- values ---- */

static const struct {
    const char *option, *value;
    const char *why; /* NULL: it is right */
} values[] = {
    { "multifd", NULL },
    { "multifd", "auto" },
    { "multifd", "1" },
    { "multifd", "2" },
    { "multifd", "255" },
    { "multifd", "0", "--multifd: '0' is not from 1 to 255" },
    { "multifd", "256", "--multifd: '256' is not from 1 to 255" },
    { "multifd", "-4", "--multifd: '-4' is neither auto nor a number" },
    { "multifd", "many", "--multifd: 'many' is neither auto nor a number" },
    { "multifd", "Auto", "--multifd: 'Auto' is neither auto nor a number" },
    { "multifd", "", "--multifd: '' is neither auto nor a number" },
    { "multifd", "4:5", "--multifd: '4:5' is not auto|N" },
    { "compress", "zstd" },
    { "compress", "zstd:20" },
    { "compress", "zlib:0" },
    { "compress", "qatzip:9" },
    { "compress", "newer-than-us" }, /* the QEMUs know */
    { "compress", "zstd:21", "--compress: '21' is not from 0 to 20" },
    { "compress", "zlib:10", "--compress: '10' is not from 0 to 9" },
    { "compress", "qatzip:0", "--compress: '0' is not from 1 to 9" },
    { "compress", "", "--compress: '' is not METHOD[:LEVEL]" },
    { "compress", ":3", "--compress: ':3' is not METHOD[:LEVEL]" },
    { "compress", "zstd:", "--compress: 'zstd:' is not METHOD[:LEVEL]" },
    { "compress", "none:3", "--compress: 'none:3' is not METHOD[:LEVEL]" },
    { "compress", "zstd:3:4", "--compress: 'zstd:3:4' is not METHOD[:LEVEL]" },
    { "auto-converge", NULL },
    { "auto-converge", "30" },
    { "auto-converge", "30%:5%:80%" },
    { "auto-converge", "0", "'0' is not from 1 % to 99 %" },
    { "auto-converge", "30:100", "'100' is not from 1 % to 99 %" },
    { "auto-converge", "30::80", "'30::80' is not INITIAL[:INCREMENT[:MAX]]" },
    { "auto-converge", "1:2:3:4", "is not INITIAL[:INCREMENT[:MAX]]" },
    { "dirty-limit", NULL },
    { "dirty-limit", "50" },
    { "dirty-limit", "0", "--dirty-limit: '0' is not at least 1" },
    { "xbzrle", NULL },
    { "xbzrle", "64MiB" },
    { "xbzrle", "100MiB", "--xbzrle: '100MiB' is no power of two" },
    { "xbzrle", "4TiB", "--xbzrle: '4TiB' is not from 4.00 KiB to 1.00 TiB" },
    { "avail-switchover-bandwidth", "10Gbit/s" },
    { "avail-switchover-bandwidth", "0" },
    { "avail-switchover-bandwidth", "1B/s", "QEMU takes that for nothing" },
    { "avail-switchover-bandwidth", "1GiB", "has a unit that does not fit" },
    { "zero-page-detection", "legacy" },
    { "postcopy", NULL },
    { "postcopy", "on", "it takes no value" },
};

static void values_are_checked(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL;
        const CapsFeature *feature = caps_feature(values[i].option);

        if (caps_feature_check(feature, values[i].value, &error) !=
            (values[i].why == NULL)) {
            fail_msg("--%s=%s: %s", values[i].option, values[i].value,
                     error ? error->message : "taken");
        }
        if (values[i].why) {
            check_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
            check_contains(error->message, values[i].why);
        }
    }
}

/* ---- what they come to ---- */

static char *wishes_to_text(const GPtrArray *wishes)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < wishes->len; i++) {
        const CapsWish *wish = wishes->pdata[i];
        g_string_append_printf(text, "%s%s%s", i ? " " : "",
                               wish->value ? ""
                               : wish->on  ? "+"
                                           : "-",
                               wish->name);
        if (wish->value) {
            g_string_append_printf(text, "=%s", wish->value);
        }
    }
    return g_string_free(text, FALSE);
}

static const struct {
    const char *words, *wishes;
} expanded[] = {
    { "--multifd=4", "+multifd multifd-channels=4" },
    { "--compress=zlib", "multifd-compression=zlib" },
    { "--compress=zstd:3", "multifd-compression=zstd multifd-zstd-level=3" },
    { "--compress=qatzip:9",
      "multifd-compression=qatzip multifd-qatzip-level=9" },
    { "--zero-copy", "+zero-copy-send" },
    { "--postcopy", "+postcopy-ram" },
    { "--preempt", "+postcopy-ram +postcopy-preempt" },
    { "--auto-converge", "+auto-converge" },
    { "--auto-converge=30:5:80%",
      "+auto-converge cpu-throttle-initial=30 cpu-throttle-increment=5 "
      "max-cpu-throttle=80%" },
    { "--dirty-limit", "+dirty-limit" },
    { "--dirty-limit=50", "+dirty-limit vcpu-dirty-limit=50" },
    { "--xbzrle", "+xbzrle" },
    { "--xbzrle=128MiB", "+xbzrle xbzrle-cache-size=128MiB" },
    { "--switchover-ack", "+switchover-ack" },
    { "--avail-switchover-bandwidth=1Gbit/s",
      "avail-switchover-bandwidth=1Gbit/s" },
    { "--mapped-ram", "+mapped-ram" },
    { "--direct-io", "direct-io=on" },
    { "--zero-page-detection=none", "zero-page-detection=none" },
    { "--ignore-shared", "+x-ignore-shared" },
    { "--validate-uuid", "+validate-uuid" },
};

static void become_wishes(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(expanded); i++) {
        g_auto(RecordedPair) pair = { 0 };
        recorded_pair_init(&pair, "10.0", "10.0");
        recorded_pair_wish(&pair, expanded[i].words);
        g_autofree char *wishes = wishes_to_text(pair.request.wishes);
        assert_string_equal(wishes, expanded[i].wishes);
        assert_int_equal(pair.findings->len, 0);
        for (guint j = 0; j < pair.request.wishes->len; j++) {
            const CapsWish *wish = pair.request.wishes->pdata[j];
            check_case(expanded[i].words,
                       g_str_has_prefix(expanded[i].words + strlen("--"),
                                        wish->option));
        }
    }
}

static void every_feature_was_expanded(void **state)
{
    size_t n;
    const CapsFeature *features = caps_features(&n);

    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t j = 0; j < G_N_ELEMENTS(expanded); j++) {
            found |= g_str_has_prefix(expanded[j].words + strlen("--"),
                                      features[i].option);
        }
        check_case(features[i].option, found);
    }
}

/* ---- how many connections ---- */

static const struct {
    CapsSurroundings with;
    unsigned n;
    const char *found;
} automatic[] = {
    { { 25 * GBIT, 8, 16 },
      2,
      "note * chosen: --multifd=auto: 2 connections, with a link of 25 Gbit/s, "
      "8 vCPUs, 16 processors\n" },
    { { 100 * GBIT, 8, 16 }, 8, "8 connections, with a link of 100 Gbit/s" },
    { { UINT64_MAX, 8, 16 },
      8,
      "8 connections, with no link between, 8 vCPUs" },
    { { 100 * GBIT, 16, 4 }, 4, "4 connections" },
    { { 100 * GBIT, 64, 64 }, 10, "10 connections" },
    { { 400 * GBIT, 64, 64 }, 16, "16 connections" },
    { { UINT64_MAX, 64, 64 }, 16, "16 connections" },
    { { 20 * GBIT, 2, 2 }, 2, "2 connections" },
    { { 20 * GBIT - 8, 2, 2 }, 0, "no multifd" },
    { { 10 * GBIT, 8, 16 },
      0,
      "note * chosen: --multifd=auto: no multifd, it gains nothing with a link "
      "of 10 Gbit/s, 8 vCPUs, 16 processors\n" },
    { { GBIT / 10, 8, 16 }, 0, "a link of 0.1 Gbit/s" },
    { { 100 * GBIT, 1, 16 }, 0, "100 Gbit/s, 1 vCPU, 16 processors\n" },
    { { 100 * GBIT, 8, 1 }, 0, "8 vCPUs, 1 processor\n" },
    /* what is not known does not limit */
    { { 40 * GBIT, 0, 8 }, 4, "a link of 40 Gbit/s, 8 processors\n" },
    { { 40 * GBIT, 3, 0 }, 3, "a link of 40 Gbit/s, 3 vCPUs\n" },
    { { 40 * GBIT, 0, 0 }, 4, "with a link of 40 Gbit/s\n" },
    /* but for the link */
    { { 0, 8, 16 },
      0,
      "error * link: --multifd=auto: how fast the link is, is not known (give "
      "--link=RATE, for example --link=25Gbit/s, or --multifd=N)\n" },
};

static void check_auto(size_t i, const char *words)
{
    g_auto(RecordedPair) pair = { 0 };
    g_autofree char *with_multifd =
        g_strdup_printf("+multifd multifd-channels=%u", automatic[i].n);

    recorded_pair_init(&pair, "10.0", "10.0");
    pair.surroundings = automatic[i].with;
    recorded_pair_wish(&pair, words);
    g_autofree char *wishes = wishes_to_text(pair.request.wishes);
    g_autofree char *found = recorded_findings_to_text(pair.findings);
    assert_string_equal(wishes, automatic[i].n ? with_multifd : "");
    check_contains(found, automatic[i].found);
    assert_int_equal(pair.findings->len, 1);
}

static void auto_counts_link_vcpus_and_processors(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(automatic); i++) {
        check_case(automatic[i].found,
                   automatic[i].with.link_bits_per_s == 0 ||
                       caps_multifd_auto(&automatic[i].with) == automatic[i].n);
        check_auto(i, "--multifd=auto");
        check_auto(i, "--multifd");
    }
}

static void odd_numbers_are_warned_of(void **state)
{
    static const struct {
        const char *words, *found;
    } cases[] = {
        { "--multifd=1",
          "warning * no-effect: --multifd=1: one connection is what there is "
          "without (give 2 or more, or leave --multifd out)\n" },
        { "--multifd=2", "" },
        { "--multifd=16", "" },
        { "--multifd=17",
          "warning * no-effect: --multifd=17: more than 16 connections seldom "
          "help, and each costs a thread on both sides (give at most 16, or "
          "--multifd=auto)\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(RecordedPair) pair = { 0 };
        recorded_pair_init(&pair, "10.0", "10.0");
        recorded_pair_wish(&pair, cases[i].words);
        g_autofree char *found = recorded_findings_to_text(pair.findings);
        assert_string_equal(found, cases[i].found);
        assert_true(recorded_pair_agree(&pair));
    }
}

static void says_how_to_enable(void **state)
{
    static const struct {
        const char *capability, *how;
    } cases[] = {
        { "multifd", "add --multifd" },
        { "postcopy-ram", "add --postcopy" },
        { "mapped-ram", "add --mapped-ram" },
        { "return-path", "add --enable return-path" },
        { "events", "add --enable events" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *how = caps_feature_how_to_enable(cases[i].capability);
        assert_string_equal(how, cases[i].how);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_name_what_is_in_the_table),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(become_wishes),
        cmocka_unit_test(every_feature_was_expanded),
        cmocka_unit_test(auto_counts_link_vcpus_and_processors),
        cmocka_unit_test(odd_numbers_are_warned_of),
        cmocka_unit_test(says_how_to_enable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
