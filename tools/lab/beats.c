/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/beats.h"

#define ENOUGH_BEATS 20

void beats_init(Beats *beats)
{
    *beats = (Beats){ .before = g_array_new(FALSE, FALSE, sizeof(guint32)) };
}

void beats_clear(Beats *beats)
{
    g_clear_pointer(&beats->before, g_array_unref);
}

static void take_gap(Beats *beats, int64_t gap_us)
{
    if (beats->started) {
        beats->longest_us = MAX(beats->longest_us, gap_us);
    } else {
        guint32 gap = CLAMP(gap_us, 0, G_MAXUINT32);
        g_array_append_val(beats->before, gap);
    }
}

void beats_take(Beats *beats, Side side, uint64_t number, int64_t time_us)
{
    if (beats->n_beats > 0 && number < beats->next) {
        beats->n_repeated++;
        return;
    }
    if (beats->n_beats > 0) {
        beats->n_lost += number - beats->next;
        take_gap(beats, time_us - beats->last_us);
    }
    beats->n_beats++;
    beats->next = number + 1;
    beats->last_us = time_us;
    if (side == SIDE_SOURCE) {
        beats->last_source_us = time_us;
    } else if (beats->first_destination_us == 0) {
        beats->first_destination_us = time_us;
    }
}

void beats_start(Beats *beats)
{
    beats->started = TRUE;
}

static gint compare_gaps(gconstpointer a, gconstpointer b)
{
    guint32 x = *(const guint32 *)a;
    guint32 y = *(const guint32 *)b;
    return x < y ? -1 : x > y;
}

/* The @part-th of a hundred of the sorted gaps. */
static int64_t quantile_us(const Beats *beats, guint part)
{
    if (beats->before->len < ENOUGH_BEATS) {
        return -1;
    }
    g_autoptr(GArray) sorted = g_array_copy(beats->before);
    g_array_sort(sorted, compare_gaps);
    return g_array_index(sorted, guint32, (sorted->len - 1) * part / 100);
}

int64_t beats_median_us(const Beats *beats)
{
    return quantile_us(beats, 50);
}

int64_t beats_jitter_us(const Beats *beats)
{
    int64_t median_us = beats_median_us(beats);
    return median_us < 0 ? -1 : quantile_us(beats, 100) - median_us;
}

static int64_t over_median(const Beats *beats, int64_t gap_us)
{
    int64_t median_us = beats_median_us(beats);
    return median_us < 0 ? -1 : MAX(gap_us - median_us, 0);
}

int64_t beats_downtime_us(const Beats *beats)
{
    if (beats->last_source_us == 0 || beats->first_destination_us == 0) {
        return -1;
    }
    return over_median(beats,
                       beats->first_destination_us - beats->last_source_us);
}

int64_t beats_longest_stall_us(const Beats *beats)
{
    return beats->started ? over_median(beats, beats->longest_us) : -1;
}
