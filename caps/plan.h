/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * From what is set to what shall be set: the commands, in an order in which
 * QEMU never sees a state that it would refuse.  Pure.
 *
 * First what goes off, then the parameters, then what goes on.  What is left
 * after the first step was on before and is on afterwards, so whatever it needs
 * is there in both; the parameters fit it for the same reason.  Undoing goes
 * the same way back.
 */
#include "caps/agree.h"

/* Adds the CapsSteps of one side to @steps. */
void caps_plan(const CapsInventory *now, const CapsInventory *wanted, Side side,
               GPtrArray *steps);
