/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What two QEMUs have to have alike, since QEMU does not compare it and then
 * hangs rather than fails.  Where only their defaults differ it is made to
 * match; where a person set one side it is refused, for only the person knows
 * which of both is meant.  And wishes that do nothing.  Pure.
 */
#include "caps/finding.h"
#include "caps/inventory.h"
#include "caps/rules.h"
#include "caps/wish.h"

/* What does nothing without something else. */
typedef struct {
    const char *name;
    const char *needs; /* settings, as in rules.h */
} CapsEffect;

const CapsEffect *caps_match_effects(size_t *ret_n);

/* Changes @wanted where that is harmless; what was wished for (@wishes, of
 * CapsWish) stays. */
void caps_match_make(CapsInventory wanted[N_SIDES], GPtrArray *wishes,
                     GPtrArray *findings);

/* Adds an error for what differs and was not wished for, a warning where QEMU
 * gets over it. */
void caps_match_check(const CapsInventory wanted[N_SIDES],
                      CapsTransport transport, GPtrArray *wishes,
                      GPtrArray *findings);

/* Adds a warning for each wish that needs another setting to do anything, or an
 * error if it was asked for as a feature. */
void caps_match_check_effects(const CapsInventory wanted[N_SIDES],
                              CapsTransport transport, GPtrArray *wishes,
                              GPtrArray *findings);

/* The settings that @wish needs to do anything and that are not so; for
 * g_strfreev(). */
char **caps_match_lacks(const CapsWish *wish,
                        const CapsInventory inventories[N_SIDES],
                        CapsTransport transport);
