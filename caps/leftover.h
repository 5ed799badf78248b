/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Settings that another client made before, that nobody asked for now, and that
 * a migration would use without a word.  Settings that break it are the business
 * of caps/rules.h and caps/match.h.  Pure.
 */
#include "caps/finding.h"
#include "caps/inventory.h"

/* Adds a note for each side that has some.  @wishes: of CapsWish. */
void caps_leftovers_note(const CapsInventory inventories[N_SIDES],
                         const CapsInventory wanted[N_SIDES],
                         const GPtrArray *wishes, GPtrArray *findings);
