/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Two recorded QEMUs and what is wished of them.  Wishes, plans and findings are
 * written in words, so that a case fits in a line of a table:
 *
 *     +xbzrle -events downtime-limit=1s --multifd=4     wishes
 *     S +multifd; S multifd-channels=4; D +multifd      a plan
 *     error D one-side: TEXT (HINT)                     a finding, on a line;
 *                                                       * is of both or of none
 */
#include "caps/agree.h"
#include "caps/feature.h"

typedef struct {
    CapsInventory inventories[N_SIDES];
    CapsInventory wanted[N_SIDES]; /* of the last agreement */
    CapsRequest request;
    CapsSurroundings surroundings;
    GPtrArray *steps, *findings;
} RecordedPair;

/* Over a socket, with nothing wished for and nothing known around it. */
void recorded_pair_init(RecordedPair *pair, const char *source,
                        const char *destination);
void recorded_pair_clear(RecordedPair *pair);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RecordedPair, recorded_pair_clear)

/* What a person set on @side before, as words of wishes without features. */
void recorded_pair_set(RecordedPair *pair, Side side, const char *words);

void recorded_pair_wish(RecordedPair *pair, const char *words);

/* Agrees anew; what was found in an earlier one is forgotten. */
bool recorded_pair_agree(RecordedPair *pair);

/* Each is to be freed with g_free(). */
char *recorded_plan_to_text(const GPtrArray *steps, bool undo);
char *recorded_findings_to_text(const GPtrArray *findings);
char *recorded_settings_to_text(const CapsInventory *inventory);
