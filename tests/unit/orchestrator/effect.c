/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Did it work: a verdict for each wish, from what the source said at the end. */
#include "tests/lib/check.h"

#include "orchestrator/effect.h"
#include "tests/lib/inspected.h"
#include "tests/lib/recorded.h"

#define MULTIFD                                                                \
    "{\"ram\":{\"transferred\":1000000,\"multifd-bytes\":900000,"              \
    "\"normal\":1000,\"page-size\":4096,\"dirty-sync-count\":3}}"
#define NOTHING_OVER_MULTIFD                                                   \
    "{\"ram\":{\"transferred\":1000000,\"multifd-bytes\":0,"                   \
    "\"normal\":1000,\"page-size\":4096,\"dirty-sync-count\":3}}"
#define SILENT "{\"ram\":{\"transferred\":1000000}}"
#define XBZRLE(pages, bytes, misses, passes)                                   \
    "{\"ram\":{\"transferred\":9,\"page-size\":4096,\"dirty-sync-"             \
    "count\":" passes "},\"xbzrle-cache\":{\"pages\":" pages                   \
    ",\"bytes\":" bytes ",\"cache-miss\":" misses "}}"
#define ZERO_COPY(fallbacks)                                                   \
    "{\"ram\":{\"transferred\":9,\"dirty-sync-count\":5,"                      \
    "\"dirty-sync-missed-zero-copy\":" fallbacks "}}"
#define POST_COPY(bytes, requests)                                             \
    "{\"ram\":{\"transferred\":9,\"postcopy-bytes\":" bytes                    \
    ",\"postcopy-requests\":" requests "}}"
#define DOWNTIME(ms) "{\"ram\":{\"transferred\":9},\"downtime\":" ms "}"

/* What was seen beside the last sample; 0: nothing. */
typedef struct {
    int n_channels, throttle_percent, dirty_limit_us;
} Seen;

static const struct {
    const char *wishes, *sample;
    Seen seen;
    const char *effects; /* "NAME VERDICT: TEXT", a line for each wish */
} cases[] = {
    /* clang-format off */
    { "--multifd=4", MULTIFD, { .n_channels = 4 },
      "multifd yes: 4 channels seen at work, 4 set; 90.0 % of the bytes went "
      "over them\n" },
    { "--multifd=4", MULTIFD, { .n_channels = 1 },
      "multifd no: 1 channels seen at work, 4 set; 90.0 % of the bytes went "
      "over them\n" },
    { "--multifd=4", MULTIFD, { 0 },
      "multifd yes: 4 channels set; this QEMU does not tell how many work; "
      "90.0 % of the bytes went over them\n" },
    { "--multifd=4", NOTHING_OVER_MULTIFD, { .n_channels = 4 },
      "multifd no: 4 channels seen at work, 4 set; 0.0 % of the bytes went "
      "over them\n" },
    { "--multifd=4", SILENT, { 0 },
      "multifd unknown: 4 channels set; this QEMU does not tell how many "
      "work\n" },
    { "-multifd", MULTIFD, { 0 },
      "multifd set: off, on both sides\n" },
    { "+multifd --compress=zstd:3", MULTIFD, { .n_channels = 2 },
      "multifd-compression yes: 3.91 MiB became 879 KiB, 4.55 to 1\n"
      "multifd-zstd-level set: 3, on the source\n"
      "multifd yes: 2 channels seen at work, 2 set; 90.0 % of the bytes went "
      "over them\n" },
    { "+multifd multifd-compression=zlib",
      "{\"ram\":{\"transferred\":9000000,\"multifd-bytes\":8192000,"
      "\"normal\":1000,\"page-size\":4096}}", { .n_channels = 2 },
      "multifd yes: 2 channels seen at work, 2 set; 91.0 % of the bytes went "
      "over them\n"
      "multifd-compression no: 3.91 MiB became 7.81 MiB, 0.50 to 1\n" },
    { "+multifd multifd-compression=zlib", NOTHING_OVER_MULTIFD, { 0 },
      "multifd no: 2 channels set; this QEMU does not tell how many work; 0.0 "
      "% of the bytes went over them\n"
      "multifd-compression idle: no page went over multifd\n" },
    { "multifd-compression=none", MULTIFD, { 0 },
      "multifd-compression set: none, on both sides\n" },
    { "+multifd --zero-copy", ZERO_COPY("0"), { 0 },
      "zero-copy-send yes: nothing was copied\n"
      "multifd unknown: 2 channels set; this QEMU does not tell how many "
      "work\n" },
    { "+multifd --zero-copy", ZERO_COPY("2"), { 0 },
      "zero-copy-send no: the kernel copied all the same, QEMU saw it 2 times: "
      "on loopback it does, and for some network cards\n"
      "multifd unknown: 2 channels set; this QEMU does not tell how many "
      "work\n" },
    { "+multifd --zero-copy", SILENT, { 0 },
      "zero-copy-send unknown: this QEMU does not tell\n"
      "multifd unknown: 2 channels set; this QEMU does not tell how many "
      "work\n" },
    { "--xbzrle", XBZRLE("1000", "40960", "7", "4"), { 0 },
      "xbzrle yes: 1000 pages in 40.0 KiB, 100.0 to 1; 7 were not in the "
      "cache\n" },
    { "--xbzrle=128MiB", XBZRLE("0", "0", "7", "4"), { 0 },
      "xbzrle no: no page was sent as a difference, in 4 passes; 7 were not "
      "in the cache\n" },
    { "--xbzrle", XBZRLE("0", "0", "7", "2"), { 0 },
      "xbzrle idle: no page was sent as a difference, in 2 passes; 7 were not "
      "in the cache\n" },
    { "--xbzrle", SILENT, { 0 }, "xbzrle unknown: this QEMU does not tell\n" },
    { "--auto-converge=30:10:90", SILENT, { .throttle_percent = 40 },
      "auto-converge yes: the vCPUs were slowed down by up to 40 %\n" },
    { "--auto-converge", SILENT, { 0 },
      "auto-converge idle: it converged without\n" },
    { "--dirty-limit=5", SILENT, { .dirty_limit_us = 1500 },
      "dirty-limit yes: the vCPUs slept up to 1.5 ms in a round\n" },
    { "--dirty-limit", SILENT, { 0 },
      "dirty-limit idle: it converged without\n" },
    { "--postcopy", POST_COPY("0", "0"), { 0 },
      "postcopy-ram idle: it stood ready; pre-copy was enough\n" },
    { "--preempt", POST_COPY("1048576", "12"), { 0 },
      "postcopy-ram yes: 1.00 MiB in post-copy, 12 pages were asked for\n"
      "postcopy-preempt yes: 1.00 MiB in post-copy, 12 pages were asked "
      "for\n" },
    { "downtime-limit=200ms", DOWNTIME("150"), { 0 },
      "downtime-limit yes: 150 ms of 200 ms\n" },
    { "downtime-limit=100ms", DOWNTIME("150"), { 0 },
      "downtime-limit no: 150 ms of 100 ms\n" },
    { "downtime-limit=100ms", SILENT, { 0 },
      "downtime-limit unknown: QEMU does not tell its downtime\n" },
    /* the guest has 64 MiB */
    { "--ignore-shared", "{\"ram\":{\"transferred\":9,\"total\":16777216}}",
      { 0 },
      "x-ignore-shared yes: 48.0 MiB of the guest's memory were left out\n" },
    { "--ignore-shared", "{\"ram\":{\"transferred\":9,\"total\":67641344}}",
      { 0 },
      "x-ignore-shared no: 0 B of the guest's memory were left out\n" },
    /* what cannot be measured is as it was wished for */
    { "--validate-uuid", SILENT, { 0 },
      "validate-uuid set: on, on the source\n" },
    { "--switchover-ack", SILENT, { 0 },
      "switchover-ack set: on, on both sides\n" },
    { "max-bandwidth=1GiB/s", SILENT, { 0 },
      "max-bandwidth set: 1.00 GiB/s, on the source\n" },
    { "--avail-switchover-bandwidth=1GiB/s", SILENT, { 0 },
      "avail-switchover-bandwidth set: 1.00 GiB/s, on the source\n" },
    { "announce-rounds=3", SILENT, { 0 },
      "announce-rounds set: 3, on the destination\n" },
    /* what needs something that is off */
    { "cpu-throttle-initial=30", SILENT, { 0 },
      "cpu-throttle-initial no: it does nothing without auto-converge\n" },
    /* a later wish wins, and is in its place */
    { "+xbzrle max-bandwidth=0 -xbzrle", SILENT, { 0 },
      "max-bandwidth set: 0 B/s, on the source\n"
      "xbzrle set: off, on the source\n" },
    { NULL, SILENT, { 0 }, "" },
    /* clang-format on */
};

/* As prepare would have set it. */
static void set_all(Migration *m)
{
    for (guint i = 0; i < m->steps->len; i++) {
        const CapsStep *step = m->steps->pdata[i];
        caps_inventory_apply(&m->inventories[step->side], step->command);
    }
}

/* The recorded guest's memory is shared; here it is also in one file. */
#define IN_A_FILE(side)                                                        \
    {                                                                          \
        side, ASK_MACHINE + CAPS_MACHINE_OBJECTS,                              \
            "[{\"name\":\"ram0\",\"type\":\"child<memory-backend-file>\"}]"    \
    }
#define SHARED                                                                 \
    {                                                                          \
        .known = true, .n_shared = 1, .shared = { { 0, 1, 7, 0, 64 << 20 } }   \
    }

static Inspected *migrated(size_t i)
{
    Inspection inspection = {
        { "10.0", "10.0" },
        .wishes = cases[i].wishes,
        .replies = { IN_A_FILE(SIDE_SOURCE), IN_A_FILE(SIDE_DESTINATION) },
        .process = { SHARED, SHARED },
    };
    if (g_strcmp0(cases[i].wishes, "--ignore-shared") != 0) {
        memset(inspection.process, 0, sizeof(inspection.process));
    }
    Inspected *inspected = inspected_new(&inspection);
    Migration *m = inspected->m;
    const Seen *seen = &cases[i].seen;
    g_autoptr(JsonNode) reply = json_value(cases[i].sample);

    check_case(cases[i].wishes, m->failure.code == FAILURE_NONE);
    set_all(m);
    m->outcome = OUTCOME_MIGRATED;
    m->sample = sample_from_query_migrate(reply, 0);
    m->n_channels = seen->n_channels ? seen->n_channels : -1;
    m->throttle_max_percent =
        seen->throttle_percent ? seen->throttle_percent : -1;
    m->dirty_limit_max_us = seen->dirty_limit_us ? seen->dirty_limit_us : -1;
    return inspected;
}

static char *effects_to_text(const Migration *m)
{
    g_autoptr(GPtrArray) effects = effects_of(m);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < effects->len; i++) {
        const Effect *effect = effects->pdata[i];
        g_string_append_printf(text, "%s %s: %s\n", effect->name,
                               effect_verdict_name(effect->verdict),
                               effect->text);
    }
    return g_string_free(text, FALSE);
}

static void each_wish_has_its_verdict(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Inspected) inspected = migrated(i);
        g_autofree char *text = effects_to_text(inspected->m);

        if (strcmp(text, cases[i].effects) != 0) {
            fail_msg("%s:\n%s", cases[i].wishes, text);
        }
    }
}

static void what_is_left_out_has_to_be_there(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (g_strcmp0(cases[i].wishes, "--ignore-shared") != 0) {
            continue;
        }
        g_autoptr(Inspected) inspected = migrated(i);
        inspected->m->processes[SIDE_DESTINATION].shared[0].inode++;
        g_autofree char *text = effects_to_text(inspected->m);
        assert_null(strstr(text, "x-ignore-shared yes"));
    }
}

static void nothing_is_said_of_what_did_not_come_to_it(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Inspected) inspected = migrated(i);
        inspected->m->outcome = OUTCOME_REFUSED;
        g_autoptr(GPtrArray) effects = effects_of(inspected->m);

        for (guint j = 0; j < effects->len; j++) {
            const Effect *effect = effects->pdata[j];
            check_case(effect->name, effect->verdict == EFFECT_UNKNOWN);
            assert_string_equal(effect->text, "it did not come to that");
        }
    }
}

/* Where it ran and failed, what was measured until then still holds. */
static void failed_tells_what_it_has_shown(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Inspected) inspected = migrated(i);
        g_autoptr(GPtrArray) whole = effects_of(inspected->m);
        inspected->m->outcome = OUTCOME_FAILED;
        inspected->m->context.started = true;
        g_autoptr(GPtrArray) failed = effects_of(inspected->m);

        for (guint j = 0; j < whole->len; j++) {
            const Effect *before = whole->pdata[j], *after = failed->pdata[j];
            bool is_shown = before->verdict != EFFECT_IDLE &&
                            before->verdict != EFFECT_UNKNOWN;
            check_case(before->name,
                       after->verdict ==
                           (is_shown ? before->verdict : EFFECT_UNKNOWN));
            assert_string_equal(after->text, is_shown
                                                 ? before->text
                                                 : "it did not come to that");
        }
    }
}

static void compression_ratio_is_known_or_not(void **state)
{
    const Inspection inspection = { { "10.0", "10.0" },
                                    .wishes =
                                        "+multifd multifd-compression=zlib" };
    g_autoptr(Inspected) inspected = inspected_new(&inspection);
    Migration *m = inspected->m;

    set_all(m);
    assert_true(effect_compression_ratio(m) == -1);
    m->sample.normal_pages = 100;
    m->sample.page_bytes = 4096;
    m->sample.multifd_bytes = 204800;
    assert_true(effect_compression_ratio(m) == 2.0);
    /* which counts what it has before it is compressed */
    caps_inventory_take_version(&m->inventories[SIDE_SOURCE], "7.2.22");
    assert_true(effect_compression_ratio(m) == -1);
}

static void fallbacks_are_known_or_not(void **state)
{
    const Inspection inspection = { { "10.0", "10.0" },
                                    .wishes = "+multifd +zero-copy-send" };
    g_autoptr(Inspected) inspected = inspected_new(&inspection);
    Migration *m = inspected->m;

    assert_int_equal(effect_zero_copy_fallbacks(m), -1);
    m->sample.zero_copy_fallbacks = 3;
    /* QEMU tells 0 of it, and more, where nobody asked for zero-copy */
    assert_int_equal(effect_zero_copy_fallbacks(m), -1);
    set_all(m);
    assert_int_equal(effect_zero_copy_fallbacks(m), 3);
    /* nor does it tell a ratio where nothing is compressed */
    m->sample.normal_pages = 100;
    m->sample.page_bytes = 4096;
    m->sample.multifd_bytes = 204800;
    assert_true(effect_compression_ratio(m) == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wish_has_its_verdict),
        cmocka_unit_test(what_is_left_out_has_to_be_there),
        cmocka_unit_test(nothing_is_said_of_what_did_not_come_to_it),
        cmocka_unit_test(failed_tells_what_it_has_shown),
        cmocka_unit_test(compression_ratio_is_known_or_not),
        cmocka_unit_test(fallbacks_are_known_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
