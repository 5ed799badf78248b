/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of another client that a migration would use without a word. */
#include "tests/lib/check.h"

#include "caps/leftover.h"
#include "tests/lib/recorded-pair.h"

#define CHANGE " (use --set or --disable to change them for this migration)\n"

static const struct {
    const char *what, *source, *destination, *wishes, *found;
} cases[] = {
    { "fresh ones", "", "", "", "" },
    { "one of each kind", "+dirty-bitmaps max-bandwidth=10000", "", "",
      "note S left-over: another client set before, and it stays: "
      "dirty-bitmaps, max-bandwidth=10000 (by default 134217728)" CHANGE },
    { "on the destination", "", "announce-rounds=0", "",
      "note D left-over: another client set before, and it stays: "
      "announce-rounds=0 (by default 5)" CHANGE },
    { "the other side does not use it", "announce-rounds=0",
      "+dirty-bitmaps max-bandwidth=10000", "", "" },
    { "it is changed", "+xbzrle max-bandwidth=10000", "",
      "-xbzrle max-bandwidth=1MiB/s", "" },
    { "it is what the user wants", "+xbzrle max-bandwidth=1000000", "",
      "+xbzrle max-bandwidth=1000000B/s", "" },
    { "a mode that QEMU accepts over a socket", "mode=cpr-reboot", "", "",
      "note S left-over: another client set before, and it stays: "
      "mode=cpr-reboot (by default normal)" CHANGE },
};

static void tells_what_was_set_before(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        RecordedPair pair;
        g_autoptr(GPtrArray) findings = findings_new();
        recorded_pair_init(&pair, "10.0", "10.0");
        recorded_pair_set(&pair, SIDE_SOURCE, cases[i].source);
        recorded_pair_set(&pair, SIDE_DESTINATION, cases[i].destination);
        recorded_pair_wish(&pair, cases[i].wishes);
        recorded_pair_agree(&pair);
        caps_leftovers_note(pair.inventories, pair.wanted, pair.request.wishes,
                            findings);
        g_autofree char *found = recorded_findings_to_text(findings);
        if (strcmp(found, cases[i].found) != 0) {
            fail_msg("%s: %s", cases[i].what, found);
        }
        recorded_pair_clear(&pair);
    }
}

static void fresh_ones_have_none(void **state)
{
    RecordedPair pair;
    g_autoptr(GPtrArray) findings = findings_new();
    recorded_pair_init(&pair, "7.2", "7.2");
    recorded_pair_agree(&pair);
    caps_leftovers_note(pair.inventories, pair.wanted, pair.request.wishes,
                        findings);
    assert_int_equal(findings->len, 0);
    recorded_pair_clear(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_was_set_before),
        cmocka_unit_test(fresh_ones_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
