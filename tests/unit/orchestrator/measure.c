/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of which QEMU, and what its answers make of the curve. */
#include "tests/lib/check.h"

#include <math.h>

#include "orchestrator/measure.h"
#include "tests/lib/recorded.h"

#define MIB (1024.0 * 1024)
#define S   G_USEC_PER_SEC

static const struct {
    const char *version;
    int64_t measure_us;
    int64_t lengths_ms[6];
} lengths[] = {
    { "7.2", 4 * S, { 1000, 2000 } },
    { "7.2", 6 * S, { 1000, 2000, 3000 } },
    { "7.2", 1 * S, { 1000 } },
    { "7.2", S / 2, { 0 } },
    { "10.0", 4 * S, { 125, 250, 500, 1000, 2000 } },
    { "10.0", S / 5, { 50, 50, 50, 50, 100 } },
};

static void it_takes_the_time_that_it_is_given(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        recorded_inventory(&inventory, lengths[i].version);
        g_autoptr(GArray) found =
            measure_lengths(&inventory, lengths[i].measure_us);
        guint n = 0;
        for (; lengths[i].lengths_ms[n] > 0; n++) {
            check_case(lengths[i].version, n < found->len);
            assert_int_equal(g_array_index(found, int64_t, n) / 1000,
                             lengths[i].lengths_ms[n]);
        }
        assert_int_equal(found->len, n);
    }
}

static void a_qemu_without_the_command_is_not_asked(void **state)
{
    const CapsInventory unknown = { 0 };
    g_autoptr(GArray) found = measure_lengths(&unknown, MEASURE_US);
    assert_int_equal(found->len, 0);
}

static void each_qemu_takes_what_it_is_asked(void **state)
{
    static const char *const versions[] = { "7.2", "10.0" };
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        recorded_inventory(&inventory, versions[i]);
        g_autoptr(QmpCommand) ask = measure_command(&inventory, 2 * S);
        g_autoptr(QmpCommand) query = measure_query(&inventory);
        recorded_check_command(versions[i], ask);
        recorded_check_command(versions[i], query);
        assert_int_equal(
            json_object_get_int_member(ask->arguments, "calc-time"),
            i == 0 ? 2 : 2000);
    }
}

/* As real ones answered. */
static const struct {
    const char *what, *reply;
    MeasureState state;
    double seconds, mib;
} replies[] = {
    { "7.2, done",
      "{'status':'measured','sample-pages':16384,'dirty-rate':16,"
      "'mode':'page-sampling','start-time':23516,'calc-time':1}",
      MEASURE_DONE, 1, 16.5 },
    { "10.0, done, and late",
      "{'status':'measured','sample-pages':16384,'dirty-rate':15,"
      "'mode':'page-sampling','calc-time-unit':'millisecond',"
      "'start-time':1795243623,'calc-time':1601}",
      MEASURE_DONE, 1.601, 15.5 * 1.601 },
    { "nothing dirtied",
      "{'status':'measured','sample-pages':512,'dirty-rate':0,"
      "'mode':'page-sampling','start-time':1,'calc-time':1}",
      MEASURE_DONE, 1, 0 },
    { "not yet",
      "{'status':'measuring','sample-pages':512,'mode':'page-sampling',"
      "'start-time':1,'calc-time':1}",
      MEASURE_MEASURING },
    { "never",
      "{'status':'unstarted','sample-pages':0,'mode':'page-sampling',"
      "'start-time':0,'calc-time':0}",
      MEASURE_IDLE },
    { "a word that is newer", "{'status':'resting'}", MEASURE_IDLE },
    { "nothing", "[]", MEASURE_IDLE },
};

static void answers_become_points(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
        g_autofree char *text =
            g_strdelimit(g_strdup(replies[i].reply), "'", '"');
        g_autoptr(JsonNode) reply = json_value(text);
        MeasurePoint point = { 0, 0 };
        check_case(replies[i].what,
                   measure_take(reply, S, &point) == replies[i].state);
        check_case(replies[i].what,
                   fabs(point.seconds - replies[i].seconds) < 1e-6);
        check_case(replies[i].what,
                   fabs(point.bytes / MIB - replies[i].mib) < 1e-6);
    }
}

static void looks_rise_to_the_end(void **state)
{
    int64_t before = 0;
    for (unsigned i = 0; i < MEASURE_LOOKS; i++) {
        assert_true(measure_look_us(4 * S, i) > before);
        before = measure_look_us(4 * S, i);
    }
    assert_int_equal(before, 4 * S);
}

/* Guests whose curve is known, measured for 4 s: what of 8 and 16 s? */
static const struct {
    const char *what;
    Pattern pattern;
    double rate_mib, working_set_mib;
} guests[] = {
    { "round and round, not once", PATTERN_SEQUENTIAL, 10, 1000 },
    { "round and round, once", PATTERN_SEQUENTIAL, 20, 64 },
    { "anywhere in a little", PATTERN_RANDOM, 40, 20 },
    { "anywhere", PATTERN_RANDOM, 20, 64 },
    { "anywhere in a lot", PATTERN_RANDOM, 20, 240 },
    { "hot and cold", PATTERN_HOT_COLD, 40, 200 },
};

static void what_comes_later_is_near(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(guests); i++) {
        g_autoptr(Curve) is =
            curve_of_pattern(guests[i].pattern, guests[i].rate_mib * MIB,
                             guests[i].working_set_mib * MIB);
        g_autoptr(GArray) points =
            g_array_new(FALSE, FALSE, sizeof(MeasurePoint));
        for (unsigned j = 0; j < MEASURE_LOOKS; j++) {
            double seconds = measure_look_us(4 * S, j) / 1e6;
            const MeasurePoint point = { seconds, curve_bytes(is, seconds) };
            g_array_append_val(points, point);
        }
        g_autoptr(Curve) said = measure_curve(points, 1024 * MIB);
        for (double seconds = 0.1; seconds <= 16; seconds *= 1.2) {
            double off = curve_bytes(said, seconds) / curve_bytes(is, seconds);
            double may = seconds <= 8 ? 0.1 : 0.25;
            check_case(guests[i].what, off > 1 - may && off < 1 + may);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_takes_the_time_that_it_is_given),
        cmocka_unit_test(a_qemu_without_the_command_is_not_asked),
        cmocka_unit_test(each_qemu_takes_what_it_is_asked),
        cmocka_unit_test(answers_become_points),
        cmocka_unit_test(looks_rise_to_the_end),
        cmocka_unit_test(what_comes_later_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
