/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The run state of a guest in words, and whether it is the intended one.  Pure:
 * the one table behind the outcome line, the result document and `status`.
 */
#include <stdbool.h>

#include "caps/side.h"

/* What a run state of query-status means to a person: "runs", "is paused",
 * "has panicked"; of a state that is new to us: NULL. */
const char *guest_state_phrase(const char *run_state);

/* The guest runs, or sleeps and can be woken: QEMU itself runs. */
bool guest_state_is_live(const char *run_state);

/* The guest came to a stop by itself; no person stopped it. */
bool guest_state_is_fault(const char *run_state);

/*
 * "the guest is paused on the destination"; "the guest is on the source" where
 * @run_state is NULL or "".  Free with g_free().
 */
char *guest_state_text(const char *run_state, Side side);

/* How to let it go on: an imperative with "cont" or what else is needed at the
 * monitor @address; NULL: it runs, or nothing helps.  Free with g_free(). */
char *guest_state_advice(const char *run_state, const char *address);

/* Is a guest in @now as it should be, which was in @intended before? */
bool guest_state_is_intended(const char *now, const char *intended);
