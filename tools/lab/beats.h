/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the guest's heartbeats tell somebody who only hears them: how long it
 * stood still, and whether a beat was lost or came twice (the guest was rolled
 * back, or ran in two places).  Pure: arrival times come with the beats.
 */
#include <glib.h>
#include <stdint.h>

#include "caps/side.h"

typedef struct {
    GArray *before;   /* of guint32: gaps in microseconds before the start */
    gboolean started; /* the migration */
    int64_t last_us;  /* arrival; 0: none yet */
    uint64_t next;    /* the number that must come */
    uint64_t n_beats, n_lost, n_repeated;
    int64_t longest_us; /* since the start, over a normal gap: a stall */
    int64_t last_source_us, first_destination_us; /* 0: none yet */
} Beats;

void beats_init(Beats *beats);
void beats_clear(Beats *beats);

/* A beat @number of the QEMU on @side came at @time_us. */
void beats_take(Beats *beats, Side side, uint64_t number, int64_t time_us);

/* From now on gaps are stalls; what was measured before is the jitter. */
void beats_start(Beats *beats);

/* Of what came before the start; -1: too few beats to tell. */
int64_t beats_median_us(const Beats *beats);
int64_t beats_jitter_us(const Beats *beats); /* longest gap minus median */

/* The gap between both QEMUs' beats, less a normal gap; -1: not known. */
int64_t beats_downtime_us(const Beats *beats);
/* The longest gap since the start, less a normal gap; -1: not known. */
int64_t beats_longest_stall_us(const Beats *beats);
