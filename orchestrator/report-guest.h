/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where the guest is at the end, in which run state, and the outcome line that
 * says so: the members "guest", "guest_state" and "text" of the result.  Pure.
 * @m is NULL if no migration was attempted.
 */
#include "orchestrator/migration.h"

/* "source", "destination", "split", "none" or "unknown". */
const char *report_guest(Outcome outcome, const Migration *m);

/* The run state of the QEMU that has the guest, which is on @guest; NULL: nobody
 * has it, or it is not known. */
const char *report_guest_state(const char *guest, const Migration *m);

/* One phrase for people; free with g_free(). */
char *report_text(Outcome outcome, const Failure *failure, const char *guest,
                  const Migration *m);
