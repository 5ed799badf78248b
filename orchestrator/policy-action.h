/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Steps and actions as a user writes them into a policy file.  What fails, fails
 * in G_OPTION_ERROR_BAD_VALUE with what would have been right.
 */
#include "caps/nearest.h"
#include "caps/units.h"
#include "orchestrator/policy-schedule.h"

/* Sets @error, and is FALSE. */
G_GNUC_PRINTF(2, 3)
gboolean policy_refuse(GError **error, const char *format, ...);

/* "; did you mean 'NAME'?", or "".  Free with g_free(). */
char *policy_did_you_mean(const Nearest *nearest);

gboolean policy_parse_ms(const char *text, uint64_t least_ms, uint64_t most_ms,
                         uint64_t *ret, GError **error);

/* "downtime 150ms", "postcopy"... */
gboolean policy_parse_action(const char *text, ScheduleAction *ret,
                             GError **error);

/* "3: postcopy", where the limit is of this unit. */
gboolean policy_parse_step(const char *text, Unit unit, ScheduleStep *ret,
                           GError **error);

/* The parts of a list, trimmed; behind a ';' at its end there is none. */
GStrv policy_split(const char *value);
