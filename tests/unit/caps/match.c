/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both sides have to have alike, and wishes that do nothing. */
#include "tests/lib/check.h"

#include "caps/match.h"
#include "tests/lib/recorded-pair.h"

/* What a person set by hand before, what is wished for, what is found then. */
typedef struct {
    const char *what, *versions[N_SIDES], *set[N_SIDES], *wishes;
    CapsTransport transport;
    const char *found;
    const char *plan; /* NULL: there is an error, so none */
} Case;

static void run_cases(const Case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const Case *one = &cases[i];
        g_auto(RecordedPair) pair = { 0 };

        recorded_pair_init(&pair, one->versions[SIDE_SOURCE],
                           one->versions[SIDE_DESTINATION]);
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            recorded_pair_set(&pair, side, one->set[side]);
        }
        pair.request.transport = one->transport;
        recorded_pair_wish(&pair, one->wishes);
        bool agreed = recorded_pair_agree(&pair);
        g_autofree char *found = recorded_findings_to_text(pair.findings);
        g_autofree char *plan = recorded_plan_to_text(pair.steps, false);
        if (agreed != (one->plan != NULL) ||
            strcmp(plan, one->plan ? one->plan : "") != 0 ||
            strcmp(found, one->found) != 0) {
            fail_msg("%s: %s\n%s", one->what, plan, found);
        }
    }
}

/* clang-format off */
static const Case matched[] = {
    { "a destination that does not know the word", { "10.0", "7.2" },
      { "zero-page-detection=multifd", "" }, "+multifd", CAPS_OVER_TCP,
      "note S chosen: zero-page-detection=legacy, since the destination's QEMU "
      "7.2.22 knows no other\n",
      "S zero-page-detection=legacy; S +multifd; D +multifd" },
    { "without multifd nobody sends so", { "10.0", "7.2" },
      { "zero-page-detection=multifd", "" }, "", CAPS_OVER_TCP, "", "" },
    { "one that knows it", { "10.0", "10.0" },
      { "zero-page-detection=multifd", "" }, "+multifd", CAPS_OVER_TCP, "",
      "S +multifd; D +multifd" },
    { "who wished for it is told", { "10.0", "7.2" }, { "", "" },
      "--zero-page-detection=multifd --multifd=2", CAPS_OVER_TCP,
      "error D one-side: QEMU 7.2.22 does not see the zeros that "
      "zero-page-detection=multifd sends: pages would keep what was in them "
      "(give --zero-page-detection=legacy)\n",
      NULL },
    { "another wish stays", { "10.0", "7.2" }, { "", "" },
      "--zero-page-detection=none --multifd=2", CAPS_OVER_TCP, "",
      "S zero-page-detection=none; S +multifd; D +multifd" },
    { "the destination's cache is the source's", { "7.2", "10.0" },
      { "xbzrle-cache-size=128MiB", "" }, "+xbzrle", CAPS_OVER_TCP, "",
      "S +xbzrle; D xbzrle-cache-size=134217728" },
    { "without xbzrle it does not matter", { "7.2", "10.0" },
      { "xbzrle-cache-size=128MiB", "" }, "", CAPS_OVER_TCP, "", "" },
    { "a wish sets both", { "7.2", "10.0" }, { "", "" }, "--xbzrle=1GiB",
      CAPS_OVER_TCP, "",
      "S xbzrle-cache-size=1073741824; S +xbzrle; "
      "D xbzrle-cache-size=1073741824" },
    { "switchover-ack wants return-path on both", { "10.0", "10.0" },
      { "", "" }, "+return-path +switchover-ack", CAPS_OVER_TCP, "",
      "S +return-path +switchover-ack; D +return-path +switchover-ack" },
    { "else the source alone has it", { "10.0", "10.0" }, { "", "" },
      "+return-path", CAPS_OVER_TCP, "", "S +return-path" },
};
/* clang-format on */

static void harmless_differences_are_made_to_match(void **state)
{
    run_cases(matched, G_N_ELEMENTS(matched));
}

/* clang-format off */
static const Case differing[] = {
    { "multifd on one side, by hand", { "7.2", "10.0" }, { "+multifd", "" }, "",
      CAPS_OVER_TCP,
      "error * differs: multifd is on on the source alone, and QEMU does not "
      "compare (--enable multifd or --disable multifd sets both sides)\n",
      NULL },
    { "where it does nothing", { "7.2", "10.0" }, { "", "+postcopy-ram" }, "",
      CAPS_OVER_TCP,
      "warning * no-effect: postcopy-ram is on on the destination alone, where "
      "it does nothing (--enable postcopy-ram sets both sides)\n", "" },
    { "but for bitmaps", { "7.2", "10.0" },
      { "+dirty-bitmaps", "+postcopy-ram" }, "", CAPS_OVER_TCP,
      "error * differs: postcopy-ram is on on the destination alone, and QEMU "
      "does not compare (--enable postcopy-ram or --disable postcopy-ram sets "
      "both sides)\n", NULL },
    { "of a source that knows it", { "10.0", "10.0" },
      { "", "+return-path +switchover-ack" }, "", CAPS_OVER_TCP,
      "warning * no-effect: switchover-ack is on on the destination alone, "
      "where it does nothing (--enable switchover-ack sets both sides)\n",
      "" },
    { "of one that does not", { "7.2", "10.0" },
      { "", "+return-path +switchover-ack" }, "", CAPS_OVER_TCP,
      "error * differs: switchover-ack is on on the destination alone, and QEMU "
      "does not compare (--enable switchover-ack or --disable switchover-ack "
      "sets both sides)\n", NULL },
    { "connections to a file", { "10.0", "10.0" },
      { "+mapped-ram +multifd multifd-channels=4", "+mapped-ram" }, "",
      CAPS_OVER_FILE, "", "" },
    { "and their number", { "10.0", "10.0" },
      { "+mapped-ram +multifd multifd-channels=4", "+mapped-ram +multifd" }, "",
      CAPS_OVER_FILE, "", "" },
    { "a wish settles it", { "7.2", "10.0" }, { "+multifd", "" }, "+multifd",
      CAPS_OVER_TCP, "", "D +multifd" },
    { "so does the other", { "7.2", "10.0" }, { "+multifd", "" }, "-multifd",
      CAPS_OVER_TCP, "", "S -multifd" },
    { "what the source alone needs may differ", { "7.2", "10.0" },
      { "+xbzrle", "+auto-converge" }, "", CAPS_OVER_TCP, "",
      /* the caches are the same */ "" },
    { "channels by hand", { "7.2", "10.0" },
      { "+multifd multifd-channels=8", "+multifd multifd-channels=4" }, "",
      CAPS_OVER_TCP,
      "error * differs: multifd-channels is 8 on the source and 4 on the "
      "destination; QEMU does not compare, and hangs or fails (--set "
      "multifd-channels=VALUE sets both sides)\n", NULL },
    { "channels by hand, multifd by us", { "10.0", "10.0" },
      { "", "multifd-channels=4" }, "+multifd", CAPS_OVER_TCP,
      "error * differs: multifd-channels is 2 on the source and 4 on the "
      "destination; QEMU does not compare, and hangs or fails (--set "
      "multifd-channels=VALUE sets both sides)\n", NULL },
    { "a number of ours sets both", { "10.0", "10.0" },
      { "", "multifd-channels=4" }, "--multifd=8", CAPS_OVER_TCP, "",
      "S multifd-channels=8; S +multifd; D multifd-channels=8; D +multifd" },
    { "without multifd it does not matter", { "10.0", "10.0" },
      { "", "multifd-channels=4" }, "", CAPS_OVER_TCP, "", "" },
    { "compression by hand", { "7.2", "10.0" },
      { "+multifd", "+multifd multifd-compression=zstd" }, "",
      CAPS_OVER_TCP,
      "error * differs: multifd-compression is none on the source and zstd on "
      "the destination; QEMU does not compare, and hangs or fails (--set "
      "multifd-compression=VALUE sets both sides)\n", NULL },
    { "TLS on one side", { "7.2", "10.0" }, { "tls-creds=tls0", "" }, "",
      CAPS_OVER_TCP,
      "error * differs: TLS is on on the source alone (--set tls-creds=ID sets "
      "both sides, an empty ID turns TLS off)\n", NULL },
    { "on the other", { "7.2", "10.0" }, { "", "tls-creds=tls0" }, "",
      CAPS_OVER_TCP,
      "error * differs: TLS is on on the destination alone (--set tls-creds=ID "
      "sets both sides, an empty ID turns TLS off)\n", NULL },
    { "under two names", { "7.2", "10.0" },
      { "tls-creds=out", "tls-creds=in" }, "", CAPS_OVER_TCP, "", "" },
};
/* clang-format on */

static void what_differs_by_hand_is_refused(void **state)
{
    run_cases(differing, G_N_ELEMENTS(differing));
}

#define NOTHING(name, needs)                                                   \
    "warning * no-effect: " name " does nothing without " needs "\n"

/* clang-format off */
static const Case idle[] = {
    { "a parameter without its capability", { "7.2", "10.0" }, { "", "" },
      "cpu-throttle-initial=30", CAPS_OVER_TCP,
      NOTHING("cpu-throttle-initial", "auto-converge"),
      "S cpu-throttle-initial=30" },
    { "with it", { "7.2", "10.0" }, { "", "" },
      "+auto-converge cpu-throttle-initial=30", CAPS_OVER_TCP, "",
      "S cpu-throttle-initial=30; S +auto-converge" },
    { "it may be on already", { "7.2", "10.0" }, { "+auto-converge", "" },
      "cpu-throttle-initial=30", CAPS_OVER_TCP, "",
      "S cpu-throttle-initial=30" },
    { "of the destination", { "7.2", "10.0" }, { "", "" },
      "+postcopy-blocktime", CAPS_OVER_TCP,
      NOTHING("postcopy-blocktime", "postcopy-ram"), "D +postcopy-blocktime" },
    { "what is turned off need not do anything", { "7.2", "10.0" },
      { "+release-ram", "" }, "-release-ram", CAPS_OVER_TCP, "",
      "S -release-ram" },
    { "each thing that lacks", { "10.0", "10.0" }, { "", "" },
      "multifd-zstd-level=3", CAPS_OVER_TCP,
      NOTHING("multifd-zstd-level", "multifd")
      NOTHING("multifd-zstd-level", "multifd-compression=zstd"),
      "S multifd-zstd-level=3" },
    { "the other method's level", { "10.0", "10.0" }, { "", "" },
      "+multifd multifd-compression=zlib multifd-zstd-level=3",
      CAPS_OVER_TCP,
      NOTHING("multifd-zstd-level", "multifd-compression=zstd"),
      "S multifd-compression=zlib multifd-zstd-level=3; S +multifd; "
      "D multifd-compression=zlib; D +multifd" },
    { "without TLS", { "7.2", "10.0" }, { "", "" },
      "tls-hostname=a tls-authz=b", CAPS_OVER_TCP,
      NOTHING("tls-hostname", "tls-creds") NOTHING("tls-authz", "tls-creds"),
      "S tls-hostname=a; D tls-authz=b" },
    { "asked for by an option it is an error", { "10.0", "10.0" }, { "", "" },
      "--compress=zstd:3", CAPS_OVER_TCP,
      "error * missing: --compress needs multifd (add --multifd)\n", NULL },
    { "with all that lacks", { "10.0", "10.0" }, { "", "" }, "--direct-io",
      CAPS_OVER_FILE,
      "error * missing: --direct-io needs mapped-ram (add --mapped-ram)\n"
      "error * missing: --direct-io needs multifd (add --multifd)\n", NULL },
    { "nothing lacks", { "10.0", "10.0" }, { "", "" },
      "--direct-io --mapped-ram --multifd=2", CAPS_OVER_FILE, "",
      "S direct-io=true; S +mapped-ram +multifd; "
      "D direct-io=true; D +mapped-ram +multifd" },
};
/* clang-format on */

static void wishes_that_do_nothing_are_told(void **state)
{
    run_cases(idle, G_N_ELEMENTS(idle));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmless_differences_are_made_to_match),
        cmocka_unit_test(what_differs_by_hand_is_refused),
        cmocka_unit_test(wishes_that_do_nothing_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
