/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A run from its start to its end on a main loop, with progress and Ctrl-C. */
#include "orchestrator/forecast.h"
#include "orchestrator/run.h"
#include "tools/settings.h"

/*
 * Returns when it is over.  With @settings->migration.check_only that is when
 * all was asked.  @forecast: shown again once passes have ended; or NULL.  Free
 * with run_free().
 */
Run *walk_run(const Settings *settings, QmpAddress *const address[N_SIDES],
              Trace *trace, const Forecast *forecast);
