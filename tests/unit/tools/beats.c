/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What heartbeats tell who only hears them. */
#include "tests/lib/check.h"

#include <inttypes.h>

#include "tools/lab/beats.h"

/*
 * Words: "sN" is N beats in time on the source, "d" on the destination, "+US"
 * time that passes, "-N" N beats that nobody hears, "<N" the guest goes N beats
 * back, "|" the migration starts.  A beat is due each 1000 us.
 */
static void play(Beats *beats, const char *words)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);
    uint64_t next = 0;
    int64_t now_us = 1000000;

    for (char **word = each; *word; word++) {
        int64_t n = g_ascii_strtoll(*word + 1, NULL, 10);

        switch (**word) {
        case 's':
        case 'd':
            for (int64_t i = 0; i < n; i++) {
                now_us += 1000;
                beats_take(beats,
                           **word == 's' ? SIDE_SOURCE : SIDE_DESTINATION,
                           next++, now_us);
            }
            break;
        case '+':
            now_us += n;
            break;
        case '-':
            next += n;
            break;
        case '<':
            next -= n;
            break;
        case '|':
            beats_start(beats);
            break;
        }
    }
}

static const struct {
    const char *what, *words;
    uint64_t n_beats, n_lost, n_repeated;
    int64_t median_us, jitter_us, stall_us, downtime_us;
} cases[] = {
    { "nothing heard", "", 0, 0, 0, -1, -1, -1, -1 },
    { "started, nothing heard", "|", 0, 0, 0, -1, -1, -1, -1 },
    { "too few to tell", "s20 |", 20, 0, 0, -1, -1, -1, -1 },
    { "just enough", "s21 |", 21, 0, 0, 1000, 0, 0, -1 },
    { "too few, though it came over", "s5 | +50000 d100", 105, 0, 0, -1, -1, -1,
      -1 },
    { "in time all along", "s100 | s100 d100", 300, 0, 0, 1000, 0, 0, 0 },
    { "a late one before is jitter", "s50 +400 s50 | s9", 109, 0, 0, 1000, 400,
      0, -1 },
    { "a late one after is a stall", "s100 | s9 +2500 s9", 118, 0, 0, 1000, 0,
      2500, -1 },
    { "the switchover", "s100 | s100 +60000 d100", 300, 0, 0, 1000, 0, 60000,
      60000 },
    { "a stall on the destination", "s100 | s9 +5000 d9 +7000 d9", 127, 0, 0,
      1000, 0, 7000, 5000 },
    { "lost in the switchover", "s100 | s9 -3 +5000 d9", 118, 3, 0, 1000, 0,
      5000, 5000 },
    { "many lost", "s100 | -1000000 s1", 101, 1000000, 0, 1000, 0, 0, -1 },
    { "the guest went back", "s100 | s9 <5 d5 d4", 113, 0, 5, 1000, 0, 5000,
      5000 },
    { "it ran in two places", "s100 | s9 d9 <9 s9", 118, 0, 9, 1000, 0, 0, 0 },
    { "the first one heard may be any", "-7 s100 |", 100, 0, 0, 1000, 0, 0,
      -1 },
    { "all on the destination", "d100 |", 100, 0, 0, 1000, 0, 0, -1 },
};

static void tells(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *what = cases[i].what;
        Beats beats;

        beats_init(&beats);
        play(&beats, cases[i].words);
        check_case(what, beats.n_beats == cases[i].n_beats);
        check_case(what, beats.n_lost == cases[i].n_lost);
        check_case(what, beats.n_repeated == cases[i].n_repeated);
        check_case(what, beats_median_us(&beats) == cases[i].median_us);
        check_case(what, beats_jitter_us(&beats) == cases[i].jitter_us);
        check_case(what, beats_downtime_us(&beats) == cases[i].downtime_us);
        if (beats_longest_stall_us(&beats) != cases[i].stall_us) {
            fail_msg("%s: longest stall %" PRId64, what,
                     beats_longest_stall_us(&beats));
        }
        beats_clear(&beats);
    }
}

/* A clock that goes back, and one that is far ahead. */
static void survives_odd_times(void **state)
{
    Beats beats;

    beats_init(&beats);
    for (uint64_t i = 0; i < 100; i++) {
        beats_take(&beats, SIDE_SOURCE, i,
                   i % 3 == 0 ? 1 : (int64_t)i * G_MAXINT32);
    }
    assert_true(beats_median_us(&beats) >= 0);
    assert_true(beats_jitter_us(&beats) >= 0);
    beats_take(&beats, SIDE_SOURCE, UINT64_MAX, 5);
    beats_take(&beats, SIDE_SOURCE, 3, 6);
    assert_true(beats_longest_stall_us(&beats) == -1);
    beats_clear(&beats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells),
        cmocka_unit_test(survives_odd_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
