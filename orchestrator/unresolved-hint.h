/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a person can do when qmigrate cannot tell who has the guest.  One table:
 * the run state and migration status of both sides to a hint.  Pure.
 *
 * Whoever follows a hint must never get two guests.
 */
#include <stdbool.h>

#include "caps/side.h"
#include "orchestrator/facts.h"

typedef struct {
    const char *text;
    Side starts; /* where the hint starts the guest; N_SIDES: nowhere */
} UnresolvedHint;

/* @arrived: the guest went on at the destination, in post-copy. */
UnresolvedHint unresolved_hint(const Facts facts[N_SIDES], bool arrived);
