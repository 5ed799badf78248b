/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The live line on standard error: one that moves on a terminal, one per second
 * elsewhere if it was asked for.  In a switchover it is silent.
 */
#include "orchestrator/forecast.h"
#include "tools/settings.h"

typedef struct {
    gboolean is_quiet, is_shown, is_terminal, is_dirty;
    int64_t last_us;
    guint n_decisions;        /* of the policy, that were told */
    const Forecast *forecast; /* to be told again after passes; NULL: none */
} Progress;

Progress progress_start(const Settings *settings);
/* Also what the preflight warns of, before the migration begins. */
void progress_show(Progress *progress, const Migration *m,
                   gboolean phase_changed);
/* A phrase without numbers: what a lab does before and after. */
void progress_say(Progress *progress, const char *phrase);
/* Wipes the line, before something else is printed. */
void progress_end(Progress *progress);

/* What the line says; pure.  Free with g_free(). */
char *progress_line(const Migration *m);
